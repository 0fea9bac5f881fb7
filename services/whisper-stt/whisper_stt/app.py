"""The HTTP front: routes, authentication, outcomes."""

import asyncio
import hmac
import logging
import time

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import audio
from .config import Config
from .engine import Engine
from .formats import RENDERERS, Transcript
from .metrics import Metrics
from .model_store import ModelCard
from .problem import Problem
from .requests import Spoken, read_request
from .worker import Worker

log = logging.getLogger("whisper_stt")


class Front:
    """The endpoints over one worker."""

    def __init__(self, config: Config, card: ModelCard, worker: Worker, metrics: Metrics) -> None:
        self._key = config.internal_api_key
        self._card = card
        self._worker = worker
        self._metrics = metrics

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route("/v1/audio/transcriptions", self.transcribe, methods=["POST"]),
            Route("/v1/models", self.models),
            Route("/health", self.health),
            Route("/ready", self.ready),
            Route("/metrics", self.scrape),
        ]
        handlers = {Problem: _on_problem, HTTPException: _on_http_exception, Exception: _on_crash}
        return Starlette(routes=routes, exception_handlers=handlers)

    async def health(self, _: Request) -> Response:
        """Alive while the event loop turns."""
        return JSONResponse({"status": "ok"})

    async def ready(self, _: Request) -> Response:
        """200 once the model is loaded and has transcribed the warm-up clip, else 503."""
        checks = self._worker.checks()
        ok = all(check["ok"] for check in checks)
        body: dict[str, object] = {"status": "ok" if ok else "unavailable", "checks": checks, "engine": self._description()}
        if self._worker.engine is not None:
            body["capacity"] = self._worker.engine.capacity()
        return JSONResponse(body, 200 if ok else 503)

    def _description(self) -> dict[str, object]:
        """Who listens. `languages` only where they are few, `examples` only where free speech is not understood."""
        card, engine = self._card, self._worker.engine
        only = engine.only_language if engine else None
        languages = card.languages or ((only,) if only else None)
        about = {"id": card.id, "label": card.label, "label_fr": card.label_fr, "demo": card.demo}
        about |= {"languages": list(languages)} if languages else {}
        return about | ({"examples": card.examples} if card.examples else {})

    async def scrape(self, _: Request) -> Response:
        """Prometheus text."""
        self._metrics.ready.set(self._worker.engine is not None)
        return Response(generate_latest(self._metrics.registry), media_type=CONTENT_TYPE_LATEST)

    async def models(self, request: Request) -> Response:
        """The loaded model, and whisper-1, which OpenAI clients ask for: any name gets the loaded model."""
        self._authorise(request)
        names = (self._card.id, "whisper-1")
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "eloquence"} for name in names]
        return JSONResponse({"object": "list", "data": data})

    async def transcribe(self, request: Request) -> Response:
        """Transcribes, and counts how it went."""
        self._authorise(request)
        started = time.monotonic()
        outcome = "error"
        try:
            engine = self._engine()
            spoken = await read_request(request, engine)
            started = time.monotonic()
            response = await self._answer(request, spoken, engine)
            outcome = "ok" if response is not None else "cancelled"
            return response or Response(status_code=499)
        except ClientDisconnect:
            outcome = "cancelled"
            return Response(status_code=499)
        except Problem as problem:
            outcome = "refused" if problem.status in (409, 429, 503) else "invalid" if problem.status < 500 else "error"
            raise
        finally:
            self._metrics.request_seconds.labels(outcome).observe(time.monotonic() - started)

    async def _answer(self, request: Request, spoken: Spoken, engine: Engine) -> Response | None:
        """Cuts, decodes and renders; None when the client left, whose remaining pieces are skipped."""
        if spoken.find_speech or len(spoken.pcm) > engine.window_s * audio.SAMPLE_RATE_HZ:
            pieces = await asyncio.to_thread(audio.cut, spoken.pcm, engine.window_s, spoken.find_speech)
        else:
            pieces = audio.cut(spoken.pcm, engine.window_s, spoken.find_speech)
        segments, language = [], spoken.options.language or engine.only_language or "und"
        if pieces:
            job = self._worker.submit(spoken.pcm, pieces, spoken.options, spoken.wish)
            gone = asyncio.ensure_future(_disconnected(request))
            try:
                await asyncio.wait({job.done, gone}, return_when=asyncio.FIRST_COMPLETED)
                if not job.done.done():
                    return None
                job.done.result()
            finally:
                job.cancelled = True
                gone.cancel()
            segments, language = job.segments, job.language or language
        duration_s = len(spoken.pcm) / audio.SAMPLE_RATE_HZ
        self._metrics.audio_seconds.inc(duration_s)
        return RENDERERS[spoken.response_format](Transcript(language, duration_s, segments, spoken.options.words))

    def _engine(self) -> Engine:
        """The loaded engine. Throws Problem 503 before that."""
        engine = self._worker.engine
        if engine is None:
            raise Problem(503, "not_ready", f"The speech service is not ready: {self._worker.stage}.", retry_after_s=5)
        return engine

    def _authorise(self, request: Request) -> None:
        """Throws Problem 401 unless the request carries INTERNAL_API_KEY, where one is set."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if self._key and not (scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), self._key.encode())):
            raise Problem(401, "unauthorized", "The key is missing or wrong: send Authorization: Bearer with INTERNAL_API_KEY.")


async def _disconnected(request: Request) -> None:
    """Returns when the client has closed the connection. The body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _on_problem(_: Request, problem: Exception) -> Response:
    """A Problem as its body."""
    assert isinstance(problem, Problem)
    return problem.response()


async def _on_http_exception(request: Request, error: Exception) -> Response:
    """Unknown address or method, in the same shape."""
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    return Problem(error.status_code, code, f"{request.method} {request.url.path}: {error.detail}.").response()


async def _on_crash(request: Request, error: Exception) -> Response:
    """A bug: logged with its trace, answered without it."""
    return Problem(500, "internal_error", "The speech service failed: see its log.").response()
