"""The service's Prometheus metrics, in a registry of their own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from .decoder import CallTimes

BUCKETS_S = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30, 120)
SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 32, 64)
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


class Metrics:
    """Names begin with `eloquence_whisper_`; no session, room or user is ever a label. Memory: `process_resident_memory_bytes`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.request_seconds = self._histogram("request_seconds", "Transcription request, body read to answer ready", ["outcome"])
        self.decode_seconds = self._histogram("decode_seconds", "One model call, all stages")
        self.stage_seconds = self._histogram(
            "stage_seconds", "Time of a piece by stage: wait (in the queue), encode, decode, align (its call's), total", ["stage", "class"]
        )
        self.batch_size = self._histogram("batch_size", "Pieces in one model call", ["class"], SIZES)
        self.padding_ratio = self._histogram("padding_ratio", "Share of the window that is padding", [], SHARES)
        self.pieces = self._counter("pieces", "Pieces decoded, by window in seconds", ["window"])
        self.trips = self._counter("trips", "Texts a guard did not believe, by cause and window", ["cause", "window"])
        self.redecodes = self._counter("redecodes", "Pieces sent through the full window once more")
        self.cancelled = self._counter("cancelled", "Recordings nobody waited for any more", ["class"])
        self.shed = self._counter("shed", "Recordings refused: queue_full, deadline (predicted), expired, superseded", ["class", "reason"])
        self.out_of_memory = self._counter("out_of_memory", "Model calls halved because memory ran out")
        self.audio_seconds = self._counter("audio_seconds", "Audio transcribed")
        self.queue_length = Gauge("eloquence_whisper_queue_length", "Recordings waiting", registry=self.registry)
        self.ready = Gauge("eloquence_whisper_ready", "1 when the model is loaded and warm", registry=self.registry)

    def called(self, kind: str, times: CallTimes) -> None:
        """Counts a model call; `kind` is the class of its most urgent piece."""
        stages = {"encode": times.encode_s, "decode": times.decode_s, "align": times.align_s}
        self.decode_seconds.observe(sum(stages.values()))
        for stage, seconds in stages.items():
            self.stage_seconds.labels(stage, kind).observe(seconds)
        self.batch_size.labels(kind).observe(times.batch)

    def _histogram(self, name: str, what: str, labels: list[str] | None = None, buckets: tuple[float, ...] = BUCKETS_S) -> Histogram:
        return Histogram(f"eloquence_whisper_{name}", what, labels or [], buckets=buckets, registry=self.registry)

    def _counter(self, name: str, what: str, labels: list[str] | None = None) -> Counter:
        return Counter(f"eloquence_whisper_{name}", what, labels or [], registry=self.registry)
