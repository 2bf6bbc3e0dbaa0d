# SPDX-License-Identifier: EUPL-1.2
"""Who is let in: form, host, rate, places, size and time of each request, as plain ASGI middleware."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.http import wellformed
from flagstone.platform.http.bounds import Bounds
from flagstone.platform.http.problem import HttpFault, short_answer
from flagstone.platform.http.quota import Buckets, Networks, Places, client_address, client_key, trusted

DROP = "flagstone.drop"
"""ASGI extension of our server: `drop` cuts the connection at once."""
ALWAYS_IN = ("/health/live", "/health/ready")
"""Paths that need no place and no token: who watches us must see us under load."""


def allow_upload(request: Request) -> None:
    """Let the body of `request` be as large as `Bounds.upload_bytes_max`; before it is read."""
    request.state.upload = True


class BodyTooLarge(Fault):
    """The body is larger than the route takes."""

    code = "http.body-too-large"
    kind = Kind.TOO_LARGE
    title = "The request is too large"
    remedy = "Send a smaller file, or split it."


class TooSlow(HttpFault):
    """The request did not arrive in time (RFC 9110, 15.5.9)."""

    code = "http.too-slow"
    kind = Kind.INVALID
    status = 408
    title = "The request took too long to arrive"
    remedy = "Send it again over a better connection."


class TooManyRequests(Fault):
    """The client has asked too often (RFC 6585, 4)."""

    code = "http.too-many-requests"
    kind = Kind.TOO_MANY
    title = "Too many requests from your address"
    remedy = "Wait as long as Retry-After says."


class Busy(Fault):
    """All places are taken and the queue is full or too slow."""

    code = "http.busy"
    kind = Kind.UNAVAILABLE
    title = "The service is busy"
    remedy = "Wait as long as Retry-After says and try again."


class AnswerTooSlow(Fault):
    """We did not manage to answer in time."""

    code = "http.answer-too-slow"
    kind = Kind.UNAVAILABLE
    title = "The service did not answer in time"
    remedy = "Try again later; what you asked for may have been done meanwhile, so look first."


class Admission:
    """ASGI middleware that refuses early and cheaply; `hosts` None takes any Host header.

    `refused` is told the code of each refusal. Requests with a bearer token that `vouched` knows come from
    a part of this site that has limits of its own: they are not counted against their address.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        bounds: Bounds,
        hosts: frozenset[str] | None,
        proxies: Networks = (),
        refused: Callable[[str], None] | None = None,
        vouched: Callable[[str], bool] | None = None,
    ) -> None:
        self._app = app
        self._bounds = bounds
        self._hosts = hosts
        self._proxies = proxies
        self._tell_refusal = refused
        self._vouched = vouched
        self._places = Places(bounds)
        self._buckets = Buckets(bounds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in or answer it with its refusal."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        passage = Passage(scope, receive, send, self._bounds)
        try:
            self._look_at(scope)
        except Fault as fault:
            await self._refuse(passage, fault)
            return
        if scope["path"] in ALWAYS_IN:
            await passage.run(self._app)
        elif not await self._places.take():
            await self._refuse(passage, Busy(retry_after_seconds=2))
        else:
            try:
                await passage.run(self._app)
            finally:
                self._places.give_back()
        self._note(passage.refusal)

    def _look_at(self, scope: Scope) -> None:
        wellformed.check(scope, self._bounds)
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        if self._hosts is not None:
            wellformed.check_host(headers, self._hosts)
        if (wellformed.content_length(headers) or 0) > self._bounds.upload_bytes_max:
            raise BodyTooLarge
        peer = scope["client"][0] if scope.get("client") else ""
        address = peer
        if self._proxies and trusted(peer, self._proxies):
            address = self._behind_proxy(scope, peer)
        if scope["path"] in ALWAYS_IN or self._vouched_for(headers):
            return
        wait_seconds = self._buckets.draw(client_key(address))
        if wait_seconds is not None:
            raise TooManyRequests(retry_after_seconds=wait_seconds)

    def _vouched_for(self, headers: list[tuple[bytes, bytes]]) -> bool:
        if self._vouched is None:
            return False
        shown = next((value for name, value in headers if name == b"authorization"), b"")
        return shown.startswith(b"Bearer ") and self._vouched(shown[7:].decode("latin-1"))

    def _behind_proxy(self, scope: Scope, peer: str) -> str:
        """Take the client's address and scheme from our own proxy's headers."""
        sent = Headers(scope=scope)
        address = client_address(peer, ",".join(sent.getlist("x-forwarded-for")), self._proxies)
        scope["client"] = (address, 0)
        if sent.get("x-forwarded-proto") in ("http", "https"):
            scope["scheme"] = sent["x-forwarded-proto"]
        return address

    async def _refuse(self, passage: Passage, fault: Fault) -> None:
        await passage.refuse(fault)
        self._note(fault.code)

    def _note(self, code: str) -> None:
        if code and self._tell_refusal is not None:
            self._tell_refusal(code)


class Passage:
    """One request on its way through: counts its body, watches its time, ends its connection cleanly."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, bounds: Bounds) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._bounds = bounds
        self._began = monotonic()
        self._received_bytes = 0
        self._body_complete = not _announces_body(scope)
        self._answer_begun = False
        self._abandoned = False
        self._late: asyncio.Task[None] | None = None
        self.refusal = ""

    async def run(self, app: ASGIApp) -> None:
        """Pass the request to `app`; when its answer does not begin in time, answer 503 in its place."""
        loop = asyncio.get_running_loop()
        alarm = loop.call_later(self._bounds.answer_seconds_max, self._ring)
        try:
            await app(self._scope, self.receive, self.send)
        finally:
            alarm.cancel()
            if self._late is not None:
                await self._late

    def _ring(self) -> None:
        if not self._answer_begun:
            self._late = asyncio.get_running_loop().create_task(
                self.refuse(AnswerTooSlow(retry_after_seconds=5))
            )
            self._abandoned = True

    async def refuse(self, fault: Fault) -> None:
        """Answer `fault` and nothing else."""
        self.refusal = fault.code
        self._answer_begun = True
        response = short_answer(Request(self._scope), fault)
        await response(self._scope, self.receive, self._tell)

    async def receive(self) -> Message:
        """Return the next part of the body; raises `BodyTooLarge` or `TooSlow`."""
        if self._body_complete:
            return await self._receive()
        upload = self._scope.get("state", {}).get("upload", False)
        allowed = self._bounds.upload_bytes_max if upload else self._bounds.body_bytes_max
        if (wellformed.content_length(self._scope["headers"]) or 0) > allowed:
            raise self._noted(BodyTooLarge())
        try:
            async with asyncio.timeout(self._bounds.body_pause_seconds_max):
                message = await self._receive()
        except TimeoutError:
            raise self._noted(TooSlow()) from None
        complete = self._count(message)
        if self._received_bytes > allowed:
            raise self._noted(BodyTooLarge())
        if not complete and self._too_slow():
            raise self._noted(TooSlow())
        return message

    def _count(self, message: Message) -> bool:
        """Add a part of the body; tell whether it was the last."""
        self._received_bytes += len(message.get("body", b""))
        self._body_complete = message["type"] != "http.request" or not message.get("more_body", False)
        return self._body_complete

    def _too_slow(self) -> bool:
        seconds = monotonic() - self._began
        lowest = (seconds - self._bounds.body_grace_seconds) * self._bounds.body_bytes_per_second_min
        return self._received_bytes < lowest

    def _noted(self, fault: Fault) -> Fault:
        self.refusal = fault.code
        return fault

    async def send(self, message: Message) -> None:
        """Send a part of the app's answer, unless the app came too late."""
        if self._abandoned:
            return
        self._answer_begun = True
        await self._tell(message)

    async def _tell(self, message: Message) -> None:
        if self._body_complete:
            await self._in_time(message)
        elif message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Connection"] = "close"
            await self._in_time(message)
        elif message.get("more_body", False):
            await self._in_time(message)
        else:
            await self._in_time({**message, "more_body": True})
            await self._swallow()
            await self._in_time({"type": "http.response.body", "body": b"", "more_body": False})

    async def _in_time(self, message: Message) -> None:
        """Send `message`; a client that does not take it in time loses the rest."""
        try:
            async with asyncio.timeout(self._bounds.write_seconds_max):
                await self._send(message)
        except TimeoutError:
            self._abandoned = True
            self.refusal = "http.client-too-slow"
            drop = self._scope.get("extensions", {}).get(DROP)
            if drop is not None:
                drop["drop"]()
            raise ClientGone from None

    async def _swallow(self) -> None:
        """Read on for a moment, because closing on unread bytes would destroy the answer on its way."""
        budget = self._bounds.upload_bytes_max
        try:
            async with asyncio.timeout(self._bounds.linger_seconds_max):
                while not self._body_complete and self._received_bytes < budget:
                    self._count(await self._receive())
        except TimeoutError:
            return


class ClientGone(Exception):
    """The client does not take its answer; nobody is left to be told."""


def _announces_body(scope: Scope) -> bool:
    return any(
        (name == b"content-length" and value != b"0") or name == b"transfer-encoding"
        for name, value in scope["headers"]
    )
