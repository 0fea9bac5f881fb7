"""Starts the service: `python -m whisper_stt`. Exit codes: 0 stopped, 2 configuration, 3 download, 1 anything else."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator

import uvicorn

from .app import Front
from .config import Config, ConfigError, load_config
from .metrics import Metrics

DRAIN_S = 9.0
KEEP_ALIVE_S = 75
LEVELS = {"trace": 5, "debug": 10, "info": 20, "warn": 30, "error": 40, "fatal": 50, "silent": 100}
log = logging.getLogger("whisper_stt")


class _JsonLines(logging.Formatter):
    """One JSON object per line, with the keys the TypeScript services use."""

    def format(self, record: logging.LogRecord) -> str:
        """Level, milliseconds since 1970, service, message, trace."""
        level = next(name for name, number in reversed(LEVELS.items()) if record.levelno >= number)
        line = {"level": level, "time": int(record.created * 1000), "service": "whisper-stt", "msg": record.getMessage()}
        if record.exc_info:
            line["err"] = {"stack": self.formatException(record.exc_info)}
        return json.dumps(line, ensure_ascii=False)


class _Server(uvicorn.Server):
    """uvicorn without its signal handling, which would end the process by the signal instead of exit code 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Does nothing: `serve` listens to the signals."""
        yield


async def serve(config: Config) -> int:
    """Runs until SIGTERM or SIGINT, or until the model cannot be had. Returns the exit code.

    Close order: unready and deaf to new connections, queued recordings answered for DRAIN_S, the rest refused,
    model thread ended.
    """
    from .engine import Engine, choose_device
    from .model_store import download, locate, read_card
    from .worker import Worker

    directory, repository = locate(config)
    choose_device(config)
    listener = _listen(config)
    card = read_card(directory, config.model)

    def load() -> Engine:
        if repository:
            log.info("downloading the speech model %s to %s", repository, directory)
            download(repository, directory)
        return Engine(config, directory, card)

    metrics = Metrics()
    loop = asyncio.get_running_loop()
    worker = Worker(load, metrics, loop)
    settings = uvicorn.Config(
        Front(config, card, worker, metrics).app(), log_config=None, access_log=False, lifespan="off",
        timeout_keep_alive=KEEP_ALIVE_S, timeout_graceful_shutdown=10,
    )  # fmt: skip
    server = _Server(settings)

    def stop() -> None:
        worker.drain()
        server.should_exit = True
        loop.call_later(DRAIN_S, worker.close, 0.0)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    worker.start()
    watching = asyncio.create_task(_watch(worker, card.label, stop))
    log.info("listening on %s:%d", *listener.getsockname()[:2])
    await server.serve(sockets=[listener])
    watching.cancel()
    await asyncio.to_thread(worker.close)
    if worker.failure is not None:
        raise worker.failure
    log.info("stopped")
    return 0


def _listen(config: Config) -> socket.socket:
    """The listening socket. Throws ConfigError when the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in config.bind_address else socket.AF_INET
    # asyncio turns Nagle's delay off only where the protocol is named; unnamed, every answer comes 40 ms late.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((config.bind_address, config.port))
        listener.listen(512)
        return listener
    except OSError as error:
        fault = f"cannot listen on {config.bind_address}:{config.port} ({error.strerror}): set PORT or BIND_ADDRESS to a free address."
        raise ConfigError([fault]) from error


async def _watch(worker, label: str, stop) -> None:
    """Says when the model is ready; stops the service when it cannot be had, or is lost with its GPU."""
    started = time.monotonic()
    while worker.engine is None and worker.failure is None:
        await asyncio.sleep(0.02)
    if worker.failure is None:
        log.info("ready: %s, %s, after %.1f s", label, worker.stage, time.monotonic() - started)
    while worker.failure is None:
        await asyncio.sleep(0.5)
    stop()


def main() -> int:
    """Reads the environment, serves, and turns what stops the start into one clear line each."""
    # Idle model threads sleep instead of spinning: the machine is shared with every other service.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # onnxruntime, which comes with faster-whisper, keeps a device id and usage records unless told not to.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    try:
        config = load_config(os.environ)
        logging.getLogger().setLevel(max(LEVELS[config.log_level], LEVELS["warn"]))
        log.setLevel(LEVELS[config.log_level])
        return asyncio.run(serve(config))
    except ConfigError as error:
        for fault in error.faults:
            print(f"whisper-stt: {fault}", file=sys.stderr, flush=True)
        return 2
    except Exception as error:
        downloading = type(error).__name__ == "DownloadError"
        if not downloading:
            log.exception("the service could not start or go on")
        print(f"whisper-stt: {error}", file=sys.stderr, flush=True)
        return 3 if downloading else 1


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # A model call or a download still under way in its thread must not hold the process, nor crash it on the way out.
    os._exit(code)
