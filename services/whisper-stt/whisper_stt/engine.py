"""The speech model: loads it, chooses windows, tries it out. Used by one thread at a time."""

import logging
import time
import wave
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import _LANGUAGE_CODES

from .audio import cut, from_pcm
from .config import Config, ConfigError, available_cores
from .decoder import CallTimes, Decoder, Item
from .model_store import FIXES, ModelCard
from .segments import Heard
from .time_model import TimeModel
from .windows import SMALL_WIDTH, windows_for

LANGUAGES = frozenset(_LANGUAGE_CODES)
WARM_UP_CLIP = Path(__file__).with_name("warm-up.wav")
FULL_WINDOW_S = 30
# A start may be held up so long by trying out large batches; single pieces are always tried in every window.
WARM_UP_S = 10.0
# An utterance of everyday length, for what is said of capacity.
USUAL_SPEECH_S = 3.0
log = logging.getLogger("whisper_stt")


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


@dataclass(frozen=True)
class _Batches:
    """How many pieces a call takes unless WHISPER_MAX_BATCH says so: more gain little and hold the first one up."""

    cpu: int = 4
    cpu_narrow: int = 8
    gpu: int = 8
    gpu_narrow: int = 16


class Engine:
    """A loaded model. `window_s` is the longest speech one call takes; `languages` what it may be asked for."""

    def __init__(self, config: Config, directory: Path, card: ModelCard) -> None:
        """Loads the model. Throws ConfigError when the directory's files do not belong together."""
        self.device, compute = choose_device(config)
        self.card = card
        # The demo is so small that a second thread costs more (31-45 ms a call) than it helps (27-30 ms with one).
        threads = config.threads or (1 if card.demo else available_cores())
        try:
            self.model = WhisperModel(str(directory), device=self.device, compute_type=compute, cpu_threads=threads)
        except (RuntimeError, ValueError) as error:
            raise ConfigError([f"WHISPER_MODEL={config.model} could not be loaded ({error}): {FIXES}."]) from error
        extractor = self.model.feature_extractor
        if extractor.mel_filters.shape[0] != self.model.model.n_mels:
            raise ConfigError([f"WHISPER_MODEL={config.model} needs {self.model.model.n_mels} mel bands but its preprocessor_config.json is missing or another model's: download the model whole."])
        self.window_s = min(extractor.chunk_length, FULL_WINDOW_S)
        self.languages = frozenset(card.languages or self.model.supported_languages)
        self.decoder = Decoder(self.model, self.languages, self.window_s)
        self.times = TimeModel()
        width = self._width()
        on_gpu = self.device == "cuda"
        self.windows = windows_for(config.window, self.window_s, width, on_gpu, card.window_floor_s)
        narrow, sizes = width < SMALL_WIDTH, _Batches()
        self.max_batch = config.max_batch or (
            (sizes.gpu_narrow if narrow else sizes.gpu) if on_gpu else (sizes.cpu_narrow if narrow else sizes.cpu)
        )
        self._about = f"{self.device} {compute}, {threads} threads"

    @property
    def description(self) -> str:
        """How it runs, for /ready and the log."""
        windows = "/".join(str(window) for window in self.windows.in_use())
        return f"{self._about}, windows of {windows} s, batches of up to {self.max_batch}"

    @property
    def only_language(self) -> str | None:
        """The language of a model that knows just one, which then needs no detection."""
        return next(iter(self.languages)) if len(self.languages) == 1 else None

    def prompt_tokens(self, prompt: str | None) -> tuple[int, ...]:
        """What the model is told of a prompt; nothing where its card says that it never saw one."""
        return self.decoder.prompt_tokens(prompt) if self.card.prompts else ()

    def window_for(self, duration_s: float, interim: bool, language: str | None) -> int:
        """The window for a piece of speech. A language is found in the window the model learned to find it in."""
        if language is None and self.only_language is None:
            return self.window_s
        return self.windows.choose(duration_s, interim)

    def capacity(self) -> dict[str, float]:
        """What a caller may count on: calls worth sending at once (a batch, and the next), utterances per second then."""
        window_s = self.window_for(USUAL_SPEECH_S, False, self.only_language or "fr")
        batches = (1, self.max_batch)
        per_s = max(batch / self.times.predict_s(window_s, batch, USUAL_SPEECH_S) for batch in batches)
        return {"calls_at_once": 2 * self.max_batch, "calls_per_s": round(per_s, 2)}

    def decode(self, items: list[Item], window_s: int) -> tuple[list[Heard], CallTimes]:
        """One model call for pieces of one window, prompt length and temperature. Blocks; keeps up the time model."""
        heard, times = self.decoder.decode(items, window_s)
        self.times.measured(times)
        return heard, times

    def warm_up(self) -> str:
        """Transcribes the built-in clip in every window, words and all, after cutting it as an upload is cut (loads Silero).

        A shorter window in which the clip is not understood is given up. Returns the text of the full one; throws
        RuntimeError when there is none.
        """
        started = time.monotonic()
        with wave.open(str(WARM_UP_CLIP)) as clip:
            pcm = from_pcm(clip.readframes(clip.getnframes()))
        cut(pcm, self.window_s, find_speech=True)
        item = Item(pcm, "fr" if "fr" in self.languages else min(self.languages), words=True)
        self.decoder.decode([item], self.window_s)
        text = self._try(item, self.window_s, 1)
        if text is None:
            raise RuntimeError("the warm-up clip came out empty")
        for window_s in self.windows.in_use()[:-1]:
            if self._try(item, window_s, 1) is None:
                log.warning("windows of %d s are not used: this model does not understand the built-in clip in them", window_s)
                self.windows = self.windows.without(window_s)
        for window_s in self.windows.in_use():
            if self.max_batch > 1 and time.monotonic() - started < WARM_UP_S:
                self._try(item, window_s, self.max_batch)
        return text

    def _try(self, item: Item, window_s: int, batch: int) -> str | None:
        """Decodes copies of the clip, on a GPU (whose first call of a size is slow) once more; None when it is not understood."""
        if self.device == "cuda":
            self.decoder.decode([item] * batch, window_s)
        heard, _ = self.decode([item] * batch, window_s)
        return heard[0].text if heard[0].text and not heard[0].trip else None

    def _width(self) -> int:
        """Width of the encoder's output."""
        silence = np.zeros((self.model.model.n_mels, 500), np.float32)
        return self.model.encode(silence).shape[2]
