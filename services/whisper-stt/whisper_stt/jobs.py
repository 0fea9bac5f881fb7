"""What waits for the model: recordings (`Job`) and their pieces (`Task`)."""

import asyncio
import math
import time
from dataclasses import dataclass, field

import numpy as np

from .audio import SAMPLE_RATE_HZ, Piece
from .problem import Problem
from .segments import Options, Segment

# What a text is for, most urgent first: a speaker has finished; has perhaps finished; goes on (a forced cut); is shown
# what was said so far; a recording nobody waits for word by word.
KINDS = ("final", "speculative", "commit", "interim", "file")
RANK = {kind: rank for rank, kind in enumerate(KINDS)}


@dataclass(eq=False)
class Job:
    """A recording to transcribe. `cancelled` is set when nobody waits for it any more.

    `deadline`: monotonic seconds after which the answer is no use. `session`: whose newer interim replaces this one.
    `prompt`: token ids. `parts`: the segments of each piece, as they come.
    """

    pcm: np.ndarray
    pieces: list[Piece]
    options: Options
    done: asyncio.Future[None]
    kind: str = "final"
    session: str | None = None
    deadline: float = math.inf
    prompt: tuple[int, ...] = ()
    language: str | None = None
    parts: dict[int, list[Segment]] = field(default_factory=dict)
    cancelled: bool = False

    @property
    def segments(self) -> list[Segment]:
        """Everything heard so far, in order."""
        return [segment for index in sorted(self.parts) for segment in self.parts[index]]


@dataclass(eq=False)
class Task:
    """One piece of a job, for one model call. `retry`: a guard sent it through the full window."""

    job: Job
    index: int
    window_s: int
    order: int
    retry: bool = False
    queued_at: float = field(default_factory=time.monotonic)

    @property
    def pcm(self) -> np.ndarray:
        """Its sound."""
        piece = self.job.pieces[self.index]
        return self.job.pcm[piece.start : piece.end]

    @property
    def speech_s(self) -> float:
        """Its length."""
        piece = self.job.pieces[self.index]
        return (piece.end - piece.start) / SAMPLE_RATE_HZ

    @property
    def key(self) -> tuple[int, int, float]:
        """What must be equal in a batch. Languages may differ, they are one token of the prompt."""
        return self.window_s, len(self.job.prompt), self.job.options.temperature

    @property
    def rank(self) -> int:
        """Urgency of its class; a second try has waited once already."""
        return 0 if self.retry else RANK[self.job.kind]

    @property
    def urgency(self) -> tuple[int, int, float, int]:
        """Order in the queue: class, then turn (a long file's pieces let others' first pieces pass), deadline, arrival."""
        return self.rank, -1 if self.retry else self.index, self.job.deadline, self.order


def overloaded(kind: str, detail: str, retry_after_s: int) -> Problem:
    """The refusal of a job: 429 for what the next one replaces anyway, 503 for speech that would be lost."""
    status = 429 if kind in ("interim", "speculative") else 503
    return Problem(status, "overloaded", detail, retry_after_s=retry_after_s)
