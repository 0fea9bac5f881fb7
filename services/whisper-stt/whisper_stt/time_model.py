"""How long the next model call will take, from how long the others took."""

from .decoder import CallTimes

# How much of a new measurement goes into an average.
SMOOTHING = 0.2
# Tokens of text a second of speech gives, until measured.
TOKENS_PER_S = 4.0
BATCH_STEPS = (1, 2, 4, 8, 16, 32)
# Before anything was measured.
FIRST_GUESS_S = 0.2


class TimeModel:
    """Averages by window and batch size. The warm-up fills it, every call keeps it up. One writer, readers may be late."""

    def __init__(self) -> None:
        self._encode_s: dict[int, float] = {}
        self._step_s: dict[int, float] = {}
        self._align_s = 0.0
        self._tokens_per_s = TOKENS_PER_S

    def measured(self, call: CallTimes) -> None:
        """Takes in a call."""
        _smooth(self._encode_s, call.window_s, call.encode_s / call.batch)
        _smooth(self._step_s, _rounded(call.batch), call.decode_s / max(1, call.steps))
        self._align_s += SMOOTHING * (call.align_s / call.batch - self._align_s)
        if call.speech_s > 1:
            self._tokens_per_s += SMOOTHING * (call.steps / call.speech_s - self._tokens_per_s)

    def predict_s(self, window_s: int, batch: int, speech_s: float) -> float:
        """Seconds for a batch whose longest speech lasts `speech_s`."""
        if not self._encode_s or not self._step_s:
            return FIRST_GUESS_S * batch
        # A window not seen yet: the encoder's work grows a little faster than its length.
        near = min(self._encode_s, key=lambda seen: abs(seen - window_s))
        encode_s = self._encode_s[near] * window_s / near
        step_near = min(self._step_s, key=lambda seen: abs(seen - batch))
        # Steps of larger batches cost more, but less than in proportion.
        step_s = self._step_s[step_near] * max(1.0, batch / step_near) ** 0.5
        return batch * (encode_s + self._align_s) + step_s * (2 + self._tokens_per_s * speech_s)


def _smooth(averages: dict[int, float], key: int, value: float) -> None:
    """Moves an average towards a new value."""
    averages[key] = value if key not in averages else averages[key] + SMOOTHING * (value - averages[key])


def _rounded(batch: int) -> int:
    """The largest step not above a batch size."""
    return max(step for step in BATCH_STEPS if step <= batch)
