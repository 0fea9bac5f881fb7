"""Finds the model WHISPER_MODEL means: the demo, a directory, or a hub name downloaded once."""

import json
import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from faster_whisper.utils import _MODELS as HUB_NAMES
from huggingface_hub import HfApi, snapshot_download
from tqdm import tqdm

from .config import DEMO_MODEL_DIR, Config, ConfigError

WANTED = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.json", "vocabulary.txt")
FIXES = "give WHISPER_MODEL a directory that holds a CTranslate2 Whisper model, or use the demo model (WHISPER_MODEL=demo)"


class DownloadError(Exception):
    """The hub did not give the model; the message names the fixes."""


@dataclass(frozen=True)
class ModelCard:
    """What we say about a model. `languages` and `prompts` limit what it may be asked; None = all it declares."""

    id: str
    label: str
    demo: bool = False
    languages: tuple[str, ...] | None = None
    prompts: bool = True


def missing_files(directory: Path) -> list[str]:
    """What a model directory lacks to be loaded without the network."""
    missing = [name for name in ("model.bin", "config.json", "tokenizer.json") if not (directory / name).is_file()]
    return missing if any(directory.glob("vocabulary.*")) else [*missing, "vocabulary.json"]


def locate(config: Config) -> tuple[Path, str | None]:
    """Where the model is or will be, and the hub repository to download when it is not there yet.

    Throws ConfigError for a directory without a model and for an unknown name. Reads the disk only.
    """
    name = config.model
    path = DEMO_MODEL_DIR if name == "demo" else Path(name).expanduser()
    if name == "demo" or path.is_dir() or name.startswith(("/", ".", "~")):
        if not path.is_dir():
            raise ConfigError([f"WHISPER_MODEL={name} is not a directory: {FIXES}."])
        if missing := missing_files(path):
            raise ConfigError([f"WHISPER_MODEL={name} lacks {', '.join(missing)}: {FIXES}."])
        return path.resolve(), None
    repository = HUB_NAMES.get(name) or (name if name.count("/") == 1 else None)
    if repository is None:
        raise ConfigError([f"WHISPER_MODEL={name} is unknown: use one of {', '.join(HUB_NAMES)}, a hub id owner/name, a directory, or demo."])
    target = config.model_dir.resolve() / repository.replace("/", "--")
    return target, None if target.is_dir() and not missing_files(target) else repository


def read_card(directory: Path, name: str) -> ModelCard:
    """The directory's own model-card.json, else a card made of its name."""
    try:
        card = json.loads((directory / "model-card.json").read_text(encoding="utf-8"))
        return ModelCard(card["id"], card["label"], card["demo"], tuple(card["languages"]), card["prompts"])
    except FileNotFoundError:
        short = Path(name).name or name
        return ModelCard(f"whisper-{short.removeprefix('faster-whisper-')}", f"Whisper {short} (faster-whisper)")


def download(repository: str, target: Path) -> None:
    """Downloads a repository next to `target`, checks every size, then renames. A broken download is resumed.

    Writes progress to stderr as JSON lines. Throws DownloadError.
    """
    partial = target.with_name(f".{target.name}.partial")
    try:
        info = HfApi().model_info(repository, files_metadata=True, timeout=15)
        sizes = {file.rfilename: file.size or 0 for file in info.siblings or [] if file.rfilename in WANTED}
        partial.mkdir(parents=True, exist_ok=True)
        total = sum(sizes.values())
        snapshot_download(
            repository, revision=info.sha, local_dir=partial, allow_patterns=list(sizes), tqdm_class=_progress(total)
        )
        short = [name for name, size in sizes.items() if not _has_size(partial / name, size)]
        if short or missing_files(partial):
            raise DownloadError(f"{repository} arrived incomplete ({', '.join(short or missing_files(partial))})")
        shutil.rmtree(partial / ".cache", ignore_errors=True)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(partial, target)
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise DownloadError(f"The speech model {repository} could not be downloaded ({reason}): {FIXES}.") from error


def _has_size(path: Path, size: int) -> bool:
    """Whether the file is there, with the hub's size when the hub gave one."""
    return path.is_file() and (not size or path.stat().st_size == size)


def _progress(total_bytes: int) -> type[tqdm]:
    """A tqdm class that reports bytes on disk as JSON lines on stderr, twice a second at most."""

    class Progress(tqdm):
        """Silent bar; only the byte bars speak, and only the one counting what reached the disk."""

        reported_at = 0.0
        highest = 0.0

        def __init__(self, *args, **kwargs) -> None:
            kwargs.pop("name", None)
            kwargs["disable"] = False
            kwargs["file"] = open(os.devnull, "w", encoding="utf-8")
            super().__init__(*args, **kwargs)

        def display(self, *args, **kwargs) -> None:
            """Draws nothing: whoever reads the JSON lines draws."""

        def update(self, n: float | None = 1) -> bool | None:
            """Counts, and reports when it is time."""
            drawn = super().update(n)
            if self.unit == "B":
                report(self.n)
            return drawn

    def report(done: float) -> None:
        done = Progress.highest = max(Progress.highest, min(done, total_bytes))
        now = time.monotonic()
        if now - Progress.reported_at < 0.5 and done < total_bytes:
            return
        Progress.reported_at = now
        percent = round(100 * done / total_bytes, 1) if total_bytes else 0.0
        line = {"event": "download", "percent": percent, "done_mb": round(done / 1e6, 1), "total_mb": round(total_bytes / 1e6, 1)}
        print(json.dumps(line), file=sys.stderr, flush=True)

    return Progress
