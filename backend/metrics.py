"""What Prometheus reads at /metrics."""

from __future__ import annotations

import time
from collections import Counter as Count
from collections.abc import Callable, Iterable, Iterator
from typing import get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from backend.catalogue import Catalogue
from backend.run_items import run_item
from backend.settings import Settings
from model.background import is_present
from model.runs import State

# they double the series, and few read them
disable_created_metrics()  # type: ignore[no-untyped-call]

Family = GaugeMetricFamily | CounterMetricFamily

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
STATES = (*get_args(State), "unreadable")
FRESH_SECONDS = 5.0
"""That what was read of the runs folder is told again."""

GAUGES = {
    "waiting": ("queue_waiting", "Pieces of work that wait for the model"),
    "running": ("queue_running", "Pieces of work that the model does"),
    "models": ("models_loaded", "Checkpoints in memory"),
    "model_bytes": ("models_bytes", "Memory of their weights"),
    "result_bytes": ("results_bytes", "Memory of answers kept"),
    "prefix_bytes": ("prefixes_bytes", "Memory of what is kept of texts read before"),
}
COUNTERS = {
    "done": ("work_done", "Pieces of work that the model did"),
    "refused": ("work_refused", "Pieces of work refused since the queue was full"),
    "cancelled": ("work_cancelled", "Pieces of work given up since nobody waited any more"),
    "late": ("work_late", "Pieces of work given up since they took too long"),
    "shared": ("work_shared", "Requests that got the answer to one like them"),
    "batched": ("work_batched", "Pieces of work done together with others"),
    "result_hits": ("result_hits", "Answers that were kept"),
    "result_misses": ("result_misses", "Answers that had to be computed"),
    "model_seconds": ("model_seconds", "Seconds that the model worked"),
}
"""Of the engine's figures: the metric, and what it says."""


class Metrics:
    """Everything one app tells of itself."""

    def __init__(
        self, settings: Settings, catalogue: Catalogue, figures: Callable[[], dict[str, float]]
    ) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "spanscope_http_requests",
            "Requests answered, by class of status",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "spanscope_http_request_duration_seconds",
            "From a request's head to its answer's end",
            ["method", "route"],
            registry=self.registry,
            buckets=SECONDS,
        )
        self.registry.register(EngineCollector(figures))
        self.registry.register(RunsCollector(settings, catalogue))
        ProcessCollector(registry=self.registry)

    def answered(self, method: str, route: str, status: str, seconds: float) -> None:
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(method, route).observe(seconds)

    def text(self) -> bytes:
        """In Prometheus' text format 0.0.4. It reads the runs folder: not for the event loop."""
        return generate_latest(self.registry)


class EngineCollector(Collector):
    """What the model's thread does."""

    def __init__(self, figures: Callable[[], dict[str, float]]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Family]:
        figures = self._figures()
        for key, (name, what) in GAUGES.items():
            yield GaugeMetricFamily(f"spanscope_{name}", what, figures[key])
        for key, (name, what) in COUNTERS.items():
            yield CounterMetricFamily(f"spanscope_{name}", what, figures[key])


class RunsCollector(Collector):
    """What is in the runs folder and on the shelf, and who trains it."""

    def __init__(self, settings: Settings, catalogue: Catalogue) -> None:
        self._settings, self._catalogue = settings, catalogue
        self._families: list[Family] = []
        self._stale_from = 0.0

    def collect(self) -> Iterable[Family]:
        if time.monotonic() >= self._stale_from:
            self._families = list(self._read())
            self._stale_from = time.monotonic() + FRESH_SECONDS
        return self._families

    def _read(self) -> Iterator[Family]:
        items = [run_item(run, shelf=False) for run in self._catalogue.runs()]
        states = Count(item.state for item in items)
        runs = GaugeMetricFamily("spanscope_runs", "Runs, by state", labels=["state"])
        for state in STATES:
            runs.add_metric([state], states[state])
        yield runs
        count = sum(len(item.checkpoints) for item in items)
        yield GaugeMetricFamily("spanscope_checkpoints", "Checkpoints of all runs", count)
        present = is_present(self._settings.runs)
        yield GaugeMetricFamily(
            "spanscope_trainer_present", "Whether a trainer looks after the runs", present
        )
        pace = sum(item.tokens_per_second or 0 for item in items)
        yield GaugeMetricFamily(
            "spanscope_training_tokens_per_second", "Of all runs that train now", pace
        )
