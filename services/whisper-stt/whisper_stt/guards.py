"""What a decoder writes when it has lost the thread, and how it is noticed."""

import string

from .segments import WITHOUT_SPACES

MAX_COMPRESSION_RATIO = 2.4
MAX_WORDS_PER_S = 8.0
MIN_AVG_LOGPROB = -1.0
MAX_NO_SPEECH_PROB = 0.6
MAX_NGRAM = 6
REPEATS = 3
# Below this length of speech the pace of words says nothing.
MIN_PACED_S = 0.5
# New tokens a second of speech may take: French takes 4 or 5; scripts that Whisper spells byte by byte take more, and get
# them in the full window.
TOKENS_PER_S = 8
FULL_TOKENS_PER_S = 16
FREE_TOKENS = 12
MOST_TOKENS = 224
CAUSES = ("token_cap", "timestamp", "repeat", "compression", "rate", "logprob")
# With these an interim is not worth showing; the other causes may be what was said.
WORTHLESS = frozenset(("token_cap", "timestamp", "compression", "rate"))


def token_cap(duration_s: float, full: bool) -> int:
    """How many tokens so much speech may become."""
    rate = FULL_TOKENS_PER_S if full else TOKENS_PER_S
    return min(MOST_TOKENS, FREE_TOKENS + int(rate * duration_s))


def is_silence(no_speech_prob: float, avg_logprob: float) -> bool:
    """Whether the model says that nobody speaks, and doubts what it wrote: Whisper's own rule."""
    return no_speech_prob > MAX_NO_SPEECH_PROB and avg_logprob < MIN_AVG_LOGPROB


def doubt(text: str, language: str, duration_s: float, avg_logprob: float, compression_ratio: float) -> str | None:
    """Why a text is not believed (one of CAUSES), or None. Speech of `duration_s` seconds."""
    words = [word.strip(string.punctuation + "«»…").casefold() for word in text.split()]
    if _repeats([word for word in words if word]):
        return "repeat"
    if compression_ratio > MAX_COMPRESSION_RATIO:
        return "compression"
    if language not in WITHOUT_SPACES and len(words) > MAX_WORDS_PER_S * max(duration_s, MIN_PACED_S):
        return "rate"
    return "logprob" if avg_logprob < MIN_AVG_LOGPROB else None


def _repeats(words: list[str]) -> bool:
    """Whether one to six words stand three times in a row."""
    for size in range(1, MAX_NGRAM + 1):
        run = 0
        for index in range(size, len(words)):
            run = run + 1 if words[index] == words[index - size] else 0
            if run == (REPEATS - 1) * size:
                return True
    return False
