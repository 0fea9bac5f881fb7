"""A batch of pieces through the model: features, encoder, language, text, guards, word times.

faster-whisper's `transcribe` would encode 30 s for each; these are its own parts over a window of our choice. Greedy and
without timestamp tokens: word times come from the cross-attention (`align`), which costs less and errs less.
"""

import time
from dataclasses import dataclass, field

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_compression_ratio

from .audio import SAMPLE_RATE_HZ
from .guards import doubt, is_silence, token_cap
from .segments import Heard, written_words

HOP = 160
MAX_LENGTH = 448


@dataclass(frozen=True)
class Item:
    """One piece of speech: float32 mono at 16 kHz. `language` None = detect. `prompt`: token ids.

    `final_try`: whatever the guards say, this decode is the answer, so its words get times.
    """

    pcm: np.ndarray
    language: str | None
    prompt: tuple[int, ...] = ()
    temperature: float = 0.0
    words: bool = False
    final_try: bool = True

    @property
    def duration_s(self) -> float:
        """Seconds of speech."""
        return len(self.pcm) / SAMPLE_RATE_HZ


@dataclass
class CallTimes:
    """Seconds that one batch took, by stage. `steps`: decoder steps, the longest item's tokens."""

    window_s: int
    batch: int
    encode_s: float = 0.0
    decode_s: float = 0.0
    align_s: float = 0.0
    steps: int = 0
    speech_s: float = 0.0


@dataclass
class _Text:
    """What generation gave for one item."""

    tokens: list[int] = field(default_factory=list)
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0
    capped: bool = False
    timestamp: bool = False


