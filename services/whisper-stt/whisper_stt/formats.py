"""Transcripts in the response formats of OpenAI's transcription endpoint."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from starlette.responses import JSONResponse, PlainTextResponse, Response

from .segments import Segment


@dataclass(frozen=True)
class Transcript:
    """A finished transcription; durations and times in seconds. `language` "und" = nothing was said."""

    language: str
    duration: float
    segments: list[Segment]
    with_words: bool

    @property
    def text(self) -> str:
        """The whole text on one line."""
        return " ".join(segment.text for segment in self.segments)

    def words(self) -> dict[str, list[dict[str, object]]]:
        """`{"words": [...]}` when they were asked for."""
        return {"words": [asdict(word) for one in self.segments for word in one.words]} if self.with_words else {}


def _json(transcript: Transcript) -> Response:
    """`{text}`, with words when asked for."""
    return JSONResponse({"text": transcript.text, **transcript.words()})


def _verbose(transcript: Transcript) -> Response:
    """Text, language code, duration, segments, and words when asked for."""
    segments = []
    for index, segment in enumerate(transcript.segments):
        row = asdict(segment)
        row.pop("words")
        segments.append({"id": index, "seek": 0, **row})
    head = {"task": "transcribe", "language": transcript.language, "duration": transcript.duration}
    return JSONResponse({**head, "text": transcript.text, "segments": segments, **transcript.words()})


def _text(transcript: Transcript) -> Response:
    """The text and a line end."""
    return PlainTextResponse(transcript.text + "\n")


def _srt(transcript: Transcript) -> Response:
    """SubRip: one numbered block per segment."""
    blocks = (
        f"{number}\n{_clock(one.start, ',')} --> {_clock(one.end, ',')}\n{one.text}\n"
        for number, one in enumerate(transcript.segments, 1)
    )
    return PlainTextResponse("\n".join(blocks))


def _vtt(transcript: Transcript) -> Response:
    """WebVTT: one cue per segment."""
    cues = (f"{_clock(one.start, '.')} --> {_clock(one.end, '.')}\n{one.text}\n" for one in transcript.segments)
    return Response("WEBVTT\n\n" + "\n".join(cues), media_type="text/vtt")


def _clock(seconds: float, point: str) -> str:
    """3.5 -> 00:00:03,500"""
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{milliseconds:03}"


RENDERERS: dict[str, Callable[[Transcript], Response]] = {
    "json": _json, "text": _text, "verbose_json": _verbose, "srt": _srt, "vtt": _vtt,
}  # fmt: skip
