"""Plays a recording as a microphone would, and reports what a client delivers as JSON lines."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

FRAME_MS = 20


def arguments() -> dict[str, Any]:
    """What the test asks for: one JSON object as the only argument."""
    return json.loads(sys.argv[1])


def report(kind: str, **members: Any) -> None:
    """One line for the test, at once."""
    print(json.dumps({"kind": kind, "at": time.monotonic(), **members}, ensure_ascii=False), flush=True)


def samples(path: str) -> bytes:
    """The s16le mono samples in a file."""
    return Path(path).read_bytes()


async def frames(pcm: bytes, rate_hz: int, speed: float = 1.0) -> AsyncIterator[bytes]:
    """Frames of 20 ms, each when it is due."""
    size = rate_hz * FRAME_MS // 1000 * 2
    started = time.monotonic()
    for offset in range(0, len(pcm), size):
        yield pcm[offset : offset + size]
        due = (offset + size) / (rate_hz * 2) / speed
        await asyncio.sleep(max(0.0, due - (time.monotonic() - started)))


async def restarted(asked: dict[str, Any]) -> None:
    """Between two recordings: tells the test, and waits until it has restarted the gateway and made the file `gate`."""
    if asked.get("gate"):
        report("waiting")
        await until(Path(asked["gate"]).exists, 60, "the restart")


async def until(condition: Any, seconds: float, what: str) -> None:
    """Waits until the condition holds. Raises TimeoutError naming what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        await asyncio.sleep(0.02)
