"""Reads transcription requests: multipart as OpenAI clients send it, or raw PCM with options in the query."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from email.message import Message

import numpy as np
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from . import audio
from .engine import LANGUAGES, Engine
from .formats import RENDERERS
from .jobs import KINDS
from .problem import Problem
from .segments import Options
from .worker import Wish

MAX_UPLOAD_BYTES = 200_000_000
MAX_PCM_BYTES = 32_000_000
MAX_SESSION_CHARACTERS = 100
MAX_DEADLINE_MS = 3_600_000
DECODERS = asyncio.Semaphore(2)


@dataclass(frozen=True)
class Spoken:
    """A request understood: what to decode, how, how urgently, and in which format to answer. `find_speech`: see audio.cut."""

    pcm: np.ndarray
    options: Options
    response_format: str
    find_speech: bool
    wish: Wish


async def read_request(request: Request, engine: Engine) -> Spoken:
    """Reads and checks the whole request. Throws Problem, and ClientDisconnect when the client has gone."""
    kind = Message()
    kind["content-type"] = request.headers.get("content-type", "")
    match kind.get_content_type() if request.headers.get("content-type") else "":
        case "audio/pcm" | "audio/l16":
            return await _read_pcm(request, engine, kind)
        case "multipart/form-data":
            return await _read_form(request, engine)
        case other:
            raise Problem(415, "unsupported_media_type", f"Content-Type {other or '(none)'} is not understood: send multipart/form-data with a file, or audio/pcm;rate=16000.")


async def _read_pcm(request: Request, engine: Engine, kind: Message) -> Spoken:
    """Raw s16le mono at 16 kHz; options come from the query."""
    rate, channels = kind.get_param("rate", "16000"), kind.get_param("channels", "1")
    if rate != str(audio.SAMPLE_RATE_HZ) or channels != "1":
        raise Problem(415, "unsupported_pcm", f"PCM at rate={rate}, channels={channels} is not understood: send 16-bit little-endian mono at rate=16000.")
    options, response_format = _options(request.query_params, _flag(request.query_params, "words"), engine)
    wish = _wish(request.query_params, "final")
    body = bytearray()
    async for chunk in _capped(request, MAX_PCM_BYTES):
        body += chunk
    if not body:
        raise Problem(400, "empty_audio", "The body is empty: send audio.")
    return Spoken(audio.from_pcm(bytes(body)), options, response_format, _flag(request.query_params, "vad"), wish)


async def _read_form(request: Request, engine: Engine) -> Spoken:
    """OpenAI's form. The file is spooled to disk above 1 MB and decoded off the event loop."""
    wish = _wish(request.query_params, "file")
    try:
        form = await MultiPartParser(request.headers, _capped(request, MAX_UPLOAD_BYTES), max_files=1, max_fields=50).parse()
    except (MultiPartException, KeyError) as error:
        raise Problem(400, "bad_multipart", f"The form cannot be read ({error}): send one file and OpenAI's fields as multipart/form-data.") from error
    try:
        upload = form.get("file")
        if not isinstance(upload, UploadFile):
            raise Problem(400, "missing_file", "The form has no file: send the recording in the field file.")
        if not upload.size:
            raise Problem(400, "empty_audio", "The file is empty: send audio.")
        fields = {key: value for key, value in form.items() if isinstance(value, str)}
        granularities = {
            value for key, value in form.multi_items() if key in ("timestamp_granularities[]", "timestamp_granularities")
        }
        if unknown := granularities - {"word", "segment"}:
            raise Problem(400, "unknown_granularity", f"timestamp_granularities {', '.join(map(str, unknown))} is unknown: use word, segment or both.")
        options, response_format = _options(fields, "word" in granularities, engine)
        async with DECODERS:
            pcm = await asyncio.to_thread(audio.from_file, upload.file)
        return Spoken(pcm, options, response_format, True, wish)
    finally:
        await form.close()


async def _capped(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    """The body as it comes, refused once it is known to exceed `limit` bytes."""
    too_large = Problem(413, "too_large", f"The recording is larger than {limit // 1_000_000} MB: send it compressed, or in parts.")
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length) > limit:
        raise too_large
    seen = 0
    async for chunk in request.stream():
        seen += len(chunk)
        if seen > limit:
            raise too_large
        yield chunk


def _options(fields: Mapping[str, str], words: bool, engine: Engine) -> tuple[Options, str]:
    """The options common to both ways in, and the response format."""
    response_format = fields.get("response_format") or "json"
    if response_format not in RENDERERS:
        raise Problem(400, "unknown_format", f"response_format {response_format[:40]} is unknown: use {', '.join(RENDERERS)}.")
    try:
        temperature = float(fields.get("temperature") or 0)
    except ValueError:
        temperature = -1.0
    if not 0 <= temperature <= 1:
        raise Problem(400, "bad_temperature", "temperature must be a number from 0 to 1.")
    timestamps = response_format in ("verbose_json", "srt", "vtt")
    language = _language(fields.get("language"), engine)
    return Options(language, fields.get("prompt") or None, temperature, words, timestamps), response_format


def _wish(query: Mapping[str, str], default_kind: str) -> Wish:
    """class, session and deadline_ms, from the query in both ways in. Throws Problem for what they cannot be."""
    kind, session, deadline = query.get("class") or default_kind, query.get("session") or None, query.get("deadline_ms") or ""
    if kind not in KINDS:
        raise Problem(400, "unknown_class", f"class {kind[:20]} is unknown: use {', '.join(KINDS)}.")
    if session and len(session) > MAX_SESSION_CHARACTERS:
        raise Problem(400, "bad_session", f"session must have at most {MAX_SESSION_CHARACTERS} characters.")
    if not deadline:
        return Wish(kind, session)
    if not (deadline.isascii() and deadline.isdigit() and len(deadline) < 10 and 1 <= int(deadline) <= MAX_DEADLINE_MS):
        raise Problem(400, "bad_deadline", f"deadline_ms must be a whole number from 1 to {MAX_DEADLINE_MS}: milliseconds from now.")
    return Wish(kind, session, int(deadline) / 1000)


def _language(asked: str | None, engine: Engine) -> str | None:
    """fr-FR -> fr; empty, auto or multi = detect. Throws Problem for what the model does not understand."""
    if not asked or asked.lower() in ("auto", "multi"):
        return None
    code = asked.lower().replace("_", "-").split("-")[0]
    if code not in LANGUAGES:
        raise Problem(400, "unknown_language", f"language {asked[:20]} is unknown: use a code such as fr or en, or leave it out.")
    if code not in engine.languages:
        known = ", ".join(sorted(engine.languages))
        raise Problem(400, "unsupported_language", f"The {engine.card.label} understands {known} only, not {code}: set WHISPER_MODEL to a real model, for instance small.")
    return code


def _flag(fields: Mapping[str, str], name: str) -> bool:
    """true/1 or false/0, false when absent. Throws Problem for anything else."""
    value = (fields.get(name) or "false").lower()
    if value not in ("true", "1", "false", "0"):
        raise Problem(400, "bad_flag", f"{name} must be true or false.")
    return value in ("true", "1")
