"""What the tests share: spoken sentences made by espeak-ng, and the service as a real process."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import httpx
import numpy as np
import pytest

SERVICE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(SERVICE), str(SERVICE / "demo-model" / "training")]

import sentences  # noqa: E402

RATE = 16_000


@cache
def say(text: str, wpm: int = 150) -> np.ndarray:
    """A French sentence spoken by espeak-ng, s16 mono 16 kHz."""
    shell = f'espeak-ng -v fr-fr -s {wpm} --stdout "$1" | sox -q --ignore-length -t wav - -r {RATE} -b 16 -c 1 -t raw -'
    done = subprocess.run(["bash", "-o", "pipefail", "-c", shell, "say", text], capture_output=True, check=True)
    return np.frombuffer(done.stdout, dtype="<i2")


def some_sentences(count: int, seed: int) -> list[str]:
    """Different sentences of the demo model's grammar."""
    dice, found = random.Random(seed), dict[str, None]()
    while len(found) < count:
        found[sentences.sentence(dice)] = None
    return list(found)


def word_errors(expected: str, heard: str) -> int:
    """Words inserted, lost or replaced."""
    want, got = expected.split(), heard.split()
    row = list(range(len(got) + 1))
    for i, one in enumerate(want, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(got, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (one != other))
    return row[-1]


def silence(seconds: float) -> np.ndarray:
    """Digital silence, s16."""
    return np.zeros(int(seconds * RATE), dtype="<i2")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wav(pcm: np.ndarray) -> bytes:
    """s16 mono 16 kHz as a WAV file."""
    import io
    import wave

    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm.tobytes())
    return out.getvalue()


class Service:
    """`python -m whisper_stt` with an environment of its own."""

    def __init__(self, env: dict[str, str]) -> None:
        self.port = int(env.get("PORT", free_port()))
        base = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR") if key in os.environ}
        full = {**base, "PORT": str(self.port), "LOG_LEVEL": "warn", **env}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "whisper_stt"], cwd=SERVICE, env=full,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        key = env.get("INTERNAL_API_KEY")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60, headers=headers)

    def until_ready(self, deadline_s: float = 60) -> "Service":
        """Waits for /ready, or fails with what the process said."""
        end = time.monotonic() + deadline_s
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"the service ended with {self.process.returncode}: {self.process.communicate()}")
            try:
                if self.http.get("/ready").status_code == 200:
                    return self
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError("the service was not ready in time")

    def pcm(self, samples: np.ndarray, **query: str) -> httpx.Response:
        """The raw way in."""
        query = {"language": "fr", **query}
        return self.http.post(
            "/v1/audio/transcriptions", params=query, content=samples.tobytes(), headers={"Content-Type": "audio/pcm;rate=16000"}
        )

    def upload(self, file: bytes, name: str = "a.wav", **fields: str | list[str]) -> httpx.Response:
        """OpenAI's way in."""
        return self.http.post("/v1/audio/transcriptions", files={"file": (name, file)}, data={"model": "whisper-1", **fields})

    def outcome(self, timeout_s: float = 60) -> tuple[int, str, str]:
        """(exit code, stdout, stderr) once the process has ended by itself."""
        out, err = self.process.communicate(timeout=timeout_s)
        return self.process.returncode, out, err

    def stop(self) -> int:
        """SIGTERM, then the exit code."""
        self.http.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.communicate()
        return self.process.returncode


@pytest.fixture
def launch() -> Iterator[Callable[..., Service]]:
    """Starts services that end with the test."""
    started: list[Service] = []

    def start(**env: str) -> Service:
        started.append(Service(env))
        return started[-1]

    yield start
    for service in started:
        service.stop()


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """One ready service with the demo model for all tests that leave it as it was."""
    one = Service({}).until_ready()
    yield one
    one.stop()


def metric(service: Service, line_start: str) -> float:
    """A sample from /metrics, 0 when absent."""
    for line in service.http.get("/metrics").text.splitlines():
        if line.startswith(line_start):
            return float(line.rsplit(" ", 1)[1])
    return 0.0


def problem(answer: httpx.Response) -> dict[str, object]:
    """A refusal's body, checked for the members every refusal has."""
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    body = json.loads(answer.text)
    assert set(body) >= {"type", "title", "status", "detail", "code", "retryable"}
    assert body["status"] == answer.status_code
    assert body["error"]["message"] == body["detail"]
    return body
