# SPDX-License-Identifier: EUPL-1.2
"""Counts for the operator in Prometheus' text format, by route template, never by address or person."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Meter:
    """The counts of one app, in a registry of its own, to which blocks may add theirs."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.in_flight = Gauge(
            "flagstone_http_requests_in_flight", "Requests at work or waiting", registry=self.registry
        )
        self._requests = Counter(
            "flagstone_http_requests",
            "Requests answered",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "flagstone_http_request_seconds",
            "Time from the headers to the end of the answer",
            ("method", "route"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self._refused = Counter(
            "flagstone_http_refused", "Requests refused at the door", ("reason",), registry=self.registry
        )

    def answered(self, method: str, route: str, *, status: int, seconds: float) -> None:
        """Count one answer to `method` on the template `route`."""
        known = method if method in METHODS else "OTHER"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(known, route).observe(seconds)

    def refused(self, reason: str) -> None:
        """Count one refusal by its fault's code."""
        self._refused.labels(reason).inc()

    def watch(self, name: str, words: str, read: Callable[[], float]) -> None:
        """Add a gauge that is read when the counts are asked for; NaN when it cannot be read."""
        Gauge(f"flagstone_{name}", words, registry=self.registry).set_function(read)

    def text(self) -> bytes:
        """Return all counts in the text format."""
        return generate_latest(self.registry)
