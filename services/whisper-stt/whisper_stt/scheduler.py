"""Which pieces the model does next, together. Pure bookkeeping: no thread, no clock of its own."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable

from .jobs import RANK, Job, Task
from .time_model import TimeModel

# A call cannot be interrupted, so a final may have to wait for a batch of interims: seconds it may take.
INTERIM_BATCH_S = {"cpu": 0.4, "cuda": 0.15}
# Less urgent pieces ride along while the call takes at most this much longer for them.
RIDE_ALONG = 1.25
# Every so many calls the piece that has waited longest goes first, whatever its class: none starves.
OLDEST_EVERY = 8


class Scheduler:
    """The waiting pieces. Not thread-safe: the worker holds its lock."""

    def __init__(self, times: TimeModel, device: str, max_batch: int) -> None:
        """`max_batch`: pieces a call may take."""
        self.max_batch = max_batch
        self._times = times
        self._interim_s = INTERIM_BATCH_S[device]
        self._waiting: list[Task] = []
        self._calls = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def jobs(self) -> list[Job]:
        """Jobs with pieces that wait."""
        return list(dict.fromkeys(task.job for task in self._waiting))

    def add(self, tasks: Iterable[Task]) -> None:
        """Queues pieces."""
        self._waiting.extend(tasks)

    def remove(self, jobs: Iterable[Job]) -> None:
        """Forgets everything of these jobs."""
        gone = set(jobs)
        self._waiting = [task for task in self._waiting if task.job not in gone]

    def superseded_by(self, kind: str, session: str | None) -> list[Job]:
        """Queued interims of a session that a new job of it makes pointless."""
        if session is None or kind not in ("interim", "final"):
            return []
        return [job for job in self.jobs() if job.session == session and job.kind == "interim"]

    def next_batch(self, now: float) -> list[Task]:
        """Takes out the most urgent piece and those that fit a call with it; empty when nothing waits."""
        if not self._waiting:
            return []
        self._calls += 1
        if self._calls % OLDEST_EVERY == 0:
            head = min(self._waiting, key=lambda task: task.order)
        else:
            head = min(self._waiting, key=lambda task: task.urgency)
        batch = [head]
        for task in sorted(self._waiting, key=lambda task: task.urgency):
            if len(batch) >= self.max_batch:
                break
            if task is not head and task.key == head.key and self._fits(batch, task, now):
                batch.append(task)
        taken = set(batch)
        self._waiting = [task for task in self._waiting if task not in taken]
        return batch

    def _fits(self, batch: list[Task], task: Task, now: float) -> bool:
        """Whether one more piece keeps the head's promise and, where it is less urgent, does not hold the head up."""
        head = batch[0]
        predicted = self._predict([*batch, task])
        if now + predicted > head.job.deadline:
            return False
        if head.job.kind == "interim" and not head.retry:
            return predicted <= self._interim_s
        if task.rank <= head.rank:
            return True
        urgent = [one for one in batch if one.rank <= head.rank]
        return predicted <= RIDE_ALONG * self._predict(urgent)

    def wait_s(self, rank: int) -> float:
        """Predicted seconds of work that goes before a new job of this rank."""
        groups: dict[tuple, list[Task]] = defaultdict(list)
        for task in self._waiting:
            if task.rank <= rank:
                groups[task.key].append(task)
        total = 0.0
        for (window_s, *_), tasks in groups.items():
            longest = max(task.speech_s for task in tasks)
            whole, rest = divmod(len(tasks), self.max_batch)
            total += whole * self._times.predict_s(window_s, self.max_batch, longest)
            total += self._times.predict_s(window_s, rest, longest) if rest else 0.0
        return total

    def expected_s(self, kind: str, tasks: list[Task]) -> float:
        """Predicted seconds until a new job of these pieces is answered, the running call left out."""
        own = sum(self._times.predict_s(task.window_s, 1, task.speech_s) for task in tasks)
        return self.wait_s(RANK[kind]) + own

    def _predict(self, batch: list[Task]) -> float:
        return self._times.predict_s(batch[0].window_s, len(batch), max(task.speech_s for task in batch))

    def predict_s(self, batch: list[Task]) -> float:
        """Predicted seconds of a batch."""
        return self._predict(batch)

    def counts(self) -> Counter[str]:
        """Waiting pieces by class."""
        return Counter(task.job.kind for task in self._waiting)


def retry_after_s(wait_s: float) -> int:
    """Whole seconds a client is told to wait, 1..30."""
    return max(1, min(30, math.ceil(wait_s)))
