"""The one thread that owns the model, and the bounded queue in front of it."""

import asyncio
import itertools
import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .audio import SAMPLE_RATE_HZ, Piece
from .batch import OutOfMemory, decode_halving, is_broken
from .decoder import Item
from .engine import Engine
from .guards import WORTHLESS
from .jobs import RANK, Job, Task, overloaded
from .metrics import Metrics
from .problem import Problem
from .scheduler import Scheduler, retry_after_s
from .segments import Heard, Options, segments_of

QUEUE_LIMIT = 64
STUCK_AFTER_S = 60.0
# After memory ran out smaller batches are made for so long.
CAUTIOUS_S = 300.0
log = logging.getLogger("whisper_stt")


@dataclass(frozen=True)
class Wish:
    """How a job is to be queued. `deadline_s`: seconds from now after which its answer is no use; see jobs.py."""

    kind: str = "final"
    session: str | None = None
    deadline_s: float = math.inf


class Worker:
    """Loads the model in its own thread, then decodes.

    The thread never waits for a batch to fill: it takes the most urgent piece and what fits a call with it, and what
    arrives meanwhile is the next batch. Drop policy: a new job is refused when QUEUE_LIMIT jobs wait or when it would be
    answered after its deadline; a new interim of a session replaces the old one. Close order: drain() refuses new jobs
    and waiting interims, the other waiting ones are answered, close() refuses what is left and ends the thread.
    """

    def __init__(self, load: Callable[[], Engine], metrics: Metrics, loop: asyncio.AbstractEventLoop) -> None:
        """`load` runs in the thread; what it throws ends up in `failure`, as does what breaks the model later."""
        self.engine: Engine | None = None
        self.failure: BaseException | None = None
        self.stage = "the model is being loaded"
        self._load = load
        self._metrics = metrics
        self._loop = loop
        self._queue: Scheduler | None = None
        self._wake = threading.Condition()
        self._order = itertools.count()
        self._draining = False
        self._closed = False
        self._busy_since: float | None = None
        self._busy_until = 0.0
        self._cautious_until = 0.0
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)

    def start(self) -> None:
        """Starts loading."""
        self._thread.start()

    def submit(self, pcm: np.ndarray, pieces: list[Piece], options: Options, wish: Wish = Wish()) -> Job:
        """Queues a recording; await `job.done`. Throws Problem 503 when not ready, full or stopping, 429 for interims."""
        engine, now = self.engine, time.monotonic()
        prompt = engine.prompt_tokens(options.prompt) if engine else ()
        language = options.language or (engine.only_language if engine else None)
        job = Job(pcm, pieces, options, self._loop.create_future(), wish.kind, wish.session, now + wish.deadline_s, prompt, language)
        with self._wake:
            queue = self._open_queue()
            replaced = queue.superseded_by(job.kind, job.session)
            queue.remove(replaced)
            self._admit(queue, job, now)
            queue.add(self._tasks(job))
            self._wake.notify()
        for old in replaced:
            self._shed(old, "superseded", Problem(409, "superseded", "A newer request of the same session took this one's place."))
        self._count_waiting()
        return job

    def checks(self) -> list[dict[str, object]]:
        """What readiness looks at: model loaded and warm, thread alive, room in the queue."""
        busy = self._busy_since
        turning = self._thread.is_alive() and (busy is None or time.monotonic() - busy < STUCK_AFTER_S)
        waiting = self._waiting_jobs()
        return [
            {"name": "model", "ok": self.engine is not None, "detail": self.stage},
            {"name": "worker", "ok": turning and not self._draining, "detail": "stopping" if self._draining else "turning" if turning else "stuck"},
            {"name": "queue", "ok": waiting < QUEUE_LIMIT, "detail": f"{waiting} of {QUEUE_LIMIT} waiting"},
        ]

    def drain(self) -> None:
        """Refuses new jobs from now on, and waiting interims; the other waiting ones are still answered."""
        with self._wake:
            self._draining = True
            interims = [job for job in self._queue.jobs() if job.kind == "interim"] if self._queue else []
            if self._queue:
                self._queue.remove(interims)
        for job in interims:
            self._finish(job, _stopping("The speech service is stopping: send the request again in a moment."))

    def close(self, timeout_s: float = 2.0) -> None:
        """Refuses what still waits and ends the thread, after the call it is at."""
        self.drain()
        with self._wake:
            self._closed = True
            left = self._queue.jobs() if self._queue else []
            if self._queue:
                self._queue.remove(left)
            self._wake.notify()
        for job in left:
            self._finish(job, _stopping("The speech service stopped before it got to this recording: send it again."))
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _open_queue(self) -> Scheduler:
        """The queue. Throws Problem 503 where nothing may be added. Holds the lock."""
        if self._draining:
            raise _stopping("The speech service is stopping: send the request again in a moment.")
        if self.engine is None or self._queue is None:
            raise Problem(503, "not_ready", f"The speech service is not ready: {self.stage}.", retry_after_s=5)
        return self._queue

    def _admit(self, queue: Scheduler, job: Job, now: float) -> None:
        """Throws Problem when there is no room, or no hope of an answer in time. Holds the lock."""
        running_s = max(0.0, self._busy_until - now) if self._busy_since else 0.0
        if len(queue.jobs()) >= QUEUE_LIMIT:
            self._metrics.shed.labels(job.kind, "queue_full").inc()
            wait_s = running_s + queue.wait_s(max(RANK.values()))
            raise overloaded(job.kind, "Too many recordings are waiting: send the request again later.", retry_after_s(wait_s))
        if math.isinf(job.deadline):
            return
        late_s = now + running_s + queue.expected_s(job.kind, self._tasks(job)) - job.deadline
        if late_s > 0:
            self._metrics.shed.labels(job.kind, "deadline").inc()
            raise overloaded(job.kind, "The answer would come too late: send the request again later, or allow more time.", retry_after_s(late_s))

    def _tasks(self, job: Job, start: int = 0) -> list[Task]:
        """Pieces to queue: all from `start`, or only the first while the language has to be found."""
        engine = self.engine
        assert engine is not None
        last = len(job.pieces) if job.language else 1
        tasks = []
        for index in range(start, last):
            seconds = (job.pieces[index].end - job.pieces[index].start) / SAMPLE_RATE_HZ
            window_s = engine.window_for(seconds, job.kind == "interim", job.language)
            tasks.append(Task(job, index, window_s, next(self._order)))
        return tasks

    def _run(self) -> None:
        """Thread body: load, then one batch at a time until closed."""
        try:
            engine = self._load()
            self.stage = "the model is being tried out"
            engine.warm_up()
        except BaseException as error:
            self.failure = error
            self.stage = "the model could not be loaded"
            return
        self.stage = f"loaded and warm ({engine.description})"
        self._queue = Scheduler(engine.times, engine.device, engine.max_batch)
        self.engine = engine
        while batch := self._next():
            try:
                self._turn(engine, batch)
            except Exception as error:
                self._fail(batch, error)
                if is_broken(error):
                    self.failure = error
                    self.stage = "the GPU failed"
                    return

    def _next(self) -> list[Task]:
        """Waits for work; empty when closed. Drops what nobody waits for, or waits for any more."""
        queue = self._queue
        assert queue is not None
        while True:
            with self._wake:
                while not len(queue) and not self._closed:
                    self._wake.wait()
                if self._closed:
                    return []
                now = time.monotonic()
                expired = [job for job in queue.jobs() if job.deadline < now and job.kind in ("interim", "speculative")]
                left = [job for job in queue.jobs() if job.cancelled]
                queue.remove([*expired, *left])
                batch = queue.next_batch(now)
                if batch:
                    self._busy_since, self._busy_until = now, now + queue.predict_s(batch)
            for job in expired:
                self._shed(job, "expired", overloaded(job.kind, "The answer came too late: send the next one.", 1))
            for job in left:
                self._metrics.cancelled.labels(job.kind).inc()
            self._count_waiting()
            if batch:
                return batch

    def _turn(self, engine: Engine, batch: list[Task]) -> None:
        """One model call, and what follows from it for each piece."""
        started = time.monotonic()
        window_s = batch[0].window_s
        items = [self._item(engine, task) for task in batch]
        try:
            heard, calls = decode_halving(engine, items, window_s)
        except OutOfMemory as error:
            raise MemoryError("one piece alone does not fit the memory") from error
        finally:
            self._busy_since = None
        if len(calls) > 1:
            self._be_cautious(len(calls), max(call.batch for call in calls))
        elif time.monotonic() > self._cautious_until and self._queue is not None:
            self._queue.max_batch = engine.max_batch
        for call in calls:
            self._metrics.called(batch[0].job.kind, call)
        for task, one in zip(batch, heard, strict=True):
            self._measure(task, started)
            self._take(engine, task, one)

    def _item(self, engine: Engine, task: Task) -> Item:
        """A piece as the decoder wants it."""
        job, options = task.job, task.job.options
        final_try = task.window_s >= engine.window_s or job.kind == "interim"
        return Item(task.pcm, job.language, job.prompt, options.temperature, options.words or options.timestamps, final_try)

    def _take(self, engine: Engine, task: Task, heard: Heard) -> None:
        """Keeps a piece's text, or sends the piece through the full window; queues or ends what comes after it."""
        job = task.job
        if heard.trip:
            self._metrics.trips.labels(heard.trip, str(task.window_s)).inc()
        if job.cancelled:
            self._metrics.cancelled.labels(job.kind).inc()
            return
        if heard.trip and job.kind == "interim" and heard.trip in WORTHLESS:
            job.parts[task.index] = []
        elif heard.trip and job.kind != "interim" and task.window_s < engine.window_s:
            self._metrics.redecodes.inc()
            self._requeue([Task(job, task.index, engine.window_s, next(self._order), retry=True)])
            return
        else:
            piece = job.pieces[task.index]
            job.parts[task.index] = segments_of(heard, piece.start / SAMPLE_RATE_HZ, task.speech_s)
        if job.language is None:
            job.language = heard.language
            self._requeue(self._tasks(job, start=1))
        if len(job.parts) == len(job.pieces):
            self._finish(job, None)

    def _requeue(self, tasks: list[Task]) -> None:
        """Queues what follows from a call; refused when closed meanwhile."""
        with self._wake:
            if not self._closed and self._queue is not None:
                self._queue.add(tasks)
                return
        for task in tasks:
            self._finish(task.job, _stopping("The speech service stopped before the recording's end: send it again."))

    def _fail(self, batch: list[Task], error: Exception) -> None:
        """Answers the jobs of a call that failed. Nothing of what was said is in the log."""
        log.error("a model call failed", exc_info=error)
        jobs = {task.job for task in batch}
        with self._wake:
            if self._queue is not None:
                self._queue.remove(jobs)
        for job in jobs:
            if isinstance(error, MemoryError):
                refusal = Problem(503, "out_of_memory", "The speech model ran out of memory: try again, or give it more, or set WHISPER_MODEL to a smaller one.", retry_after_s=5)
            else:
                refusal = Problem(500, "decode_failed", "The speech model failed on this recording: try again; if it fails again, see the service's log.")
            refusal.__cause__ = error
            self._finish(job, refusal)

    def _be_cautious(self, calls: int, size: int) -> None:
        """Memory ran out: smaller batches for a while."""
        self._metrics.out_of_memory.inc(calls - 1)
        self._cautious_until = time.monotonic() + CAUTIOUS_S
        if self._queue is not None:
            self._queue.max_batch = size
        log.warning("memory ran out: batches of at most %d for %d s", size, CAUTIOUS_S)

    def _measure(self, task: Task, started: float) -> None:
        """How long a piece waited and took, and how much of its window was padding."""
        kind, now = task.job.kind, time.monotonic()
        self._metrics.stage_seconds.labels("wait", kind).observe(started - task.queued_at)
        self._metrics.stage_seconds.labels("total", kind).observe(now - task.queued_at)
        self._metrics.padding_ratio.observe(max(0.0, 1 - task.speech_s / task.window_s))
        self._metrics.pieces.labels(str(task.window_s)).inc()

    def _waiting_jobs(self) -> int:
        with self._wake:
            return len(self._queue.jobs()) if self._queue else 0

    def _count_waiting(self) -> None:
        self._metrics.queue_length.set(self._waiting_jobs())

    def _shed(self, job: Job, reason: str, problem: Problem) -> None:
        """Refuses a job that waited already."""
        self._metrics.shed.labels(job.kind, reason).inc()
        self._finish(job, problem)

    def _finish(self, job: Job, problem: Problem | None) -> None:
        """Tells the waiting request, from any thread."""

        def tell() -> None:
            if job.done.done():
                return
            if problem is None:
                job.done.set_result(None)
            else:
                job.done.set_exception(problem)

        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(tell)


def _stopping(detail: str) -> Problem:
    """The refusal while the process ends."""
    return Problem(503, "shutting_down", detail, retry_after_s=5)
