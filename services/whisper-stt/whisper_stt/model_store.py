"""Finds the model WHISPER_MODEL means: the demo, a directory, or a hub name downloaded once."""

import hashlib
import json
import logging
import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from faster_whisper.utils import _MODELS as HUB_NAMES
from huggingface_hub import HfApi, hf_hub_url
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import build_hf_headers
from tqdm import tqdm

from .config import DEMO_MODEL_DIR, Config, ConfigError

WANTED = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.json", "vocabulary.txt")
FIXES = "give WHISPER_MODEL a directory that holds a CTranslate2 Whisper model, or use the demo model (WHISPER_MODEL=demo)"


class DownloadError(Exception):
    """The hub did not give the model; the message names the fixes."""


@dataclass(frozen=True)
class ModelCard:
    """What we say about a model. `languages` and `prompts` limit what it may be asked; None = all it declares.

    `label_fr` is the label in French. `examples`: per language, sentences a person may say to a demo.
    `window_floor_s`: the shortest window it was shown to understand; None = as stock models, see windows.py.
    """

    id: str
    label: str
    label_fr: str
    demo: bool = False
    languages: tuple[str, ...] | None = None
    prompts: bool = True
    examples: dict[str, list[str]] | None = None
    window_floor_s: float | None = None


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
        return ModelCard(
            card["id"], card["label"], card["label_fr"], card["demo"], tuple(card["languages"]), card["prompts"],
            card["examples"], card.get("window_floor_s"),
        )  # fmt: skip
    except FileNotFoundError:
        short = Path(name).name or name
        label = f"Whisper {short} (faster-whisper)"
        return ModelCard(f"whisper-{short.removeprefix('faster-whisper-')}", label, label)


def download(repository: str, target: Path) -> None:
    """Downloads a repository next to `target`, checks it, then renames. A download that broke off is resumed.

    Writes progress to stderr as JSON lines. Throws DownloadError.
    """
    # Not snapshot_download: since huggingface_hub 2 it throws away what had arrived when the process ends.
    logging.getLogger("huggingface_hub").handlers.clear()  # its warnings go to our log, not twice to stderr
    partial = target.with_name(f".{target.name}.partial")
    try:
        info = HfApi().model_info(repository, files_metadata=True, timeout=15)
        files = [file for file in info.siblings or [] if file.rfilename in WANTED]
        partial.mkdir(parents=True, exist_ok=True)
        progress = _progress_class(sum(file.size or 0 for file in files))
        for file in sorted(files, key=lambda file: file.size or 0):
            url = hf_hub_url(repository, file.rfilename, revision=info.sha)
            _fetch(url, partial / file.rfilename, file.size, file.lfs.sha256 if file.lfs else None, progress)
        if missing := missing_files(partial):
            raise ValueError(f"it is no CTranslate2 Whisper model, {', '.join(missing)} missing")
        shutil.rmtree(target, ignore_errors=True)
        os.replace(partial, target)
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise DownloadError(f"The speech model {repository} could not be downloaded ({reason}): {FIXES}.") from error


def _fetch(url: str, path: Path, size: int | None, sha256: str | None, progress: type[tqdm]) -> None:
    """Fetches one file, from where an earlier attempt stopped. Throws ValueError when it is not what the hub announced."""
    if path.is_file() and path.stat().st_size == size:
        progress(total=size, initial=size, unit="B").update(0)
        return
    part = path.with_name(path.name + ".part")
    with part.open("ab") as file:
        http_get(url, file, resume_size=file.tell(), expected_size=size, headers=build_hf_headers(), tqdm_class=progress)
    with part.open("rb") as file:
        if sha256 and hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            part.unlink()
            raise ValueError(f"{path.name} arrived damaged, start again")
    os.replace(part, path)


def _progress_class(total_bytes: int) -> type[tqdm]:
    """A tqdm class for files fetched one after the other; it draws nothing and reports all of them together.

    JSON lines on stderr, twice a second at most, and one at the end.
    """
    done_bytes, reported_at = 0.0, 0.0

    def report(more_bytes: float) -> None:
        nonlocal done_bytes, reported_at
        done_bytes += more_bytes
        now = time.monotonic()
        if not total_bytes or (now - reported_at < 0.5 and done_bytes < total_bytes):
            return
        reported_at = now
        percent = round(min(100.0, 100 * done_bytes / total_bytes), 1)
        line = {"event": "download", "percent": percent, "done_mb": round(done_bytes / 1e6, 1), "total_mb": round(total_bytes / 1e6, 1)}
        print(json.dumps(line), file=sys.stderr, flush=True)

    class Progress(tqdm):
        """Silent bar."""

        def __init__(self, *args, **kwargs) -> None:
            kwargs.pop("name", None)
            super().__init__(*args, **{**kwargs, "disable": True})
            report(kwargs.get("initial") or 0)

        def update(self, n: float | None = 1) -> None:
            """Counts."""
            report(n or 0)

    return Progress
