"""The one thread that owns the model, and the bounded queue in front of it."""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from .audio import SAMPLE_RATE_HZ, Piece
from .engine import Engine, Options, Segment
from .metrics import Metrics
from .problem import Problem

QUEUE_LIMIT = 64
STUCK_AFTER_S = 60.0
log = logging.getLogger("whisper_stt")


@dataclass
class Job:
    """A recording to transcribe, piece by piece. `cancelled` is set when nobody waits for it any more."""

    pcm: np.ndarray
    pieces: list[Piece]
    options: Options
    done: asyncio.Future[None]
    segments: list[Segment] = field(default_factory=list)
    language: str | None = None
    next_piece: int = 0
    cancelled: bool = False


class Worker:
    """Loads the model in its own thread, then decodes.

    Jobs take turns piece by piece, so a long file delays a short utterance by one call at most. Drop policy: a new
    job is refused when QUEUE_LIMIT jobs wait. Close order: drain() refuses new jobs, the waiting ones are answered,
    close() refuses what is left and ends the thread.
    """

    def __init__(self, load: Callable[[], Engine], metrics: Metrics, loop: asyncio.AbstractEventLoop) -> None:
        """`load` runs in the thread; what it throws ends up in `failure`."""
        self.engine: Engine | None = None
        self.failure: BaseException | None = None
        self.stage = "the model is being loaded"
        self._load = load
        self._metrics = metrics
        self._loop = loop
        self._queue: deque[Job] = deque()
        self._wake = threading.Condition()
        self._draining = False
        self._closed = False
        self._busy_since: float | None = None
        self._piece_s = 0.2
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)

    def start(self) -> None:
        """Starts loading."""
        self._thread.start()

    def submit(self, pcm: np.ndarray, pieces: list[Piece], options: Options) -> Job:
        """Queues a recording; await `job.done`. Throws Problem 503 when not ready, full or stopping."""
        job = Job(pcm, pieces, options, self._loop.create_future(), language=options.language)
        with self._wake:
            if self._draining:
                raise Problem(503, "shutting_down", "The speech service is stopping: send the request again in a moment.", retry_after_s=5)
            if self.engine is None:
                raise Problem(503, "not_ready", f"The speech service is not ready: {self.stage}.", retry_after_s=5)
            if len(self._queue) >= QUEUE_LIMIT:
                raise Problem(503, "overloaded", "Too many recordings are waiting: send the request again later.", retry_after_s=self._backlog_s())
            self._queue.append(job)
            self._wake.notify()
        self._metrics.queue_length.set(len(self._queue))
        return job

    def checks(self) -> list[dict[str, object]]:
        """What readiness looks at: model loaded and warm, thread alive, room in the queue."""
        busy = self._busy_since
        turning = self._thread.is_alive() and (busy is None or time.monotonic() - busy < STUCK_AFTER_S)
        waiting = len(self._queue)
        return [
            {"name": "model", "ok": self.engine is not None, "detail": self.stage},
            {"name": "worker", "ok": turning and not self._draining, "detail": "stopping" if self._draining else "turning" if turning else "stuck"},
            {"name": "queue", "ok": waiting < QUEUE_LIMIT, "detail": f"{waiting} of {QUEUE_LIMIT} waiting"},
        ]

    def drain(self) -> None:
        """Refuses new jobs from now on; the waiting ones are still answered."""
        with self._wake:
            self._draining = True

    def close(self, timeout_s: float = 2.0) -> None:
        """Refuses what still waits and ends the thread, after the piece it is at."""
        self.drain()
        with self._wake:
            self._closed = True
            left = list(self._queue)
            self._queue.clear()
            self._wake.notify()
        stopping = Problem(503, "shutting_down", "The speech service stopped before it got to this recording: send it again.", retry_after_s=5)
        for job in left:
            self._finish(job, stopping)
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _backlog_s(self) -> int:
        """Seconds until the queue is likely to have been worked off, 1..30. Holds the lock."""
        pieces = sum(len(job.pieces) - job.next_piece for job in self._queue)
        return max(1, min(30, round(pieces * self._piece_s)))

    def _run(self) -> None:
        """Thread body: load, then one piece at a time until closed."""
        try:
            engine = self._load()
            self.stage = "the model is being tried out"
            engine.warm_up()
        except BaseException as error:
            self.failure = error
            self.stage = "the model could not be loaded"
            return
        self.stage = f"loaded and warm ({engine.description})"
        self.engine = engine
        while True:
            with self._wake:
                while not self._queue and not self._closed:
                    self._wake.wait()
                if self._closed:
                    return
                job = self._queue.popleft()
            self._metrics.queue_length.set(len(self._queue))
            if not job.cancelled:
                self._turn(engine, job)

    def _turn(self, engine: Engine, job: Job) -> None:
        """Decodes a job's next piece; puts the job back at the end of the queue when more follow."""
        piece = job.pieces[job.next_piece]
        started = self._busy_since = time.monotonic()
        try:
            options = replace(job.options, language=job.language)
            pcm = job.pcm[piece.start : piece.end]
            segments, job.language = engine.decode(pcm, piece.start / SAMPLE_RATE_HZ, options)
        except Exception as error:
            log.exception("a piece could not be decoded")
            refusal = Problem(500, "decode_failed", "The speech model failed on this recording: try again; if it fails again, see the service's log.")
            refusal.__cause__ = error
            self._finish(job, refusal)
            return
        finally:
            self._busy_since = None
        spent = time.monotonic() - started
        self._piece_s += 0.1 * (spent - self._piece_s)
        self._metrics.decode_seconds.observe(spent)
        job.segments.extend(segments)
        job.next_piece += 1
        if job.next_piece == len(job.pieces):
            self._finish(job, None)
            return
        with self._wake:
            closed = self._closed
            if not closed:
                self._queue.append(job)
        if closed:
            self._finish(job, Problem(503, "shutting_down", "The speech service stopped before the recording's end: send it again.", retry_after_s=5))

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
