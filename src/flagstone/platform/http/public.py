# SPDX-License-Identifier: EUPL-1.2
"""Public documents of strangers, by plain GET: no redirects, nothing compressed, every time and size bounded.

For what carries its own signature (configurations, OCSP answers, revocation lists) and so may come over
http. Calls between sites go through `client`, which insists on https.
"""

from __future__ import annotations

import ssl
import threading
from contextlib import closing
from time import monotonic
from urllib.parse import urlsplit

import httpx2

from flagstone.platform.http.client import (
    Answer,
    AnswerRefused,
    CallBounds,
    SiteUnreachable,
    own_authorities,
)

DOCUMENT_BOUNDS = CallBounds(
    connect_seconds_max=3.0,
    read_seconds_max=5.0,
    call_seconds_max=20.0,
    answer_bytes_max=32 * 1024 * 1024,
    connections_max=4,
)


class PublicDocuments:
    """Gets documents; https is verified against `trust`, or the machine's own list of authorities.

    Safe to use from many threads.
    """

    def __init__(self, *, trust: ssl.SSLContext | None = None, bounds: CallBounds = DOCUMENT_BOUNDS) -> None:
        self._trust, self._bounds = trust, bounds

    def get(self, url: str, bytes_max: int = 0) -> Answer:
        """Return the answer of `url`, whatever its status, of at most `bytes_max` bytes where it is given.

        Raises SiteUnreachable when there is none in time, AnswerRefused for one that cannot be taken.
        """
        return self._called("GET", url, bytes_max)

    def post(self, url: str, body: bytes, kind: str, *, bytes_max: int = 0) -> Answer:
        """Return the answer to `body` of the media type `kind`, as `get`: for OCSP and time-stamp queries."""
        return self._called("POST", url, bytes_max, (body, kind))

    def _called(self, method: str, url: str, bytes_max: int, sent: tuple[bytes, str] | None = None) -> Answer:
        """Check the address, and call within all bounds."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
            raise AnswerRefused("The address is not http(s)://HOST.")
        limit = min(bytes_max or self._bounds.answer_bytes_max, self._bounds.answer_bytes_max)
        with self._client() as client:
            late = threading.Timer(self._bounds.call_seconds_max, client.close)
            late.daemon = True
            late.start()
            try:
                return self._asked(client, _request(client, method, url, sent), limit)
            except (httpx2.HTTPError, httpx2.InvalidURL, OSError, RuntimeError, ValueError) as error:
                raise SiteUnreachable(_words(error)) from None
            finally:
                late.cancel()

    def _client(self) -> httpx2.Client:
        """Return a client for one call; publishers are asked too seldom for a connection to be kept."""
        bounds = self._bounds
        timeout = httpx2.Timeout(bounds.read_seconds_max, connect=bounds.connect_seconds_max)
        verify = self._trust or own_authorities()
        return httpx2.Client(verify=verify, follow_redirects=False, trust_env=False, timeout=timeout)

    def _asked(self, client: httpx2.Client, request: httpx2.Request, limit: int) -> Answer:
        """Ask and read the answer."""
        until = monotonic() + self._bounds.call_seconds_max
        with closing(client.send(request, stream=True)) as answer:
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise AnswerRefused("The answer is compressed.")
            read = bytearray()
            for part in answer.iter_raw():
                read += part
                if len(read) > limit:
                    raise AnswerRefused(f"The answer is larger than {limit} bytes.")
                if monotonic() > until:
                    raise SiteUnreachable("The answer took too long.")
            return Answer(answer.status_code, dict(answer.headers), bytes(read))


def _request(client: httpx2.Client, method: str, url: str, sent: tuple[bytes, str] | None) -> httpx2.Request:
    """Return a request that asks for nothing compressed."""
    headers = {"Accept-Encoding": "identity"} | ({"Content-Type": sent[1]} if sent else {})
    return client.build_request(method, url, headers=headers, content=sent[0] if sent else None)


def _words(error: Exception) -> str:
    """Return what a network error is, without addresses that it may quote."""
    if isinstance(error, httpx2.TimeoutException | RuntimeError | OSError):
        return "There was no answer in time."
    if isinstance(error, httpx2.ConnectError):
        return "There is nobody to connect to, or TLS could not be agreed on."
    return f"The answer broke off or is not HTTP ({type(error).__name__})."
