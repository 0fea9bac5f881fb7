"""whisper-stt's decoder beside faster-whisper's `transcribe`, in turns on the same machine.

    python bench/whisper/bench.py cost [small] [--seconds 1 3 5 8] [--repeats 5]
    python bench/whisper/bench.py load [small] [--sessions 1 4 8] [--seconds 3] [--rounds 2]
    python bench/whisper/bench.py words [--clips 60]

`cost` and `load` use random_model.py's weights: a real model's shape, the same number of tokens for both sides (3 a second
and 2), kept in --cache. `cost`: seconds of one call. `load`: sessions that each send the next utterance when the last is
answered; calls a second. `words`: word errors and seconds with the demo model over its own grammar, spoken by espeak-ng.
Both sides: same threads, int8, greedy, language given, no timestamps, no fallback temperatures. Prints medians and ratios, and asserts
nothing. Run it with whisper-stt's Python.
"""

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

# As whisper-stt starts; must be set before the libraries load.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
ROOT = Path(__file__).resolve().parents[2]
SERVICE = ROOT / "services" / "whisper-stt"
sys.path[:0] = [str(Path(__file__).parent), str(SERVICE), str(SERVICE / "demo-model" / "training")]

import numpy as np  # noqa: E402
import random_model  # noqa: E402
import sentences  # noqa: E402
from faster_whisper import WhisperModel  # noqa: E402

from whisper_stt import audio  # noqa: E402
from whisper_stt.config import available_cores, load_config  # noqa: E402
from whisper_stt.decoder import Item  # noqa: E402
from whisper_stt.engine import Engine  # noqa: E402
from whisper_stt.metrics import Metrics  # noqa: E402
from whisper_stt.model_store import locate, read_card  # noqa: E402
from whisper_stt.segments import Options  # noqa: E402
from whisper_stt.worker import Worker  # noqa: E402

RATE = 16_000


def noise(seconds: float) -> np.ndarray:
    """Something to encode: random weights hear nothing anyway."""
    return np.random.default_rng(7).normal(0, 0.05, int(seconds * RATE)).astype(np.float32)


def model_for(shape: str, seconds: float, cache: Path) -> Path:
    """A random model that writes as many tokens as so much speech has."""
    tokens = min(30, round(3 * seconds) + 2)
    directory = cache / f"{shape}-{tokens}"
    if not (directory / "model-card.json").is_file():
        random_model.make(shape, directory, tokens)
    return directory


def load(directory: str, threads: int, **settings: str) -> Engine:
    """Our engine, not warmed up."""
    config = load_config({"WHISPER_MODEL": directory, "WHISPER_THREADS": str(threads), **settings})
    path, _ = locate(config)
    return Engine(config, path, read_card(path, config.model))


def stock(directory: Path, threads: int) -> Callable[[np.ndarray], str]:
    """faster-whisper as its README uses it, with our settings."""
    model = WhisperModel(str(directory), device="cpu", compute_type="int8", cpu_threads=threads)

    def call(pcm: np.ndarray) -> str:
        found, _ = model.transcribe(
            pcm, language="fr", beam_size=1, temperature=0.0, condition_on_previous_text=False, without_timestamps=True
        )
        return " ".join(segment.text.strip() for segment in found)

    return call


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """(seconds on the clock, seconds of processor in all threads): the latter does not mind what else the machine does."""
    clock, processor = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - clock, time.process_time() - processor


def cost(asked: argparse.Namespace) -> None:
    """Seconds of one call, by length of speech."""
    print(f"{asked.shape}, {asked.threads} threads, seconds of clock and of processor per call (median of {asked.repeats}, in turns)")
    print("speech   stock  (processor)   ours  (processor)   window   ours/stock  (processor)")
    for seconds in asked.seconds:
        directory = model_for(asked.shape, seconds, asked.cache)
        theirs, engine = stock(directory, asked.threads), load(str(directory), asked.threads, **settings_of(asked))
        pcm = noise(seconds)
        item = Item(pcm, "fr")
        window = engine.windows.choose(seconds)
        sides = partial(theirs, pcm), partial(engine.decode, [item], window)
        for side in sides:
            side()
        pairs = [(*timed(sides[0]), *timed(sides[1])) for _ in range(asked.repeats)]
        clock, processor, our_clock, our_processor = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratios = [statistics.median(pair[2 + kind] / pair[kind] for pair in pairs) for kind in (0, 1)]
        print(
            f"{seconds:4g} s  {clock:6.3f}   ({processor:6.3f})   {our_clock:6.3f}   ({our_processor:6.3f})     {window:3d} s"
            f"      {ratios[0]:.2f}         ({ratios[1]:.2f})",
            flush=True,
        )


def load_test(asked: argparse.Namespace) -> None:
    """Calls a second with parallel sessions."""
    seconds = asked.seconds[0]
    directory = model_for(asked.shape, seconds, asked.cache)
    theirs = stock(directory, asked.threads)
    pcm = noise(seconds)
    theirs(pcm)
    print(f"{asked.shape}, {asked.threads} threads, {seconds:g} s utterances, {asked.calls} for each session; calls a second (median of {asked.rounds}, in turns)")
    print("sessions   stock    ours   ours/stock")
    asyncio.run(_load_test(asked, theirs, directory, pcm))


