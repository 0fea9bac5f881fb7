"""Starting, reporting, being overloaded, being left, stopping."""

import asyncio
import json
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pytest
from conftest import SERVICE, Service, metric, problem, say, silence, some_sentences, wav, word_errors

Launch = Callable[..., Service]
DEMO = SERVICE / "demo-model" / "model" / "ct2"


def minutes_of_speech(count: int) -> np.ndarray:
    """`count` sentences with pauses."""
    return np.concatenate([part for text in some_sentences(count, 7) for part in (say(text), silence(0.5))])


def test_readiness_names_the_demo_model(service: Service) -> None:
    body = service.http.get("/ready").json()
    assert body["status"] == "ok"
    examples = body["engine"].pop("examples")
    assert set(examples) == {"fr"} and 6 <= len(examples["fr"]) <= 8
    assert body["engine"] == {
        "id": "whisper-demo-fr",
        "label": "demo speech model (370 French words)",
        "label_fr": "modèle vocal de démonstration (370 mots français)",
        "demo": True,
        "languages": ["fr"],
    }
    assert body["capacity"]["calls_at_once"] == 16
    assert body["capacity"]["calls_per_s"] > 1
    assert [check["name"] for check in body["checks"]] == ["model", "worker", "queue"]
    assert all(check["ok"] and check["detail"] for check in body["checks"])
    assert service.http.get("/health").json() == {"status": "ok"}
    names = [model["id"] for model in service.http.get("/v1/models").json()["data"]]
    assert names == ["whisper-demo-fr", "whisper-1"]


def test_requests_are_counted_by_outcome(service: Service) -> None:
    ok = 'eloquence_whisper_request_seconds_count{outcome="ok"}'
    invalid = 'eloquence_whisper_request_seconds_count{outcome="invalid"}'
    before = metric(service, ok), metric(service, invalid), metric(service, "eloquence_whisper_audio_seconds_total")
    service.pcm(silence(2))
    service.pcm(silence(2), language="klingon")
    after = metric(service, ok), metric(service, invalid), metric(service, "eloquence_whisper_audio_seconds_total")
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1, 2]
    assert metric(service, "eloquence_whisper_ready") == 1


def test_with_a_key_set_v1_wants_it_and_the_probes_do_not(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n")
    service = launch(INTERNAL_API_KEY_FILE=str(tmp_path / "key")).until_ready()
    assert problem(service.pcm(silence(1)))["code"] == "unauthorized"
    for wrong in (b"Bearer wrong", b"Bearer wr\xf6ng", b"Basic s3cret", b"s3cret"):
        assert problem(service.http.get("/v1/models", headers=[(b"Authorization", wrong)]))["status"] == 401
    service.http.headers["Authorization"] = "Bearer s3cret"
    assert service.pcm(silence(1)).status_code == 200
    assert httpx.get(f"http://127.0.0.1:{service.port}/metrics").status_code == 200


def test_every_fault_of_the_configuration_is_named_in_one_go(launch: Launch) -> None:
    code, _, err = launch(
        PORT="99999", WHISPER_DEVICE="tpu", WHISPER_THREADS="many", INTERNAL_API_KEY_FILE="/nowhere/key"
    ).outcome()
    assert code == 2
    lines = err.strip().splitlines()
    assert len(lines) == 4
    for name in ("PORT=99999", "WHISPER_DEVICE=tpu", "WHISPER_THREADS=many", "INTERNAL_API_KEY_FILE=/nowhere/key"):
        assert any(name in line for line in lines)


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"WHISPER_MODEL": "/nowhere"}, ["/nowhere", "not a directory", "WHISPER_MODEL=demo"]),
        ({"WHISPER_MODEL": "/tmp"}, ["lacks model.bin", "WHISPER_MODEL=demo"]),
        ({"WHISPER_MODEL": "gigantic"}, ["gigantic", "large-v3-turbo"]),
        ({"WHISPER_COMPUTE_TYPE": "float16", "WHISPER_DEVICE": "cpu"}, ["float16", "auto"]),
    ],
)
def test_what_cannot_be_loaded_ends_the_start_with_its_fix(launch: Launch, env: dict[str, str], words: list[str]) -> None:
    code, _, err = launch(**env).outcome()
    assert code == 2
    assert all(word in err for word in words), err
    assert len(err.strip().splitlines()) == 1


