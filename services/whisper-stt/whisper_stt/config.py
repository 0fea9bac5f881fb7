"""Reads the environment once into a frozen `Config`; nothing else reads `os.environ`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DEMO_MODEL_DIR = Path(__file__).resolve().parent.parent / "demo-model" / "model" / "ct2"
DEVICES = ("auto", "cpu", "cuda")
COMPUTE_TYPES = (
    "auto", "int8", "int8_float32", "int8_float16", "int8_bfloat16", "int16", "float16", "bfloat16", "float32",
)
WINDOWS = ("auto", "full", "5", "10", "15", "20")
LOG_LEVELS = ("trace", "debug", "info", "warn", "error", "fatal", "silent")


class ConfigError(Exception):
    """The service cannot start as configured. `faults`: one sentence each, naming the fix."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Config:
    """Everything the process was told. `model`: see `model_store`; `threads`, `max_batch` 0 = as suits the model.

    `window`: auto, full, or the shortest window in seconds; see windows.py.
    """

    bind_address: str
    port: int
    model: str
    model_dir: Path
    device: str
    compute_type: str
    threads: int
    window: str
    max_batch: int
    log_level: str
    internal_api_key: str | None = field(repr=False)


def available_cores() -> int:
    """Cores this process may use: its CPU set, or the container's quota when that is smaller."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        if quota != "max":
            cores = min(cores, max(1, int(quota) // int(period)))
    except (OSError, ValueError):
        pass
    return cores


class _Reader:
    """Takes values out of an environment and collects what is wrong with them."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.faults: list[str] = []

    def text(self, name: str, default: str) -> str:
        """Value of NAME, else the contents of the file NAME_FILE, else the default. Empty counts as unset."""
        value = self.env.get(name, "").strip()
        path = self.env.get(f"{name}_FILE", "").strip()
        if value or not path:
            return value or default
        try:
            return Path(path).read_text(encoding="utf-8").strip() or default
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            self.faults.append(f"{name}_FILE={path} cannot be read ({reason}): name a readable file or unset it.")
            return default

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """Whole number within low..high."""
        raw = self.text(name, str(default))
        if raw.isascii() and raw.isdigit() and low <= int(raw) <= high:
            return int(raw)
        self.faults.append(f"{name}={raw} is not a whole number from {low} to {high}: correct it or unset it ({default}).")
        return default

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        """One of `allowed`, in lower case."""
        value = self.text(name, default).lower()
        if value in allowed:
            return value
        self.faults.append(f"{name}={value} is unknown: use one of {', '.join(allowed)}.")
        return default


def load_config(env: Mapping[str, str]) -> Config:
    """Parses the environment. Throws ConfigError listing every fault at once."""
    read = _Reader(env)
    config = Config(
        bind_address=read.text("BIND_ADDRESS", "127.0.0.1"),
        port=read.number("PORT", 8003, 0, 65535),
        model=read.text("WHISPER_MODEL", "demo"),
        model_dir=Path(read.text("WHISPER_MODEL_DIR", ".eloquence/models")).expanduser(),
        device=read.choice("WHISPER_DEVICE", "auto", DEVICES),
        compute_type=read.choice("WHISPER_COMPUTE_TYPE", "auto", COMPUTE_TYPES),
        threads=read.number("WHISPER_THREADS", 0, 0, 256),
        window=read.choice("WHISPER_WINDOW", "auto", WINDOWS),
        max_batch=read.number("WHISPER_MAX_BATCH", 0, 0, 64),
        log_level=read.choice("LOG_LEVEL", "info", LOG_LEVELS),
        internal_api_key=read.text("INTERNAL_API_KEY", "") or None,
    )
    if read.faults:
        raise ConfigError(read.faults)
    return config
