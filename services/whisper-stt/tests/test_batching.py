"""Several sessions in one model call: the words stay the same, the urgent go first, nobody waits for nothing."""

import asyncio
import contextlib
import json
import random
import shutil
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import numpy as np
import pytest
from conftest import SERVICE, Service, metric, problem, say, some_sentences

from whisper_stt import audio
from whisper_stt.batch import OutOfMemory, decode_halving, is_broken
from whisper_stt.config import load_config
from whisper_stt.decoder import CallTimes, Item
from whisper_stt.engine import Engine
from whisper_stt.jobs import Job
from whisper_stt.metrics import Metrics
from whisper_stt.model_store import locate, read_card
from whisper_stt.problem import Problem
from whisper_stt.segments import Options
from whisper_stt.worker import Wish, Worker

DEMO = SERVICE / "demo-model" / "model" / "ct2"
Launch = Callable[..., Service]


def load(model: str = "demo", **settings: str) -> Engine:
    """An engine in this process."""
    config = load_config({"WHISPER_MODEL": model, "WHISPER_THREADS": "1", **settings})
    directory, _ = locate(config)
    return Engine(config, directory, read_card(directory, config.model))


def spoken(text: str, wpm: int = 150) -> np.ndarray:
    """A sentence without the silence around it, as the model gets it."""
    pcm = audio.from_pcm(say(text, wpm).tobytes())
    piece = audio.cut(pcm, 10, find_speech=False)[0]
    return pcm[piece.start : piece.end]


@contextlib.asynccontextmanager
async def working(engine: Engine) -> AsyncIterator[tuple[Worker, Metrics]]:
    """A worker with a model that is warm."""
    metrics = Metrics()
    worker = Worker(lambda: engine, metrics, asyncio.get_running_loop())
    worker.start()
    while worker.engine is None:
        assert worker.failure is None
        await asyncio.sleep(0.01)
    yield worker, metrics
    await asyncio.to_thread(worker.close)


def sample(metrics: Metrics, name: str, **labels: str) -> float:
    """A metric's value, 0 when it has none yet."""
    return metrics.registry.get_sample_value(f"eloquence_whisper_{name}", labels) or 0.0


def whole(pcm: np.ndarray) -> list[audio.Piece]:
    """A recording as one piece."""
    return [audio.Piece(0, len(pcm))]


def test_forty_clips_say_the_same_in_any_company_as_alone() -> None:
    engine = load(WHISPER_WINDOW="5")
    clips = [spoken(text, wpm) for text, wpm in zip(some_sentences(40, 77), [130, 150, 170, 190] * 10, strict=True)]
    items = [Item(clip, "fr", words=True) for clip in clips]
    windows = [engine.windows.choose(item.duration_s) for item in items]
    assert {5, 10} == set(windows)
    alone = [engine.decode([item], window)[0][0] for item, window in zip(items, windows, strict=True)]
    dice = random.Random(5)
    for size in (3, 8):
        for window in (5, 10):
            rows = [index for index, one in enumerate(windows) if one == window]
            dice.shuffle(rows)
            for start in range(0, len(rows), size):
                group = rows[start : start + size]
                together, _ = engine.decode([items[index] for index in group], window)
                for index, one in zip(group, together, strict=True):
                    assert (one.text, one.tokens, one.trip) == (alone[index].text, alone[index].tokens, alone[index].trip)
                    assert one.avg_logprob == pytest.approx(alone[index].avg_logprob, abs=0.02)
                    ends = [(word.word.word, round(word.word.end, 1)) for word in one.words]
                    assert ends == [(word.word.word, round(word.word.end, 1)) for word in alone[index].words]


def test_languages_may_mix_in_a_call_and_are_found_for_those_that_have_none(tmp_path: Path) -> None:
    shutil.copytree(DEMO, tmp_path / "m")
    (tmp_path / "m" / "model-card.json").unlink()
    engine = load(str(tmp_path / "m"))
    clip = spoken("je voudrais prendre rendez-vous demain")
    heard, _ = engine.decode([Item(clip, "fr", words=True), Item(clip, "en", words=True), Item(clip, None, words=True)], 10)
    assert [one.language for one in heard] == ["fr", "en", "fr"]
    assert heard[0].text == heard[2].text == "je voudrais prendre rendez-vous demain"
    assert all([word.word.word for word in one.words] == one.text.split() for one in heard)