def test_asking_for_a_gpu_that_is_not_there_names_the_fix(launch: Launch) -> None:
    import ctranslate2

    if ctranslate2.get_cuda_device_count():
        pytest.skip("this machine has a GPU")
    code, _, err = launch(WHISPER_DEVICE="cuda").outcome()
    assert code == 2
    assert "no NVIDIA GPU" in err and "WHISPER_DEVICE=auto" in err


def test_damaged_model_files_end_the_start_with_one_line(launch: Launch, tmp_path: Path) -> None:
    shutil.copytree(DEMO, tmp_path / "m")
    (tmp_path / "m" / "model.bin").write_bytes(b"\x06\x00\x00\x00broken")
    code, _, err = launch(WHISPER_MODEL=str(tmp_path / "m")).outcome()
    assert code == 2
    assert "could not be loaded" in err and "WHISPER_MODEL=demo" in err


def test_a_taken_port_is_said(launch: Launch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        code, _, err = launch(PORT=str(holder.getsockname()[1])).outcome()
    assert code == 2
    assert "set PORT" in err


def test_a_model_with_the_usual_window_gets_a_shorter_one_for_short_speech(launch: Launch, tmp_path: Path) -> None:
    shutil.copytree(DEMO, tmp_path / "m")
    (tmp_path / "m" / "model-card.json").unlink()
    path = tmp_path / "m" / "preprocessor_config.json"
    settings = json.loads(path.read_text())
    path.write_text(json.dumps({**settings, "chunk_length": 30, "n_samples": 480000, "nb_max_frames": 3000}))
    service = launch(WHISPER_MODEL=str(tmp_path / "m")).until_ready()
    assert service.http.get("/ready").json()["engine"] == {
        "id": "whisper-m",
        "label": "Whisper m (faster-whisper)",
        "label_fr": "Whisper m (faster-whisper)",
        "demo": False,
    }
    errors = total = 0
    for text in some_sentences(8, seed=11):
        body = service.pcm(say(text), words="true", response_format="verbose_json", language="").json()
        assert body["language"] == "fr"
        assert [word["word"] for word in body["words"]] == body["text"].split()
        errors, total = errors + word_errors(text, body["text"]), total + len(text.split())
    assert errors <= 0.05 * total


def test_a_client_that_leaves_has_its_recording_dropped(service: Service) -> None:
    cancelled = 'eloquence_whisper_request_seconds_count{outcome="cancelled"}'
    before = metric(service, cancelled)
    body = minutes_of_speech(80).tobytes()
    with socket.create_connection(("127.0.0.1", service.port)) as line:
        head = f"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: x\r\nContent-Type: audio/pcm;rate=16000\r\nContent-Length: {len(body)}\r\n\r\n"
        line.sendall(head.encode() + body)
        calls = metric(service, "eloquence_whisper_decode_seconds_count")
        while metric(service, "eloquence_whisper_decode_seconds_count") == calls:
            time.sleep(0.01)
    end = time.monotonic() + 10
    while metric(service, cancelled) == before and time.monotonic() < end:
        time.sleep(0.02)
    assert metric(service, cancelled) == before + 1
    calls = metric(service, "eloquence_whisper_decode_seconds_count")
    assert service.pcm(say("oui")).json()["text"] == "oui"
    assert metric(service, "eloquence_whisper_decode_seconds_count") <= calls + 2


def test_a_short_answer_does_not_wait_for_a_long_recording(service: Service) -> None:
    long = minutes_of_speech(80)
    finished: list[str] = []
    thread = threading.Thread(target=lambda: (service.upload(wav(long)), finished.append("long")))
    thread.start()
    calls = metric(service, "eloquence_whisper_decode_seconds_count")
    while metric(service, "eloquence_whisper_decode_seconds_count") == calls:
        time.sleep(0.01)
    with httpx.Client() as other:
        url = f"http://127.0.0.1:{service.port}/v1/audio/transcriptions?language=fr"
        said = other.post(url, content=say("non").tobytes(), headers={"Content-Type": "audio/pcm"}).json()["text"]
    finished.append(said)
    thread.join()
    assert finished == ["non", "long"]


def test_an_answer_without_a_model_call_does_not_wait_for_the_network(service: Service) -> None:
    spent = []
    for _ in range(15):
        started = time.monotonic()
        service.pcm(silence(0.1))
        spent.append(time.monotonic() - started)
    assert sorted(spent)[7] < 0.03  # 0.044 with Nagle's algorithm waiting for a delayed ACK


def test_a_full_queue_refuses_and_says_when_to_come_back() -> None:
    from whisper_stt import audio
    from whisper_stt.config import load_config
    from whisper_stt.engine import Engine
    from whisper_stt.metrics import Metrics
    from whisper_stt.model_store import locate, read_card
    from whisper_stt.problem import Problem
    from whisper_stt.segments import Options
    from whisper_stt.worker import QUEUE_LIMIT, Worker

    async def overload() -> None:
        config = load_config({"WHISPER_THREADS": "1"})
        directory, _ = locate(config)
        worker = Worker(lambda: Engine(config, directory, read_card(directory, "demo")), Metrics(), asyncio.get_running_loop())
        pcm = audio.from_pcm(say("oui").tobytes())
        pieces = audio.cut(pcm, 10, find_speech=False)
        with pytest.raises(Problem, match="not ready"):
            worker.submit(pcm, pieces, Options("fr"))
        worker.start()
        while worker.engine is None:
            await asyncio.sleep(0.01)
        jobs = []
        with pytest.raises(Problem) as refused:
            for _ in range(QUEUE_LIMIT + 10):
                jobs.append(worker.submit(pcm, pieces, Options("fr")))
        assert (refused.value.code, refused.value.status) == ("overloaded", 503)
        assert 1 <= refused.value.retry_after_s <= 30
        assert refused.value.response().headers["retry-after"]
        assert not all(check["ok"] for check in worker.checks())
        await jobs[0].done
        assert jobs[0].segments[0].text == "oui"
        await asyncio.to_thread(worker.close)
        left = await asyncio.gather(*(job.done for job in jobs[1:]), return_exceptions=True)
        assert any(isinstance(one, Problem) and one.code == "shutting_down" for one in left)
        with pytest.raises(Problem, match="stopping"):
            worker.submit(pcm, pieces, Options("fr"))

    asyncio.run(overload())


def test_sigterm_answers_what_is_queued_and_exits_with_zero(launch: Launch) -> None:
    service = launch().until_ready()
    pcm, answers = say("merci beaucoup"), []

    def ask() -> None:
        answers.append(service.pcm(pcm).json())

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    while metric(service, "eloquence_whisper_queue_length") < 4 and not answers:
        time.sleep(0.005)
    service.process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join()
    code, _, err = service.outcome(timeout_s=15)
    assert (code, err) == (0, "")
    # One that arrived after the signal is told to come again; all others are answered, none is left hanging.
    heard = [answer for answer in answers if answer.get("text") == "merci beaucoup"]
    late = [answer for answer in answers if answer.get("code") == "shutting_down"]
    assert len(heard) >= 4
    assert len(heard) + len(late) == 12


def test_sigterm_during_more_work_than_it_can_finish_refuses_the_rest_and_ends_in_time(launch: Launch) -> None:
    service = launch(WHISPER_THREADS="1").until_ready()
    body = np.tile(minutes_of_speech(40), 6)
    answers: list[httpx.Response] = []
    threads = [threading.Thread(target=lambda: answers.append(service.pcm(body))) for _ in range(6)]
    for thread in threads:
        thread.start()
    while metric(service, "eloquence_whisper_queue_length") < 4:
        time.sleep(0.02)
    started = time.monotonic()
    service.process.send_signal(signal.SIGTERM)
    code, _, _ = service.outcome(timeout_s=20)
    for thread in threads:
        thread.join()
    assert code == 0
    assert time.monotonic() - started < 12
    assert len(answers) == 6
    refused = [answer for answer in answers if answer.status_code != 200]
    assert refused and all(problem(answer)["code"] == "shutting_down" for answer in refused)


def test_spoken_words_stay_out_of_the_log(launch: Launch) -> None:
    service = launch(LOG_LEVEL="trace").until_ready()
    assert service.pcm(say("au revoir")).json()["text"] == "au revoir"
    service.upload(b"not audio")
    service.process.send_signal(signal.SIGTERM)
    code, out, err = service.outcome()
    assert code == 0
    assert "revoir" not in out + err
    assert all(json.loads(line)["service"] == "whisper-stt" for line in out.splitlines())
    assert "ready: demo speech model" in out
