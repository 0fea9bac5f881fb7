"""A Whisper of a real model's shape and cost with random weights, for benchmarks where no weights can be downloaded.

    python bench/whisper/random_model.py small OUTDIR [--tokens 12] [--compute int8]

Run it with whisper-stt's Python (needs ctranslate2 and the demo checkpoint's tokenizer; neither torch nor the network).
OUTDIR is then a model for faster-whisper and for `WHISPER_MODEL=OUTDIR`.

Every matrix has the size of the real model's, so a call costs what the real one costs. Purely random weights would write
garbage up to the token limit; here the embedding of each token of one French sentence points at the next, so the model
"hears" those `--tokens` tokens and stops, whatever the sound (3 tokens are about one second of speech). It hears
nothing: use it for time and memory, never for words.
"""

import argparse
import itertools
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tokenizers
from ctranslate2.converters import utils
from ctranslate2.converters.transformers import _WHISPER_ALIGNMENT_HEADS
from ctranslate2.specs import common_spec, whisper_spec

HF_DIR = Path(__file__).resolve().parents[2] / "services" / "whisper-stt" / "demo-model" / "model" / "hf"
SENTENCE = " je voudrais prendre rendez-vous pour une coupe et un brushing mercredi prochain à quatorze heures merci beaucoup madame"
POSITIONS = 1500
# Weights' standard deviation, as of a freshly initialised Whisper.
STD = 0.02
# How far a token's embedding outweighs what 32 random layers add to it.
SAYS = 1000.0


@dataclass(frozen=True)
class Shape:
    """Layers, width, heads and mel bands of a published model; `heads_of` names its alignment heads."""

    encoder_layers: int
    decoder_layers: int
    width: int
    heads: int
    mels: int
    heads_of: str


SHAPES = {
    "tiny": Shape(4, 4, 384, 6, 80, "openai/whisper-tiny"),
    "base": Shape(6, 6, 512, 8, 80, "openai/whisper-base"),
    "small": Shape(12, 12, 768, 12, 80, "openai/whisper-small"),
    "medium": Shape(24, 24, 1024, 16, 80, "openai/whisper-medium"),
    "large-v3-turbo": Shape(32, 4, 1280, 20, 128, ""),
}
# CTranslate2's table has no entry for turbo; its generation_config.json lists these.
TURBO_HEADS = [(2, 4), (2, 11), (3, 3), (3, 6), (3, 11), (3, 14)]


