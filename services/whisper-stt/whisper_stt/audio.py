"""From bytes to the pieces of speech that one model call each can take. No speech model here."""

from dataclasses import dataclass
from typing import BinaryIO

import av
import numpy as np
from faster_whisper.vad import get_speech_timestamps

from .problem import Problem

SAMPLE_RATE_HZ = 16_000
MAX_AUDIO_S = 4 * 3600
CUT_SILENCE_MS = 300
VAD_PAD_MS = 100
WINDOW_MARGIN_S = 1.0
# Demuxers that read nothing but the uploaded bytes: playlists and concat scripts could open other files or addresses.
DEMUXERS = "aac,ac3,aiff,amr,asf,au,caf,flac,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,ogg,wav,w64"
FRAME = 160
LEAD_IN = 400
LEAD_OUT = 800


@dataclass(frozen=True)
class Piece:
    """A stretch of speech, in samples from the start of the recording."""

    start: int
    end: int


def from_pcm(body: bytes) -> np.ndarray:
    """s16le mono 16 kHz bytes -> float32 in -1..1. Throws Problem on half a sample."""
    if len(body) % 2:
        raise Problem(400, "odd_bytes", f"The PCM body has {len(body)} bytes, half a sample too many: send whole 16-bit samples.")
    return np.frombuffer(body, dtype="<i2").astype(np.float32) / 32768.0


def from_file(file: BinaryIO) -> np.ndarray:
    """Any audio or video container FFmpeg reads -> mono 16 kHz float32. Throws Problem when it holds no audio."""
    unreadable = Problem(
        400, "unreadable_audio", "The file is not audio we can read: send wav, mp3, m4a, mp4, flac, ogg, opus or webm, whole."
    )
    chunks: list[np.ndarray] = []
    samples = 0
    try:
        with av.open(file, mode="r", metadata_errors="ignore", options={"format_whitelist": DEMUXERS}) as container:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
            for frame in _frames(container):
                for out in resampler.resample(frame):
                    chunks.append(out.to_ndarray()[0])
                    samples += out.samples
                if samples > MAX_AUDIO_S * SAMPLE_RATE_HZ:
                    raise Problem(413, "audio_too_long", f"The recording is longer than {MAX_AUDIO_S // 3600} hours: send it in parts.")
    except (av.error.FFmpegError, IndexError, ValueError) as error:
        raise unreadable from error
    if not samples:
        raise unreadable
    return np.concatenate(chunks).astype(np.float32) / 32768.0


def _frames(container: "av.container.InputContainer"):
    """Decoded frames, damaged packets skipped, then None, which flushes the resampler."""
    frames = container.decode(audio=0)
    while True:
        try:
            frame = next(frames)
            frame.pts = None
            yield frame
        except av.error.InvalidDataError:
            continue
        except (StopIteration, av.error.EOFError):
            break
    yield None


def cut(pcm: np.ndarray, window_s: float, find_speech: bool) -> list[Piece]:
    """Pieces to decode, none when there is no sound. `find_speech` drops noise and tones with Silero as well.

    What fits the window is one piece without the silence around it (silence at the start spoils Whisper's first
    word time). What does not is cut at silences; with 30 s windows neighbours are packed, because a call costs the
    same however short its piece.
    """
    whole = _trim(pcm, Piece(0, len(pcm)))
    if whole is None:
        return []
    window = int(window_s * SAMPLE_RATE_HZ)
    fits = whole.end - whole.start <= window
    if fits and not find_speech:
        return [whole]
    found = get_speech_timestamps(
        pcm,
        max_speech_duration_s=window_s - WINDOW_MARGIN_S,
        min_silence_duration_ms=CUT_SILENCE_MS,
        speech_pad_ms=VAD_PAD_MS,
    )
    pieces = [Piece(chunk["start"], min(chunk["end"], len(pcm))) for chunk in found]
    if not pieces:
        return []
    if fits:
        pieces = [Piece(pieces[0].start, pieces[-1].end)]
    elif window_s >= 30:
        pieces = _pack(pieces, window - int(WINDOW_MARGIN_S * SAMPLE_RATE_HZ))
    trimmed = (_trim(pcm, piece) for piece in pieces)
    return [piece for piece in trimmed if piece is not None]


def _pack(pieces: list[Piece], limit: int) -> list[Piece]:
    """Joins neighbours, with the pause between them, while they stay within `limit` samples."""
    packed = [pieces[0]]
    for piece in pieces[1:]:
        if piece.end - packed[-1].start <= limit:
            packed[-1] = Piece(packed[-1].start, piece.end)
        else:
            packed.append(piece)
    return packed


def _trim(pcm: np.ndarray, piece: Piece) -> Piece | None:
    """The piece without silence at either end; None when it is silent throughout."""
    part = pcm[piece.start : piece.end]
    frames = len(part) // FRAME
    if not frames:
        return None
    peaks = np.abs(part[: frames * FRAME]).reshape(frames, FRAME).max(axis=1)
    loud = np.flatnonzero(peaks > max(0.002, 0.01 * peaks.max()))
    if not len(loud):
        return None
    start = max(0, int(loud[0]) * FRAME - LEAD_IN)
    end = min(len(part), int(loud[-1] + 1) * FRAME + LEAD_OUT)
    return Piece(piece.start + start, piece.start + end)
