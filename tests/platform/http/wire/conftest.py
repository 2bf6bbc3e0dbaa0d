# SPDX-License-Identifier: EUPL-1.2
"""A server of the wire on a thread of its own, and coroutines run on either event loop."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from ssl import SSLContext
from typing import TypeVar

import pytest
import uvloop

from flagstone.platform.http.wire.bounds import WireBounds
from flagstone.platform.http.wire.messages import (
    Answer,
    Body,
    Handler,
    Incoming,
    RequestHead,
    ResponseHead,
    body_from,
)
from flagstone.platform.http.wire.server import WireServer

T = TypeVar("T")
Loops = Callable[[], asyncio.AbstractEventLoop]
Runner = Callable[[Awaitable[T]], T]

BOUNDS = WireBounds(
    body_bytes_max=8 * 1024 * 1024,
    linger_bytes_max=256 * 1024,
    connections_max=20,
    requests_at_once_max=4,
)
HASTY = replace(
    BOUNDS,
    header_seconds_max=0.4,
    idle_seconds_max=0.4,
    body_seconds_max=0.4,
    write_seconds_max=0.5,
    linger_seconds_max=0.4,
)


def ok(body: Body | bytes, *headers: tuple[bytes, bytes], status: int = 200) -> Answer:
    return Answer(ResponseHead(status, b"OK", headers), body)


def get(target: bytes = b"/", *headers: tuple[bytes, bytes], method: bytes = b"GET") -> RequestHead:
    return RequestHead(method, target, headers)


def refusal(status: int, reason: str) -> Answer:
    return ok(reason.encode(), (b"Content-Type", b"text/plain"), status=status)


@dataclass
class Site:
    """A handler with one behaviour per address, and what it noticed."""

    noticed: list[str] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    released: asyncio.Event | None = None

    def notice(self, what: str) -> None:
        with self.changed:
            self.noticed.append(what)
            self.changed.notify_all()

    def saw(self, what: str, *, seconds: float = 5.0) -> bool:
        """Wait until `what` was noticed; forget it."""
        with self.changed:
            seen = self.changed.wait_for(lambda: what in self.noticed, seconds)
            if seen:
                self.noticed.remove(what)
            return seen

    async def __call__(self, incoming: Incoming) -> Answer:
        path = incoming.head.target.partition(b"?")[0].decode()[1:] or "echo"
        answer: Answer = await getattr(self, path.replace("-", "_"))(incoming)
        return answer

    async def echo(self, incoming: Incoming) -> Answer:
        return ok(await incoming.body.read(1 << 30), (b"X-Method", incoming.head.method))

    async def stream(self, incoming: Incoming) -> Answer:
        return ok(incoming.body)

    async def chunks(self, incoming: Incoming) -> Answer:
        return ok(body_from(aiter(incoming.body), None, source=incoming.body))

    async def early(self, incoming: Incoming) -> Answer:
        return ok(b"enough", status=403)

    async def abandon(self, incoming: Incoming) -> Answer:
        incoming.body.abandon()
        await asyncio.sleep(0.05)
        return ok(b"enough", status=403)

    async def fail(self, incoming: Incoming) -> Answer:
        raise LookupError("secret")

    async def bad_header(self, incoming: Incoming) -> Answer:
        return ok(b"x", (b"A", b"b\r\nC: d"))

    async def cut(self, incoming: Incoming) -> Answer:
        async def parts() -> AsyncIterator[bytes]:
            yield b"some"
            raise LookupError("secret")

        return ok(body_from(parts(), None))

    async def short(self, incoming: Incoming) -> Answer:
        return ok(body_from(several(b"abc"), 5))

    async def long(self, incoming: Incoming) -> Answer:
        return ok(body_from(several(b"abc", b"defg"), 5))

    async def large(self, incoming: Incoming) -> Answer:
        return ok(body_from(several(*[bytes(65536)] * 1024), None))

    async def nothing(self, incoming: Incoming) -> Answer:
        return ok(b"", status=204)

    async def unmodified(self, incoming: Incoming) -> Answer:
        return ok(b"not sent", status=304)

    async def peer(self, incoming: Incoming) -> Answer:
        return ok(f"{incoming.peer} {len(incoming.certificate or b'')}".encode())

    async def wait(self, incoming: Incoming) -> Answer:
        self.notice("begun")
        self.released = asyncio.Event()
        try:
            await self.released.wait()
        except asyncio.CancelledError:
            self.notice("cancelled")
            raise
        return ok(b"waited")

    async def pause(self, incoming: Incoming) -> Answer:
        self.notice("begun")
        await asyncio.sleep(0.2)
        return ok(b"paused")


async def several(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@dataclass
class Served:
    """A running server."""

    port: int
    site: Site
    server: WireServer
    loop: asyncio.AbstractEventLoop

    def run(self, made: Awaitable[T], *, seconds: float = 10.0) -> T:
        """Run a coroutine on the server's loop."""

        async def main() -> T:
            return await made

        return asyncio.run_coroutine_threadsafe(main(), self.loop).result(seconds)

    def release(self) -> None:
        """Let the handler at /wait go on."""
        assert self.site.released is not None
        self.loop.call_soon_threadsafe(self.site.released.set)


def bound() -> socket.socket:
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    return sock


@contextmanager
def served(
    bounds: WireBounds = BOUNDS, *, tls: SSLContext | None = None, loops: Loops = uvloop.new_event_loop
) -> Iterator[Served]:
    """Serve a `Site` on a thread; all its connections must be gone soon after the end."""
    loop = loops()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    site, sock = Site(), bound()
    port = sock.getsockname()[1]
    try:
        serving = Served(port, site, WireServer(site, bounds=bounds, refusal=refusal), loop)
        serving.run(serving.server.start(sock, tls))
        yield serving
        serving.run(serving.server.stop(1.0))
        assert serving.server.connections == 0
        assert serving.server.busy == 0
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        sock.close()


@asynccontextmanager
async def serving(handler: Handler, bounds: WireBounds = BOUNDS) -> AsyncIterator[int]:
    """Serve `handler` on the running loop; yield the port."""
    server = WireServer(handler, bounds=bounds, refusal=refusal)
    sock = bound()
    await server.start(sock, None)
    try:
        yield sock.getsockname()[1]
    finally:
        await server.stop(1.0)
        assert server.connections == 0
        assert server.busy == 0


@pytest.fixture(params=[uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def loops(request: pytest.FixtureRequest) -> Loops:
    """Each of the two event loops."""
    made: Loops = request.param
    return made


@pytest.fixture
def run(loops: Loops) -> Iterator[Runner[object]]:
    """Run a coroutine on either loop, ten seconds at most."""
    with asyncio.Runner(loop_factory=loops) as runner:

        def go(made: Awaitable[object]) -> object:
            async def main() -> object:
                async with asyncio.timeout(10):
                    return await made

            return runner.run(main())

        yield go