class _Builder:
    """Fills a specification's layers with random numbers."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._random = np.random.default_rng(1)

    def weights(self, *size: int) -> np.ndarray:
        """Normal float32 numbers of standard deviation STD."""
        numbers = self._random.standard_normal(size, dtype=np.float32)
        numbers *= STD
        return numbers

    def linear(self, spec: common_spec.LinearSpec, outputs: int, inputs: int) -> None:
        """A dense layer with bias."""
        spec.weight, spec.bias = self.weights(outputs, inputs), np.zeros(outputs, np.float32)

    def norm(self, spec: common_spec.LayerNormSpec) -> None:
        """A neutral layer norm."""
        spec.gamma, spec.beta = np.ones(self._shape.width, np.float32), np.zeros(self._shape.width, np.float32)

    def attention(self, spec, is_self: bool) -> None:
        """Query, key, value fused as CTranslate2 wants them, then the output."""
        width = self._shape.width
        parts = [common_spec.LinearSpec() for _ in range(3)]
        for part in parts:
            self.linear(part, width, width)
        groups = [parts] if is_self else [parts[:1], parts[1:]]
        for fused, group in zip(spec.linear, groups, strict=False):
            utils.fuse_linear(fused, group)
        self.linear(spec.linear[-1], width, width)
        self.norm(spec.layer_norm)

    def stack(self, spec, crosses: bool) -> None:
        """All layers of the encoder or, with cross-attention, of the decoder."""
        width = self._shape.width
        for layer in spec.layer:
            self.attention(layer.self_attention, is_self=True)
            if crosses:
                self.attention(layer.attention, is_self=False)
            self.linear(layer.ffn.linear_0, 4 * width, width)
            self.linear(layer.ffn.linear_1, width, 4 * width)
            self.norm(layer.ffn.layer_norm)
        self.norm(spec.layer_norm)

    def encoder(self, spec: whisper_spec.WhisperEncoderSpec) -> None:
        """Two convolutions, positions, layers."""
        width = self._shape.width
        spec.conv1.weight, spec.conv1.bias = self.weights(width, self._shape.mels, 3), np.zeros(width, np.float32)
        spec.conv2.weight, spec.conv2.bias = self.weights(width, width, 3), np.zeros(width, np.float32)
        spec.position_encodings.encodings = self.weights(POSITIONS, width)
        self.stack(spec, crosses=False)

    def decoder(self, spec, vocabulary_size: int, chain: list[int]) -> None:
        """Layers, and embeddings by which each token of `chain` is followed by the next."""
        width = self._shape.width
        spec.position_encodings.encodings = self.weights(448, width)
        rows = self._random.standard_normal((vocabulary_size, width), dtype=np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        embeddings = self.weights(vocabulary_size, width)
        for token, following in itertools.pairwise(chain):
            embeddings[token] = SAYS * rows[following]
        spec.embeddings.weight, spec.projection.weight = embeddings, rows
        self.stack(spec, crosses=True)


def _chain(tokenizer: tokenizers.Tokenizer, count: int) -> list[int]:
    """Ids from <|notimestamps|> over `count` different tokens of the sentence to <|endoftext|>."""
    text = list(dict.fromkeys(tokenizer.encode(SENTENCE, add_special_tokens=False).ids))
    if not 1 <= count <= len(text):
        raise SystemExit(f"--tokens {count}: the sentence has 1 to {len(text)} of them")
    return [tokenizer.token_to_id("<|notimestamps|>"), *text[:count], tokenizer.token_to_id("<|endoftext|>")]


def make(name: str, directory: Path, tokens: int = 12, compute: str = "int8") -> None:
    """Writes the model; seconds to a minute, and four bytes of memory per parameter while it runs."""
    shape = SHAPES[name]
    source = json.loads((HF_DIR / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer = tokenizers.Tokenizer.from_str(json.dumps(source))
    vocabulary = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    # CTranslate2 takes a model for multilingual when the empty token exists; it stands before <|endoftext|> as in Whisper.
    unused = tokenizer.token_to_id("<|endoftext|>") - 1
    vocabulary[unused] = ""
    chain = _chain(tokenizer, tokens)

    spec = whisper_spec.WhisperSpec(shape.encoder_layers, shape.heads, shape.decoder_layers, shape.heads)
    builder = _Builder(shape)
    builder.encoder(spec.encoder)
    builder.decoder(spec.decoder, len(vocabulary), chain)
    # Detection finds French; with timestamps the sentence begins at 0.
    for token, following in (("startoftranscript", "fr"), ("transcribe", "0.00")):
        row = spec.decoder.projection.weight[tokenizer.token_to_id(f"<|{following}|>")]
        spec.decoder.embeddings.weight[tokenizer.token_to_id(f"<|{token}|>")] = SAYS * row
    spec.decoder.embeddings.weight[tokenizer.token_to_id("<|0.00|>")] = SAYS * spec.decoder.projection.weight[chain[1]]
    spec.register_vocabulary(vocabulary)
    spec.config.suppress_ids, spec.config.suppress_ids_begin = [], []
    spec.config.alignment_heads = [list(head) for head in _WHISPER_ALIGNMENT_HEADS.get(shape.heads_of, TURBO_HEADS)]
    languages = json.loads((HF_DIR / "generation_config.json").read_text())["lang_to_id"]
    spec.config.lang_ids = sorted(languages.values())
    spec.validate()
    spec.optimize(quantization=compute)
    directory.mkdir(parents=True, exist_ok=True)
    spec.save(str(directory))
    _write_texts(directory, name, source, shape.mels)


def _write_texts(directory: Path, name: str, tokenizer: dict, mels: int) -> None:
    """The tokenizer, the feature settings and a card that says what this is."""
    features = json.loads((HF_DIR / "preprocessor_config.json").read_text())
    features |= {"chunk_length": 30, "n_samples": 480_000, "nb_max_frames": 3000, "feature_size": mels}
    label = f"random weights in the shape of {name}: hears nothing"
    label_fr = f"poids aléatoires de la forme de {name} : n’entend rien"
    card = {"id": f"random-{name}", "label": label, "label_fr": label_fr, "demo": False, "languages": ["fr", "en"], "prompts": True, "examples": None}  # fmt: skip
    for file, content in (("tokenizer", tokenizer), ("preprocessor_config", features), ("model-card", card)):
        (directory / f"{file}.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def main() -> None:
    """Reads the command line and writes the model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--tokens", type=int, default=12, help="what it writes each time, in tokens (default 12: some 4 s of speech)")
    parser.add_argument("--compute", default="int8", choices=("int8", "int8_float16", "float16", "float32"), help="how the weights are stored")
    asked = parser.parse_args()
    started = time.monotonic()
    make(asked.shape, asked.directory, asked.tokens, asked.compute)
    size = sum(path.stat().st_size for path in asked.directory.iterdir())
    print(f"{asked.directory}: {asked.shape}, {size / 1e6:.0f} MB, {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
