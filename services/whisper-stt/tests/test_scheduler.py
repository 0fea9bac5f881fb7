"""What the model does next, and with what."""

import asyncio
import math

import numpy as np

from whisper_stt.audio import Piece
from whisper_stt.decoder import CallTimes
from whisper_stt.jobs import Job, Task
from whisper_stt.scheduler import OLDEST_EVERY, Scheduler, retry_after_s
from whisper_stt.segments import Options
from whisper_stt.time_model import TimeModel

PCM = np.zeros(16_000 * 30, np.float32)
NOW = 1000.0


def measured(encode_s: float = 0.1, step_s: float = 0.01) -> TimeModel:
    """Times of a processor: so long for each item, and for each decoder step."""
    times = TimeModel()
    for batch in (1, 2, 4, 8):
        times.measured(CallTimes(10, batch, encode_s * batch, step_s * 10, 0.0, 10, 1.0))
    return times


def task(order: int, kind: str = "final", **more: object) -> Task:
    """A piece of one second."""
    job = Job(PCM, [Piece(0, 16_000)] * 50, Options("fr"), asyncio.Future(loop=LOOP), kind, **{k: v for k, v in more.items() if k in ("session", "deadline", "prompt")})
    return Task(job, int(more.get("index", 0)), int(more.get("window_s", 10)), order, bool(more.get("retry", False)))


LOOP = asyncio.new_event_loop()


def orders(batch: list[Task]) -> list[int]:
    """Which pieces these are."""
    return [one.order for one in batch]


def queue(*tasks: Task, max_batch: int = 4, device: str = "cpu", times: TimeModel | None = None) -> Scheduler:
    """A queue with these in it."""
    one = Scheduler(times or measured(), device, max_batch)
    one.add(tasks)
    return one


def test_classes_go_by_urgency_and_pieces_of_a_class_by_turn_deadline_and_arrival() -> None:
    waiting = queue(
        task(0, "file"), task(1, "interim"), task(2, "commit"), task(3, "speculative"), task(4, index=1),
        task(5), task(6, deadline=NOW + 9), task(7, retry=True, index=9), max_batch=1,
    )  # fmt: skip
    assert [orders(waiting.next_batch(NOW))[0] for _ in range(7)] == [7, 6, 5, 4, 3, 2, 1]


def test_a_call_takes_what_has_the_same_window_and_prompt_length_up_to_its_limit() -> None:
    waiting = queue(
        task(0), task(1, window_s=15), task(2, prompt=(1, 2)), *(task(order) for order in range(3, 9)), max_batch=4
    )
    assert orders(waiting.next_batch(NOW)) == [0, 3, 4, 5]
    assert orders(waiting.next_batch(NOW)) == [1]
    assert orders(waiting.next_batch(NOW)) == [2]
    assert orders(waiting.next_batch(NOW)) == [6, 7, 8]
    assert waiting.next_batch(NOW) == []


def test_a_call_does_not_grow_past_its_first_pieces_deadline() -> None:
    alone_s = measured().predict_s(10, 1, 1.0)
    waiting = queue(task(0, deadline=NOW + alone_s + 0.15), task(1), task(2), task(3))
    assert orders(waiting.next_batch(NOW)) == [0, 1]


def test_less_urgent_pieces_ride_along_only_where_that_costs_next_to_nothing() -> None:
    assert orders(queue(task(0), task(1, "interim")).next_batch(NOW)) == [0]
    gpu = measured(encode_s=0.001, step_s=0.002)
    assert orders(queue(task(0), task(1, "interim"), device="cuda", times=gpu).next_batch(NOW)) == [0, 1]


def test_interims_are_done_in_short_calls_because_a_final_may_come() -> None:
    waiting = queue(*(task(order, "interim") for order in range(8)), max_batch=8, times=measured(encode_s=0.12))
    batch = waiting.next_batch(NOW)
    assert 1 < len(batch) < 8
    assert measured(encode_s=0.12).predict_s(10, len(batch), 1.0) <= 0.4


def test_the_piece_that_has_waited_longest_has_its_turn_whatever_its_class() -> None:
    waiting = queue(task(0, "file"), *(task(order) for order in range(1, 20)), max_batch=1)
    assert [orders(waiting.next_batch(NOW))[0] for _ in range(OLDEST_EVERY)] == [1, 2, 3, 4, 5, 6, 7, 0]


def test_a_new_interim_or_a_final_makes_the_sessions_waiting_interim_pointless() -> None:
    old, other, final = task(0, "interim", session="a"), task(1, "interim", session="b"), task(2, session="a")
    waiting = queue(old, other, final)
    assert waiting.superseded_by("interim", "a") == [old.job]
    assert waiting.superseded_by("final", "a") == [old.job]
    assert waiting.superseded_by("commit", "a") == waiting.superseded_by("interim", None) == []
    waiting.remove([old.job])
    assert len(waiting) == 2


def test_the_wait_counts_what_goes_before_and_grows_with_it() -> None:
    waiting = queue(*(task(order) for order in range(8)), *(task(order, "file") for order in range(8, 40)))
    one_call_s = measured().predict_s(10, 4, 1.0)
    assert math.isclose(waiting.wait_s(0), 2 * one_call_s)
    assert math.isclose(waiting.wait_s(4), 10 * one_call_s)
    assert [retry_after_s(wait_s) for wait_s in (0.0, 2.1, 99.0)] == [1, 3, 30]


def test_the_time_model_follows_what_is_measured_and_knows_that_windows_and_batches_cost() -> None:
    times = measured()
    assert times.predict_s(10, 1, 1.0) < times.predict_s(10, 4, 1.0) < times.predict_s(30, 4, 1.0)
    assert times.predict_s(10, 1, 1.0) < times.predict_s(10, 1, 9.0)
    before = times.predict_s(10, 1, 1.0)
    for _ in range(30):
        times.measured(CallTimes(10, 1, 1.0, 0.1, 0.0, 10, 1.0))
    assert times.predict_s(10, 1, 1.0) > before + 0.8