async def _load_test(asked: argparse.Namespace, theirs: Callable[[np.ndarray], str], directory: Path, pcm: np.ndarray) -> None:
    engine = load(str(directory), asked.threads, **settings_of(asked))
    worker = Worker(lambda: engine, Metrics(), asyncio.get_running_loop())
    worker.start()
    while worker.engine is None:
        await asyncio.sleep(0.05)
    pieces = [audio.Piece(0, len(pcm))]

    async def session() -> None:
        for _ in range(asked.calls):
            await worker.submit(pcm, pieces, Options("fr")).done

    def stock_session() -> None:
        for _ in range(asked.calls):
            theirs(pcm)

    for count in asked.sessions:
        pairs = []
        for _ in range(asked.rounds):
            threads = [threading.Thread(target=stock_session) for _ in range(count)]
            a, _ = await asyncio.to_thread(timed, lambda threads=threads: ([one.start() for one in threads], [one.join() for one in threads]))
            started = time.perf_counter()
            await asyncio.gather(*(session() for _ in range(count)))
            pairs.append((a, time.perf_counter() - started))
        calls = count * asked.calls
        a, b = (calls / statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(theirs / ours for theirs, ours in pairs)
        print(f"{count:5d}     {a:6.2f}  {b:6.2f}      {ratio:.1f}", flush=True)
    await asyncio.to_thread(worker.close)


def speak(text: str, voice: str, wpm: int) -> np.ndarray:
    """espeak-ng as float32 at 16 kHz, the silence around it cut as whisper-stt does."""
    shell = f'espeak-ng -v {voice} -s {wpm} --stdout "$1" | sox -q --ignore-length -t wav - -r {RATE} -b 16 -c 1 -t raw -'
    raw = subprocess.run(["bash", "-o", "pipefail", "-c", shell, "say", text], capture_output=True, check=True).stdout
    pcm = audio.from_pcm(raw)
    piece = audio.cut(pcm, 30, find_speech=False)[0]
    return pcm[piece.start : piece.end]


def word_errors(expected: str, heard: str) -> int:
    """Words inserted, lost or replaced."""
    want, got = expected.split(), heard.split()
    row = list(range(len(got) + 1))
    for i, one in enumerate(want, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(got, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (one != other))
    return row[-1]


def words(asked: argparse.Namespace) -> None:
    """Word errors of the demo model: stock, our default one by one, our default in batches, and other windows."""
    dice = random.Random(42)
    texts = [sentences.sentence(dice) for _ in range(asked.clips)]
    clips = [speak(text, dice.choice(("fr-fr", "fr-fr+f2", "fr-fr+m3", "fr-be")), dice.randint(130, 190)) for text in texts]
    clips, texts = zip(*((clip, text) for clip, text in zip(clips, texts, strict=True) if len(clip) <= 10 * RATE), strict=True)
    directory = SERVICE / "demo-model" / "model" / "ct2"
    theirs = stock(directory, 1)
    total = sum(len(text.split()) for text in texts)
    print(f"demo model, 1 thread, {len(clips)} clips, {total} words, {sum(map(len, clips)) / RATE:.0f} s")
    print("                     word errors   seconds a clip   trips")

    def row(name: str, heard: list[str], seconds: float, trips: str) -> None:
        errors = sum(word_errors(text, one) for text, one in zip(texts, heard, strict=True))
        print(f"{name:20s} {errors:4d} {errors / total:6.2%}       {seconds / len(clips):.4f}        {trips}", flush=True)

    theirs(clips[0])
    started = time.perf_counter()
    row("stock transcribe", [theirs(clip) for clip in clips], time.perf_counter() - started, "-")
    for name, window in (("ours, auto", "auto"), ("ours, full", "full"), ("ours, from 5 s", "5")):
        engine = load("demo", 1, WHISPER_WINDOW=window)
        for batch in (1, 8):
            engine.decode([Item(clips[0], "fr")], engine.window_s)
            started = time.perf_counter()
            heard, trips = decode_all(engine, clips, batch)
            row(f"{name}, batch {batch}", heard, time.perf_counter() - started, trips)


def decode_all(engine: Engine, clips: tuple[np.ndarray, ...], batch: int) -> tuple[list[str], str]:
    """Texts in order, trips sent through the full window once; and how many those were."""
    texts: list[str] = [""] * len(clips)
    work = [(index, engine.windows.choose(len(clip) / RATE)) for index, clip in enumerate(clips)]
    retries = 0
    while work:
        window = work[0][1]
        taken = [one for one in work if one[1] == window][:batch]
        work = [one for one in work if one not in taken]
        heard, _ = engine.decode([Item(clips[index], "fr") for index, _ in taken], window)
        for (index, _), one in zip(taken, heard, strict=True):
            if one.trip and window < engine.window_s:
                retries += 1
                work.append((index, engine.window_s))
            texts[index] = one.text
    return texts, str(retries)


def settings_of(asked: argparse.Namespace) -> dict[str, str]:
    """What the command line says of our side."""
    return {"WHISPER_WINDOW": asked.window, "WHISPER_MAX_BATCH": str(asked.max_batch)}


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("cost", "load", "words"))
    parser.add_argument("shape", nargs="?", default="small", choices=random_model.SHAPES)
    parser.add_argument("--seconds", type=float, nargs="+", help="length of speech (cost 1 3 5 8, load 3)")
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--calls", type=int, default=2, help="utterances of each session in a round")
    parser.add_argument("--clips", type=int, default=60)
    parser.add_argument("--threads", type=int, default=available_cores())
    parser.add_argument("--window", default="auto", help="WHISPER_WINDOW of our side")
    parser.add_argument("--max-batch", type=int, default=0, help="WHISPER_MAX_BATCH of our side")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "eloquence-random-whisper")
    asked = parser.parse_args()
    asked.seconds = asked.seconds or ([1, 3, 5, 8] if asked.what == "cost" else [3])
    print(f"load average before: {os.getloadavg()[0]:.1f} on {available_cores()} cores")
    {"cost": cost, "load": load_test, "words": words}[asked.what](asked)
    print(f"load average after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
