# SPDX-License-Identifier: EUPL-1.2
"""Calls to other sites: https, no redirects, and a bound on every time and size."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from time import monotonic
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2

from flagstone.kernel.errors import Fault, Kind, SettingsFault
from flagstone.platform.http.server import is_loopback


@dataclass(frozen=True)
class CallBounds:
    """What one call may use up."""

    connect_seconds_max: float = 3.0
    read_seconds_max: float = 10.0  # between two parts of the answer
    call_seconds_max: float = 30.0  # the whole call
    answer_bytes_max: int = 4 * 1024 * 1024
    connections_max: int = 20


class SiteUnreachable(Fault):
    """The other site did not answer, or not in time."""

    code = "http.site-unreachable"
    kind = Kind.UNAVAILABLE
    title = "Another site did not answer"
    remedy = "Try again later."


class AnswerRefused(Fault):
    """The other site's answer is too large or not what was agreed."""

    code = "http.site-answer-refused"
    kind = Kind.UNAVAILABLE
    title = "Another site's answer cannot be used"
    remedy = "Tell the operator the request number."


@dataclass(frozen=True)
class Answer:
    """What the other site said; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON; raises `AnswerRefused` when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise AnswerRefused("The answer is not JSON.") from None


class OtherSite:
    """One other site at `address`, `https://host[:port][/base]`, or http on loopback.

    `trust` replaces the machine's own list of certificate authorities. Safe to use from many threads.
    """

    def __init__(
        self, address: str, *, trust: ssl.SSLContext | None = None, bounds: CallBounds | None = None
    ) -> None:
        where = urlsplit(address)
        if not where.hostname or (where.scheme, is_loopback(where.hostname)) not in _ALLOWED:
            raise SettingsFault(f"{address} is not an https address")
        self._bounds = bounds or CallBounds()
        self._client = httpx2.Client(
            base_url=address,
            verify=trust or own_authorities(),
            follow_redirects=False,
            trust_env=False,
            timeout=httpx2.Timeout(
                self._bounds.read_seconds_max,
                connect=self._bounds.connect_seconds_max,
                pool=self._bounds.connect_seconds_max,
            ),
            limits=httpx2.Limits(max_connections=self._bounds.connections_max),
        )

    def __enter__(self) -> Self:
        """Return itself, to be closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send one request and return its answer, whatever its status.

        `headers` should carry `X-Request-Id` and `traceparent` of the request being served.
        Raises `SiteUnreachable` or `AnswerRefused`.
        """
        until = monotonic() + self._bounds.call_seconds_max
        asked = {"Accept-Encoding": "identity", **(headers or {})}
        try:
            with self._client.stream(method, path, headers=asked, content=body or None) as answer:
                read = self._read(answer, until)
                return Answer(answer.status_code, dict(answer.headers), read)
        except httpx2.HTTPError:
            raise SiteUnreachable from None

    def call_json(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, value: Any = None
    ) -> Answer:
        """Do as `call` does with `value` as a JSON body."""
        asked = {"Accept": "application/json", "Content-Type": "application/json", **(headers or {})}
        return self.call(method, path, headers=asked, body=json.dumps(value).encode())

    def _read(self, answer: httpx2.Response, until: float) -> bytes:
        """Read the body as it comes over the wire, never a compressed one, within its bounds."""
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise AnswerRefused("The answer is compressed.")
        read = bytearray()
        for part in answer.iter_raw():
            read += part
            if len(read) > self._bounds.answer_bytes_max:
                raise AnswerRefused("The answer is too large.")
            if monotonic() > until:
                raise SiteUnreachable("The answer took too long.")
        return bytes(read)


class OtherSites:
    """The sites that one site calls: reached as they are asked for, and closed together."""

    def __init__(self) -> None:
        self._reached: list[OtherSite] = []

    def at(self, address: str, *, bounds: CallBounds | None = None) -> OtherSite:
        """Return the site at `address`, over connections of its own; SettingsFault for no https address."""
        site = OtherSite(address, bounds=bounds)
        self._reached.append(site)
        return site

    def close(self) -> None:
        """Close every connection."""
        for site in self._reached:
            site.close()


@cache
def own_authorities() -> ssl.SSLContext:
    """Return the machine's own list of certificate authorities, read once in a process: it is long."""
    return httpx2.create_ssl_context(trust_env=False)


_ALLOWED = {("https", True), ("https", False), ("http", True)}
