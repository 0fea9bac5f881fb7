"""Getting a named model, from a hub that answers, breaks off, or is not there."""

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import SERVICE, Service, say

DEMO = SERVICE / "demo-model" / "model" / "ct2"
SHA = "0123456789abcdef0123456789abcdef01234567"
Launch = Callable[..., Service]


class Hub(ThreadingHTTPServer):
    """The little of Hugging Face's hub that a download touches, serving the demo model's files under any name."""

    daemon_threads = True
    padding = b""
    break_off_at: int | None = None
    sent_from: list[int]
    sha256: str | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answers(BaseHTTPRequestHandler):
    """One connection to the hub."""

    server: Hub

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_HEAD(self) -> None:
        self._file(with_body=False)

    def do_GET(self) -> None:
        if not self.path.startswith("/api/"):
            return self._file(with_body=True)
        names = [path.name for path in DEMO.iterdir() if path.name != "model-card.json"]
        rows = [{"rfilename": name, "size": len(self._bytes(name))} for name in names]
        for row in rows:
            if row["rfilename"] == "model.bin":
                row["lfs"] = {"size": row["size"], "sha256": self.server.sha256 or hashlib.sha256(self._bytes("model.bin")).hexdigest(), "pointerSize": 1}
        whole = {"id": "Systran/faster-whisper-small", "sha": SHA, "siblings": rows}
        body = json.dumps(whole).encode()
        self._head(200, {"Content-Type": "application/json", "Content-Length": str(len(body))})
        self.wfile.write(body)
        return None

    def _file(self, with_body: bool) -> None:
        """A file, from the asked byte on; model.bin breaks off where the test wants it to."""
        data = self._bytes(self.path.rsplit("/", 1)[1])
        asked = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        head = {"ETag": f'"{len(data)}"', "X-Repo-Commit": SHA, "Content-Length": str(len(data) - start)}
        if asked:
            head["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self._head(206 if asked else 200, head)
        if not with_body:
            return
        end = len(data)
        if self.path.endswith("model.bin"):
            self.server.sent_from.append(start)
            end = self.server.break_off_at or end
        self.wfile.write(data[start:end])
        self.close_connection = True

    def _bytes(self, name: str) -> bytes:
        """A file's content; model.bin may be made longer than the demo's, the loader stops where the model ends."""
        return (DEMO / name).read_bytes() + (self.server.padding if name == "model.bin" else b"")

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A hub on a loopback port."""
    server = Hub(("127.0.0.1", 0), Answers)
    server.sent_from = []
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_without_the_hub_the_start_ends_with_three_and_names_both_fixes(launch: Launch, tmp_path: Path) -> None:
    service = launch(WHISPER_MODEL="small", WHISPER_MODEL_DIR=str(tmp_path), HF_ENDPOINT="http://127.0.0.1:9")
    code, _, err = service.outcome()
    assert code == 3
    assert len(err.strip().splitlines()) == 1
    assert "Systran/faster-whisper-small" in err
    assert "give WHISPER_MODEL a directory" in err and "WHISPER_MODEL=demo" in err
    assert not [path for path in tmp_path.iterdir() if not path.name.startswith(".")]


def test_a_download_reports_progress_becomes_ready_and_is_used_again(launch: Launch, hub: Hub, tmp_path: Path) -> None:
    env = {"WHISPER_MODEL": "small", "WHISPER_MODEL_DIR": str(tmp_path), "HF_ENDPOINT": hub.url}
    service = launch(**env).until_ready()
    label = "Whisper small (faster-whisper)"
    assert service.http.get("/ready").json()["engine"] == {"id": "whisper-small", "label": label, "label_fr": label, "demo": False}
    assert service.pcm(say("merci")).json()["text"] == "merci"
    service.process.terminate()
    code, _, err = service.outcome()
    assert code == 0
    lines = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert all(set(line) == {"event", "percent", "done_mb", "total_mb"} and line["event"] == "download" for line in lines)
    assert lines[-1]["percent"] == 100
    assert [path.name for path in tmp_path.iterdir()] == ["Systran--faster-whisper-small"]
    again = launch(**{**env, "HF_ENDPOINT": "http://127.0.0.1:9"}).until_ready()
    assert again.pcm(say("merci")).json()["text"] == "merci"


def test_a_download_that_broke_off_is_resumed_at_the_next_start(launch: Launch, hub: Hub, tmp_path: Path) -> None:
    env = {"WHISPER_MODEL": "small", "WHISPER_MODEL_DIR": str(tmp_path), "HF_ENDPOINT": hub.url}
    hub.padding = bytes(22_000_000)
    hub.break_off_at = 15_000_000
    code, _, err = launch(**env).outcome()
    assert code == 3
    assert "WHISPER_MODEL=demo" in err
    assert [path.name for path in tmp_path.iterdir()] == [".Systran--faster-whisper-small.partial"]
    hub.break_off_at = None
    hub.sent_from.clear()
    launch(**env).until_ready()
    assert hub.sent_from == [10 * 1024 * 1024]  # the hub client writes 10 MiB at a time
    assert [path.name for path in tmp_path.iterdir()] == ["Systran--faster-whisper-small"]


def test_a_damaged_download_is_thrown_away(launch: Launch, hub: Hub, tmp_path: Path) -> None:
    env = {"WHISPER_MODEL": "small", "WHISPER_MODEL_DIR": str(tmp_path), "HF_ENDPOINT": hub.url}
    hub.sha256 = "0" * 64
    code, _, err = launch(**env).outcome()
    assert code == 3
    assert "model.bin arrived damaged" in err
    hub.sha256 = None
    launch(**env).until_ready()


def test_health_answers_and_ready_says_loading_while_a_download_runs(launch: Launch, hub: Hub, tmp_path: Path) -> None:
    gate = threading.Event()
    finish = hub.finish_request
    hub.finish_request = lambda *args: (gate.wait(30), finish(*args))
    service = launch(WHISPER_MODEL="small", WHISPER_MODEL_DIR=str(tmp_path), HF_ENDPOINT=hub.url)
    try:
        service.http = type(service.http)(base_url=service.http.base_url, timeout=10, transport=_patient())
        assert service.http.get("/health").json() == {"status": "ok"}
        answer = service.http.get("/ready")
        assert answer.status_code == 503
        assert answer.json()["checks"][0] == {"name": "model", "ok": False, "detail": "the model is being loaded"}
        refused = service.pcm(say("oui"))
        assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (503, "not_ready", "5")
    finally:
        gate.set()
    service.until_ready()


def _patient():
    """A transport that tries again while the service is not listening yet."""
    import httpx

    return httpx.HTTPTransport(retries=8)