class Decoder:
    """Runs batches. One thread at a time. `languages`: what the model may be asked for."""

    def __init__(self, model: WhisperModel, languages: frozenset[str], full_s: int) -> None:
        self._whisper = model
        self._model = model.model
        self._languages = languages
        self._full_s = full_s
        self._tokenizers: dict[str, Tokenizer] = {}
        self._on_gpu = model.model.device == "cuda"

    def prompt_tokens(self, prompt: str | None) -> tuple[int, ...]:
        """A prompt's token ids, as many of the last as the model takes; they are the same in every language."""
        if not prompt:
            return ()
        return tuple(self._tokenizer("en" if "en" in self._languages else min(self._languages)).encode(" " + prompt.strip())[-(MAX_LENGTH // 2 - 1) :])

    def decode(self, items: list[Item], window_s: int) -> tuple[list[Heard], CallTimes]:
        """Blocks for one batch. All items must have prompts of one length and one temperature.

        What exceeds the window is cut off. A text never depends on the other items.
        """
        times = CallTimes(window_s, len(items), speech_s=max(item.duration_s for item in items))
        started = time.monotonic()
        encoded = _Encoded(self._whisper, [self._features(item.pcm, window_s) for item in items], self._on_gpu)
        times.encode_s = time.monotonic() - started
        started = time.monotonic()
        languages = self._detect(items, encoded)
        texts = self._generate(items, encoded, languages, window_s)
        times.decode_s = time.monotonic() - started
        times.steps = max(len(text.tokens) for text in texts) + 1
        heard = [self._judge(*one) for one in zip(items, texts, languages, strict=True)]
        started = time.monotonic()
        self._align(items, heard, encoded, window_s)
        times.align_s = time.monotonic() - started
        return heard, times

    def _features(self, pcm: np.ndarray, window_s: int) -> np.ndarray:
        """Log-mel frames of exactly the window: the sound padded with silence, scaled by its own peak as in training."""
        samples = window_s * SAMPLE_RATE_HZ
        padded = np.pad(pcm[:samples], (0, max(0, samples - len(pcm))))
        return self._whisper.feature_extractor(padded, padding=0)[:, : samples // HOP]

    def _detect(self, items: list[Item], encoded: "_Encoded") -> list[str]:
        """Every item's language: as told, or the likeliest of those the model may be asked for."""
        unknown = [index for index, item in enumerate(items) if item.language is None]
        languages = [item.language or "" for item in items]
        if unknown:
            for index, found in zip(unknown, self._model.detect_language(encoded.rows(unknown)), strict=True):
                codes = (token[2:-2] for token, _ in found)
                languages[index] = next(code for code in codes if code in self._languages)
        return languages

    def _generate(self, items: list[Item], encoded: "_Encoded", languages: list[str], window_s: int) -> list[_Text]:
        """Tokens and what the decoder thinks of them."""
        prompts = [
            self._whisper.get_prompt(self._tokenizer(language), list(item.prompt), without_timestamps=True)
            for item, language in zip(items, languages, strict=True)
        ]
        caps = [token_cap(min(item.duration_s, window_s), window_s >= self._full_s) for item in items]
        # CTranslate2 allows min(max_length / 2, max_length - prompt) new tokens.
        length = min(MAX_LENGTH, max(2 * max(caps), max(caps) + len(prompts[0])))
        heat = items[0].temperature
        sampling = {"sampling_topk": 0, "sampling_temperature": heat} if heat else {}
        results = self._model.generate(
            encoded.all(), prompts, beam_size=1, max_length=length,
            return_scores=True, return_no_speech_prob=True, **sampling,
        )  # fmt: skip
        texts = []
        for result, cap in zip(results, caps, strict=True):
            tokens, tokenizer = result.sequences_ids[0], self._tokenizer(languages[0])
            texts.append(
                _Text(
                    [token for token in tokens[:cap] if token < tokenizer.eot],
                    result.scores[0] * len(tokens) / (len(tokens) + 1), result.no_speech_prob,
                    len(tokens) >= cap, any(token >= tokenizer.timestamp_begin for token in tokens),
                )
            )  # fmt: skip
        return texts

    def _judge(self, item: Item, raw: _Text, language: str) -> Heard:
        """The text, and whether it is believed."""
        text = self._tokenizer(language).decode(raw.tokens).strip()
        if is_silence(raw.no_speech_prob, raw.avg_logprob):
            text = ""
        ratio = get_compression_ratio(text) if text else 0.0
        trip = None
        if text:
            trip = "token_cap" if raw.capped else "timestamp" if raw.timestamp else None
            trip = trip or doubt(text, language, item.duration_s, raw.avg_logprob, ratio)
        tokens = raw.tokens if text else []
        return Heard(text, tokens, raw.avg_logprob, raw.no_speech_prob, ratio, item.temperature, language, [], trip)

    def _align(self, items: list[Item], heard: list[Heard], encoded: "_Encoded", window_s: int) -> None:
        """Word times of the texts that stay, one call for each language."""
        wanted = [i for i, one in enumerate(heard) if items[i].words and one.text and (items[i].final_try or not one.trip)]
        for language in {heard[i].language for i in wanted}:
            rows = [i for i in wanted if heard[i].language == language]
            frames = [max(1, min(window_s * SAMPLE_RATE_HZ, len(items[i].pcm)) // HOP) for i in rows]
            tokens = [heard[i].tokens for i in rows]
            found = self._whisper.find_alignment(self._tokenizer(language), tokens, encoded.rows(rows), frames)
            for i, aligned in zip(rows, found, strict=True):
                heard[i].words.extend(written_words(aligned, language))

    def _tokenizer(self, language: str) -> Tokenizer:
        """The tokenizer for a language, made once."""
        if language not in self._tokenizers:
            self._tokenizers[language] = Tokenizer(
                self._whisper.hf_tokenizer, self._model.is_multilingual, task="transcribe", language=language
            )
        return self._tokenizers[language]


class _Encoded:
    """Encoder output of a batch, and any rows of it.

    A processor encodes one item at a time: that is as fast as a batch of them, and from 10 s on faster, because one
    item's numbers fit its cache. A GPU encodes the batch, whose rows cannot be taken out there without encoding again.
    """

    def __init__(self, whisper: WhisperModel, features: list[np.ndarray], on_gpu: bool) -> None:
        self._whisper = whisper
        self._features = features
        self._together = whisper.encode(np.stack(features)) if on_gpu else None
        self._apart = [] if on_gpu else [np.asarray(whisper.encode(one)) for one in features]

    def all(self) -> ctranslate2.StorageView:
        """Every row."""
        return self._joined(range(len(self._apart))) if self._together is None else self._together

    def rows(self, indices: list[int]) -> ctranslate2.StorageView:
        """Some rows, in order."""
        if self._together is None:
            return self._joined(indices)
        if len(indices) == len(self._features):
            return self._together
        return self._whisper.encode(np.stack([self._features[index] for index in indices]))

    def _joined(self, indices: "list[int] | range") -> ctranslate2.StorageView:
        """Rows as one array."""
        return ctranslate2.StorageView.from_array(np.concatenate([self._apart[index] for index in indices]))
