"""The service's Prometheus metrics, in a registry of their own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

BUCKETS_S = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30, 120)


class Metrics:
    """Names begin with `eloquence_whisper_`; no session, room or user is ever a label."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.request_seconds = Histogram(
            "eloquence_whisper_request_seconds", "Transcription request, body read to answer ready",
            ["outcome"], buckets=BUCKETS_S, registry=self.registry,
        )  # fmt: skip
        self.decode_seconds = Histogram(
            "eloquence_whisper_decode_seconds", "One model call", buckets=BUCKETS_S, registry=self.registry
        )
        self.audio_seconds = Counter("eloquence_whisper_audio_seconds", "Audio transcribed", registry=self.registry)
        self.queue_length = Gauge("eloquence_whisper_queue_length", "Recordings waiting", registry=self.registry)
        self.ready = Gauge("eloquence_whisper_ready", "1 when the model is loaded and warm", registry=self.registry)