def test_what_arrives_during_a_call_is_the_next_one_together() -> None:
    async def scenario() -> None:
        async with working(load()) as (worker, metrics):
            clips = [spoken(text) for text in some_sentences(9, 4)]
            jobs = [worker.submit(clip, whole(clip), Options("fr")) for clip in clips]
            await asyncio.gather(*(job.done for job in jobs))
            calls, pieces = sample(metrics, "decode_seconds_count"), sample(metrics, "batch_size_sum", **{"class": "final"})
            assert pieces == 9
            assert calls <= 3
            for stage in ("wait", "encode", "decode", "align", "total"):
                assert sample(metrics, "stage_seconds_count", stage=stage, **{"class": "final"}) >= calls

    asyncio.run(scenario())


def test_a_final_overtakes_every_waiting_interim_commit_and_file() -> None:
    async def scenario() -> None:
        async with working(load(WHISPER_MAX_BATCH="1")) as (worker, _):
            clip, finished = spoken("oui"), []

            def ask(kind: str) -> Job:
                job = worker.submit(clip, whole(clip), Options("fr"), Wish(kind))
                job.done.add_done_callback(lambda _: finished.append(kind))
                return job

            kinds = ["file", "file", "file", "interim", "commit", "speculative", "final"]
            await asyncio.gather(*(ask(kind).done for kind in kinds))
            assert [kind for kind in finished if kind != "file"] == ["final", "speculative", "commit", "interim"]
            assert finished[-2:] == ["file", "file"]  # the first may have been under way already

    asyncio.run(scenario())


def test_what_would_be_too_late_is_refused_at_once_interims_with_429_finals_with_503() -> None:
    async def scenario() -> None:
        async with working(load()) as (worker, metrics):
            clip = spoken("je voudrais prendre rendez-vous demain")
            jobs = [worker.submit(clip, whole(clip), Options("fr")) for _ in range(40)]
            for kind, status in (("interim", 429), ("final", 503)):
                with pytest.raises(Problem) as refused:
                    worker.submit(clip, whole(clip), Options("fr"), Wish(kind, deadline_s=0.03))
                assert (refused.value.status, refused.value.code) == (status, "overloaded")
                assert 1 <= refused.value.retry_after_s <= 30
                assert sample(metrics, "shed_total", reason="deadline", **{"class": kind}) == 1
            patient = worker.submit(clip, whole(clip), Options("fr"), Wish("final", deadline_s=60))
            await asyncio.gather(patient.done, *(job.done for job in jobs))
            assert patient.segments[0].text == "je voudrais prendre rendez-vous demain"

    asyncio.run(scenario())


def test_a_sessions_new_interim_replaces_its_waiting_one_and_what_nobody_waits_for_is_not_decoded() -> None:
    async def scenario() -> None:
        async with working(load(WHISPER_MAX_BATCH="1")) as (worker, metrics):
            clip = spoken("bonjour")
            running = [worker.submit(clip, whole(clip), Options("fr")) for _ in range(3)]
            old = worker.submit(clip, whole(clip), Options("fr"), Wish("interim", "a"))
            other = worker.submit(clip, whole(clip), Options("fr"), Wish("interim", "b"))
            new = worker.submit(clip, whole(clip), Options("fr"), Wish("interim", "a"))
            left = worker.submit(clip, whole(clip), Options("fr"))
            left.cancelled = True
            with pytest.raises(Problem) as superseded:
                await old.done
            assert (superseded.value.status, superseded.value.code) == (409, "superseded")
            await asyncio.gather(other.done, new.done, *(job.done for job in running))
            assert sample(metrics, "batch_size_sum", **{"class": "interim"}) == 2
            assert sample(metrics, "batch_size_sum", **{"class": "final"}) == 3
            assert sample(metrics, "cancelled_total", **{"class": "final"}) == 1
            assert not left.parts and not left.done.done()

    asyncio.run(scenario())


def test_a_text_no_guard_believes_is_decoded_once_more_in_the_full_thirty_seconds(tmp_path: Path) -> None:
    shutil.copytree(DEMO, tmp_path / "m")
    (tmp_path / "m" / "model-card.json").unlink()
    path = tmp_path / "m" / "preprocessor_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "chunk_length": 30, "n_samples": 480000, "nb_max_frames": 3000}))

    async def scenario() -> None:
        async with working(load(str(tmp_path / "m"))) as (worker, metrics):
            clip = spoken("cent cent cent")
            for kind, windows in (("interim", {"10": 1, "30": 0}), ("final", {"10": 2, "30": 1})):
                job = worker.submit(clip, whole(clip), Options("fr"), Wish(kind))
                await job.done
                assert job.segments[0].text == "cent cent cent"
                assert {window: sample(metrics, "pieces_total", window=window) for window in windows} == windows
            assert sample(metrics, "redecodes_total") == 1
            assert sample(metrics, "trips_total", cause="repeat", window="10") == 2
            assert sample(metrics, "trips_total", cause="repeat", window="30") == 1

    asyncio.run(scenario())


