"""How much of Whisper's 30 s window a piece of speech is given.

The encoder's work grows with its window (5 s cost .12-.14 of 30 s, 10 s .25-.30, 15 s .41-.46), and every call of
faster-whisper's `transcribe` pays for 30 s. Stock weights were trained on padded 30 s, though: too short a window makes
them loop or lose words. Hence fixed buckets, a floor, room after the last word, and guards (guards.py) that send what
looks wrong through the full window once. Buckets are fixed so that a text never depends on what it shared a batch with:
there is no padding mask. 1.6 s and 2.56 s must never be among them, CTranslate2 takes those for already encoded sound.
"""

from dataclasses import dataclass

BUCKETS_S = (5, 10, 15, 20, 30)
# Stock weights end their text reliably only with this much silence behind it.
TAIL_S = 2.0
# For models that were shown to do with short windows: adapted ones (ACFT) still need this much, the demo less.
CARD_TAIL_S = 1.5
# Encoder width of `small`; wider ones (medium, large, turbo) are the ones reported to loop in short windows.
SMALL_WIDTH = 768


@dataclass(frozen=True)
class Windows:
    """Which window a model gets. `full_s`: the one it was trained on. Floors: the shortest window, for an interim and for the rest."""

    full_s: int
    floor_s: int
    interim_floor_s: int
    tail_s: float = TAIL_S

    def choose(self, duration_s: float, interim: bool = False) -> int:
        """The first bucket that holds the speech and a tail, at least the floor; else the full window."""
        wanted = max(self.interim_floor_s if interim else self.floor_s, duration_s + self.tail_s)
        return next((bucket for bucket in self.in_use() if bucket >= wanted), self.full_s)

    def in_use(self) -> list[int]:
        """All windows this model may be given, shortest first."""
        low = min(self.floor_s, self.interim_floor_s)
        return [bucket for bucket in BUCKETS_S if low <= bucket < self.full_s] + [self.full_s]

    def without(self, bucket_s: int) -> "Windows":
        """The same where a bucket proved unfit: the floors move above it."""
        above = next(bucket for bucket in [*self.in_use(), self.full_s] if bucket > bucket_s)
        return Windows(self.full_s, max(self.floor_s, above), max(self.interim_floor_s, above), self.tail_s)


def windows_for(setting: str, full_s: int, width: int, on_gpu: bool, card_floor_s: float | None = None) -> Windows:
    """WHISPER_WINDOW (`auto`, `full`, or a floor in seconds) as windows for a model of this width.

    auto: what the model's card says it can take; else 10 s up to `small` and 15 s above it on a processor, and on a GPU
    the full window, where it costs next to nothing, but for interims.
    """
    if setting == "full":
        return Windows(full_s, full_s, full_s)
    if setting != "auto":
        floor = min(int(setting), full_s)
        return Windows(full_s, floor, floor)
    if card_floor_s is not None:
        floor = min(int(card_floor_s), full_s)
        return Windows(full_s, floor, floor, CARD_TAIL_S)
    if on_gpu:
        return Windows(full_s, full_s, min(15, full_s))
    floor = min(10 if width <= SMALL_WIDTH else 15, full_s)
    return Windows(full_s, floor, floor)
