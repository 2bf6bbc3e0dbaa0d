# SPDX-License-Identifier: EUPL-1.2
"""The descriptions of services: fetched from the service's own host or given as text, and read strictly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol
from urllib.parse import urlsplit

from flagstone.blocks.exchange.contract.faults import DescriptionRefused
from flagstone.blocks.exchange.contract.service import ServiceDefinition
from flagstone.blocks.exchange.model.descriptions import endpoints_of
from flagstone.blocks.exchange.service.documents import DOCUMENT_BYTES_MAX, plain_data, text_of
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import Fault
from flagstone.platform.http.client import CallBounds, OtherSite

BOUNDS = CallBounds(
    connect_seconds_max=3,
    read_seconds_max=5,
    call_seconds_max=10,
    answer_bytes_max=DOCUMENT_BYTES_MAX,
    connections_max=1,
)
ASKED = {"Accept": "application/json, application/yaml;q=0.9, */*;q=0.1"}


class Fetch(Protocol):
    """Gets a document; a Fault when it cannot be had."""

    def __call__(self, url: str) -> bytes:
        """Return what is at `url`, at most `DOCUMENT_BYTES_MAX` bytes; a path is one of this very site."""
        ...


class HttpFetch:
    """Fetches over https, or http on the loopback; redirects are not followed."""

    def __init__(self, local_address: Callable[[], str]) -> None:
        """Take paths from `local_address`, which is asked each time."""
        self._local_address = local_address

    def __call__(self, url: str) -> bytes:
        """See `Fetch`."""
        base, path = (self._local_address(), url) if url.startswith("/") else _parted(url)
        with OtherSite(base, bounds=BOUNDS) as site:
            answer = site.call("GET", path, headers=ASKED)
        if answer.status != 200:
            raise DescriptionRefused(f"its address answered with status {answer.status}")
        return answer.body


class Describing:
    """Reads descriptions; what cannot be had or used is refused and changes nothing."""

    def __init__(self, fetch: Fetch, clock: Clock) -> None:
        """Get documents by `fetch`."""
        self._fetch = fetch
        self._clock = clock

    def described(self, service: ServiceDefinition) -> ServiceDefinition:
        """Return an OpenAPI service with the endpoints of its description, fetched if it is not given."""
        if not service.description:
            return self.fetched(service)
        return replace(service, endpoints=endpoints_of(plain_data(service.description)))

    def fetched(self, service: ServiceDefinition) -> ServiceDefinition:
        """Return `service` with its description as it is at its address now; DescriptionRefused."""
        url = service.description_url
        if not url:
            raise DescriptionRefused("the service does not say where its description is")
        _require_own_host(service)
        try:
            text = text_of(self._fetch(url))
        except DescriptionRefused:
            raise
        except Fault as fault:
            raise DescriptionRefused(f"it cannot be fetched: {fault.code}") from fault
        endpoints = endpoints_of(plain_data(text))
        return replace(service, description=text, endpoints=endpoints, refreshed_at=self._clock.now())


def _require_own_host(service: ServiceDefinition) -> None:
    """Raise DescriptionRefused unless the description is where the service itself is."""
    url = service.description_url
    if url.startswith("/") and not url.startswith("//"):
        if not service.local:
            raise DescriptionRefused("only a service of this site has a description at a path")
        return
    if service.local or _origin(url) != _origin(service.url):
        raise DescriptionRefused("it must be fetched from the service's own host and port")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError as error:
        raise DescriptionRefused("its address cannot be read") from error
    if parts.username is not None or parts.scheme not in {"http", "https"}:
        raise DescriptionRefused("its address must be http(s)://HOST without a name or password")
    return parts.scheme, parts.hostname, port


def _parted(url: str) -> tuple[str, str]:
    """Return the base and the path with query of an address."""
    parts = urlsplit(url)
    path = parts.path or "/"
    return f"{parts.scheme}://{parts.netloc}", f"{path}?{parts.query}" if parts.query else path
