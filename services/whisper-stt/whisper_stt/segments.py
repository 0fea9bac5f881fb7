"""What a request asks for and what it gets: options, words, segments. All times in seconds."""

from dataclasses import dataclass, field

WITHOUT_SPACES = frozenset(("zh", "ja", "th", "lo", "my", "yue"))
SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！")
# A segment is a subtitle: it ends with a sentence, at a pause, or when it is as long as two lines can be read.
PAUSE_S = 0.6
MAX_SEGMENT_S = 7.0


@dataclass(frozen=True)
class Options:
    """What a request asks for. `language` None = detect. `timestamps`: segment times wanted, not just the text."""

    language: str | None = None
    prompt: str | None = None
    temperature: float = 0.0
    words: bool = False
    timestamps: bool = False


@dataclass(frozen=True)
class Word:
    """One word; times in seconds from the start of the recording."""

    word: str
    start: float
    end: float
    probability: float


@dataclass
class Segment:
    """A stretch of text; times in seconds from the start of the recording."""

    start: float
    end: float
    text: str
    tokens: list[int]
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    temperature: float
    words: list[Word] = field(default_factory=list)


@dataclass(frozen=True)
class SpokenWord:
    """A written word with the tokens it was decoded from; times from the start of the piece."""

    word: Word
    tokens: tuple[int, ...]


@dataclass(frozen=True)
class Heard:
    """What one model call made of one piece. `trip`: the guard that does not believe it, see guards.py."""

    text: str
    tokens: list[int]
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    temperature: float
    language: str
    words: list[SpokenWord]
    trip: str | None


def written_words(aligned: list[dict], language: str) -> list[SpokenWord]:
    """Aligned word parts -> words as they are written.

    faster-whisper takes "rendez-vous" and "d'accord" for two words: what does not begin with a space goes on.
    """
    words: list[SpokenWord] = []
    for part in aligned:
        text, start, end, probability = part["word"], float(part["start"]), float(part["end"]), float(part["probability"])
        tokens = tuple(part["tokens"])
        if not text.strip():
            continue
        if words and not text.startswith(" ") and language not in WITHOUT_SPACES:
            last = words[-1].word
            merged = Word(last.word + text.strip(), last.start, end, min(last.probability, probability))
            words[-1] = SpokenWord(merged, words[-1].tokens + tokens)
        else:
            words.append(SpokenWord(Word(text.strip(), start, end, probability), tokens))
    return words


def segments_of(heard: Heard, offset_s: float, duration_s: float) -> list[Segment]:
    """A piece's text as segments, at their place in the recording; none when nothing was heard.

    With word times it is cut into readable segments; without, it is one, as long as the piece. `offset_s` is where
    the piece begins; times stay inside it and never run backwards.
    """
    if not heard.text:
        return []
    groups = _subtitles(heard.words)
    if not groups:
        return [_segment(heard, heard.text, heard.tokens, [Word("", offset_s, offset_s + duration_s, 0.0)])]
    clock = 0.0

    def place(time_s: float) -> float:
        nonlocal clock
        clock = max(clock, min(time_s, duration_s))
        return round(offset_s + clock, 3)

    segments = []
    space = "" if heard.language in WITHOUT_SPACES else " "
    for group in groups:
        words = [Word(one.word.word, place(one.word.start), place(one.word.end), round(one.word.probability, 4)) for one in group]
        text = heard.text if len(groups) == 1 else space.join(word.word for word in words)
        segment = _segment(heard, text, [token for one in group for token in one.tokens], words)
        segment.words = words
        segments.append(segment)
    return segments


def _segment(heard: Heard, text: str, tokens: list[int], spans: list[Word]) -> Segment:
    """A segment from the first span's start to the last one's end; what the decoder says of itself holds for the piece."""
    return Segment(
        round(spans[0].start, 3), round(spans[-1].end, 3), text, tokens,
        heard.avg_logprob, heard.no_speech_prob, heard.compression_ratio, heard.temperature,
    )  # fmt: skip


def _subtitles(words: list[SpokenWord]) -> list[list[SpokenWord]]:
    """Words grouped into segments."""
    groups: list[list[SpokenWord]] = []
    for one in words:
        if groups and not _ends(groups[-1], one.word):
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _ends(group: list[SpokenWord], following: Word) -> bool:
    """Whether a segment is complete before the word that follows."""
    last = group[-1].word
    return (
        last.word.endswith(SENTENCE_ENDS)
        or following.start - last.end >= PAUSE_S
        or following.end - group[0].word.start > MAX_SEGMENT_S
    )
