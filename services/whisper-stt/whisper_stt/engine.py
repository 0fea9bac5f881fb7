"""The speech model: loads it, turns one piece of speech into segments. Used by one thread at a time."""

import wave
from dataclasses import asdict, dataclass, field
from pathlib import Path

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import _LANGUAGE_CODES, Tokenizer
from faster_whisper.transcribe import get_compression_ratio

from .audio import SAMPLE_RATE_HZ, cut, from_pcm
from .config import Config, ConfigError, available_cores
from .model_store import FIXES, ModelCard

LANGUAGES = frozenset(_LANGUAGE_CODES)
WARM_UP_CLIP = Path(__file__).with_name("warm-up.wav")
FULL_WINDOW_S = 30
WITHOUT_SPACES = frozenset(("zh", "ja", "th", "lo", "my", "yue"))


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


def choose_device(config: Config) -> tuple[str, str]:
    """(device, compute type) to load with. Throws ConfigError when what was asked for is not there."""
    gpus = ctranslate2.get_cuda_device_count()
    device = config.device if config.device != "auto" else ("cuda" if gpus else "cpu")
    if device == "cuda" and not gpus:
        raise ConfigError(["WHISPER_DEVICE=cuda but no NVIDIA GPU is visible: install the driver (in a container, pass --gpus all), or set WHISPER_DEVICE=auto."])
    supported = ctranslate2.get_supported_compute_types(device)
    compute = config.compute_type
    if compute == "auto":
        compute = "float16" if device == "cuda" and "float16" in supported else "int8"
    if compute not in supported:
        raise ConfigError([f"WHISPER_COMPUTE_TYPE={compute} does not run on this {device}: use auto or one of {', '.join(sorted(supported))}."])
    return device, compute


