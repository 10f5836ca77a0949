"""What the server counts, for Prometheus."""

from __future__ import annotations

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

PATH = "/monitoring/prometheus/metrics"  # TensorFlow Serving's usual one
CONTENT_TYPE = prometheus_client.CONTENT_TYPE_LATEST


class Metrics:
    """Counters of one server."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        prometheus_client.ProcessCollector(registry=registry)
        self.requests = Counter(
            "jner_re_requests", "Requests by method and HTTP status", ["method", "status"], registry=registry
        )
        self.seconds = Histogram(
            "jner_re_request_seconds",
            "Time from a request's headers to its answer",
            ["method"],
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
            registry=registry,
        )
        self.rows = Histogram(
            "jner_re_batch_rows",
            "Texts or sentences of a request, which go through the model together",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024),
            registry=registry,
        )
        self.running = Gauge(
            "jner_re_requests_running", "Requests that are being answered", registry=registry
        )
        self.version = Gauge("jner_re_model_version", "Version that is served", registry=registry)

    def page(self) -> bytes:
        """In Prometheus's text format."""
        return prometheus_client.generate_latest(self._registry)