def test_a_stop_refuses_waiting_interims_and_answers_waiting_finals() -> None:
    async def scenario() -> None:
        async with working(load(WHISPER_MAX_BATCH="1")) as (worker, _):
            clip = spoken("merci")
            finals = [worker.submit(clip, whole(clip), Options("fr")) for _ in range(4)]
            interim = worker.submit(clip, whole(clip), Options("fr"), Wish("interim"))
            worker.drain()
            with pytest.raises(Problem) as refused:
                await interim.done
            assert (refused.value.status, refused.value.code) == (503, "shutting_down")
            await asyncio.gather(*(job.done for job in finals))
            assert {job.segments[0].text for job in finals} == {"merci"}

    asyncio.run(scenario())


class Narrow:
    """An engine whose memory holds so many pieces."""

    def __init__(self, room: int) -> None:
        self.room, self.sizes = room, list[int]()

    def decode(self, items: list[Item], window_s: int) -> tuple[list[Item], CallTimes]:
        """The items themselves, or what CTranslate2 throws on a full GPU."""
        self.sizes.append(len(items))
        if len(items) > self.room:
            raise RuntimeError("CUDA failed with error out of memory")
        return items, CallTimes(window_s, len(items))


def test_when_memory_runs_out_the_call_is_halved_and_nothing_is_lost() -> None:
    items = [Item(np.zeros(16_000 + index, np.float32), "fr") for index in range(7)]
    engine = Narrow(room=2)
    heard, calls = decode_halving(engine, items, 10)  # type: ignore[arg-type]
    assert heard == items
    assert engine.sizes == [7, 4, 2, 2, 3, 2, 1]
    assert [call.batch for call in calls] == [2, 2, 2, 1]
    with pytest.raises(OutOfMemory):
        decode_halving(Narrow(room=0), items, 10)  # type: ignore[arg-type]
    assert is_broken(RuntimeError("CUDA failed with error an illegal memory access was encountered"))
    assert not is_broken(RuntimeError("CUDA failed with error out of memory"))
    assert not is_broken(ValueError("odd"))


@pytest.mark.parametrize(
    ("query", "code"),
    [({"class": "urgent"}, "unknown_class"), ({"deadline_ms": "soon"}, "bad_deadline"), ({"deadline_ms": "0"}, "bad_deadline"), ({"session": "x" * 101}, "bad_session")],
)
def test_a_class_deadline_or_session_that_cannot_be_is_refused(service: Service, query: dict[str, str], code: str) -> None:
    said = problem(service.pcm(say("oui"), **query))
    assert (said["status"], said["code"]) == (400, code)


def test_over_http_a_late_interim_is_turned_away_with_429_and_sessions_share_calls(service: Service) -> None:
    pcm = say("je voudrais prendre rendez-vous demain")
    calls, pieces = metric(service, "eloquence_whisper_decode_seconds_count"), metric(service, 'eloquence_whisper_batch_size_sum{class="final"}')
    texts: list[str] = []

    def ask() -> None:
        with httpx.Client() as http:
            url = f"http://127.0.0.1:{service.port}/v1/audio/transcriptions?language=fr&class=final&deadline_ms=60000"
            texts.append(http.post(url, content=pcm.tobytes(), headers={"Content-Type": "audio/pcm"}, timeout=60).json()["text"])

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    end, late = time.monotonic() + 20, None
    while time.monotonic() < end and any(thread.is_alive() for thread in threads):
        late = service.pcm(pcm, **{"class": "interim", "deadline_ms": "1"})
        if late.status_code == 429:
            break
    for thread in threads:
        thread.join()
    assert late is not None and problem(late)["code"] == "overloaded"
    assert texts == ["je voudrais prendre rendez-vous demain"] * 16
    assert metric(service, 'eloquence_whisper_batch_size_sum{class="final"}') - pieces == 16
    assert metric(service, "eloquence_whisper_decode_seconds_count") - calls < 16