class Engine:
    """A loaded model. `window_s` is the longest speech one call takes; `languages` what it may be asked for."""

    def __init__(self, config: Config, directory: Path, card: ModelCard) -> None:
        """Loads the model. Throws ConfigError when the directory's files do not belong together."""
        device, compute = choose_device(config)
        self.card = card
        # The demo is so small that a second thread costs more (31-45 ms a call) than it helps (27-30 ms with one).
        threads = config.threads or (1 if card.demo else available_cores())
        try:
            self.model = WhisperModel(str(directory), device=device, compute_type=compute, cpu_threads=threads)
        except (RuntimeError, ValueError) as error:
            raise ConfigError([f"WHISPER_MODEL={config.model} could not be loaded ({error}): {FIXES}."]) from error
        extractor = self.model.feature_extractor
        if extractor.mel_filters.shape[0] != self.model.model.n_mels:
            raise ConfigError([f"WHISPER_MODEL={config.model} needs {self.model.model.n_mels} mel bands but its preprocessor_config.json is missing or another model's: download the model whole."])
        self.window_s = min(extractor.chunk_length, FULL_WINDOW_S)
        self.languages = frozenset(card.languages or self.model.supported_languages)
        self.description = f"{device} {compute}, {threads} threads"
        self._tokenizers: dict[str, Tokenizer] = {}

    @property
    def only_language(self) -> str | None:
        """The language of a model that knows just one, which then needs no detection."""
        return next(iter(self.languages)) if len(self.languages) == 1 else None

    def warm_up(self) -> str:
        """Transcribes the built-in clip, words and all, after cutting it as an upload is cut (loads Silero).

        Returns its text; throws RuntimeError when there is none.
        """
        with wave.open(str(WARM_UP_CLIP)) as clip:
            pcm = from_pcm(clip.readframes(clip.getnframes()))
        cut(pcm, self.window_s, find_speech=True)
        language = "fr" if "fr" in self.languages else None
        segments, _ = self.decode(pcm, 0.0, Options(language=language, words=True))
        text = " ".join(segment.text for segment in segments)
        if not text:
            raise RuntimeError("the warm-up clip came out empty")
        return text

    def decode(self, pcm: np.ndarray, offset_s: float, options: Options) -> tuple[list[Segment], str]:
        """One piece of speech (float32, 16 kHz, at most `window_s`) -> its segments and language.

        Times are shifted by `offset_s`. Blocks for the length of one model call.
        """
        language = options.language or self.only_language
        prompt = options.prompt if self.card.prompts else None
        if self.window_s < FULL_WINDOW_S:
            segments, language = self._decode_short_window(pcm, language, prompt, options)
        else:
            segments, language = self._decode_stock(pcm, language, prompt, options)
        return [_shift(segment, offset_s, len(pcm) / SAMPLE_RATE_HZ) for segment in segments if segment.text], language

    def _decode_stock(
        self, pcm: np.ndarray, language: str | None, prompt: str | None, options: Options
    ) -> tuple[list[Segment], str]:
        """faster-whisper's own transcribe, for models with Whisper's 30 s window."""
        found, info = self.model.transcribe(
            pcm,
            language=language,
            initial_prompt=prompt,
            beam_size=1,
            temperature=options.temperature,
            condition_on_previous_text=False,
            without_timestamps=not options.timestamps,
            word_timestamps=options.words,
        )
        segments = [
            Segment(
                one.start, one.end, one.text.strip(), list(one.tokens), one.avg_logprob, one.no_speech_prob,
                one.compression_ratio, one.temperature or 0.0,
                _words([asdict(word) for word in one.words or []], info.language),
            )
            for one in found
        ]  # fmt: skip
        return segments, info.language

    def _decode_short_window(
        self, pcm: np.ndarray, language: str | None, prompt: str | None, options: Options
    ) -> tuple[list[Segment], str]:
        """encode + generate over the model's own shorter window: transcribe() would always encode 30 s."""
        samples = self.model.feature_extractor.n_samples
        pcm = pcm[:samples]
        padded = np.pad(pcm, (0, samples - len(pcm)))
        encoded = self.model.encode(self.model.feature_extractor(padded, padding=0)[:, : samples // 160])
        if language is None:
            language = self.model.model.detect_language(encoded)[0][0][0][2:-2]
        tokenizer = self._tokenizer(language)
        previous = tokenizer.encode(" " + prompt.strip()) if prompt else []
        prompt_tokens = self.model.get_prompt(tokenizer, previous, without_timestamps=True)
        duration_s = len(pcm) / SAMPLE_RATE_HZ
        new_tokens = 12 + int(8 * duration_s)
        sampling = {"sampling_topk": 0, "sampling_temperature": options.temperature} if options.temperature else {}
        out = self.model.model.generate(
            encoded,
            [prompt_tokens],
            beam_size=1,
            max_length=min(448, max(2 * new_tokens, new_tokens + len(prompt_tokens))),
            return_scores=True,
            return_no_speech_prob=True,
            **sampling,
        )[0]
        tokens = [token for token in out.sequences_ids[0] if token < tokenizer.eot]
        text = tokenizer.decode(tokens).strip()
        if not text:
            return [], language
        logprob = out.scores[0] * len(tokens) / (len(tokens) + 1)
        segment = Segment(0.0, duration_s, text, tokens, logprob, out.no_speech_prob, get_compression_ratio(text), options.temperature)
        if options.words:
            frames = min(samples, len(pcm)) // 160
            segment.words = _words(self.model.find_alignment(tokenizer, [tokens], encoded, frames)[0], language)
        return [segment], language

    def _tokenizer(self, language: str) -> Tokenizer:
        """The tokenizer for a language, made once."""
        if language not in self._tokenizers:
            self._tokenizers[language] = Tokenizer(
                self.model.hf_tokenizer, self.model.model.is_multilingual, task="transcribe", language=language
            )
        return self._tokenizers[language]


def _words(aligned: list[dict], language: str) -> list[Word]:
    """Aligned word parts -> words as they are written.

    faster-whisper takes "rendez-vous" and "d'accord" for two words: what does not begin with a space goes on.
    """
    words: list[Word] = []
    for part in aligned:
        text, end, probability = part["word"], float(part["end"]), float(part["probability"])
        if not text.strip():
            continue
        if words and not text.startswith(" ") and language not in WITHOUT_SPACES:
            last = words[-1]
            words[-1] = Word(last.word + text.strip(), last.start, end, min(last.probability, probability))
        else:
            words.append(Word(text.strip(), float(part["start"]), end, probability))
    return words


def _shift(segment: Segment, offset_s: float, duration_s: float) -> Segment:
    """Moves a segment to its place in the recording, its times inside the piece and never running backwards."""
    clock = 0.0

    def place(time_s: float) -> float:
        nonlocal clock
        clock = max(clock, min(time_s, duration_s))
        return round(offset_s + clock, 3)

    segment.words = [Word(word.word, place(word.start), place(word.end), round(word.probability, 4)) for word in segment.words]
    clock = 0.0
    segment.start, segment.end = place(segment.start), place(segment.end)
    if segment.words:
        segment.start, segment.end = segment.words[0].start, segment.words[-1].end
    return segment
