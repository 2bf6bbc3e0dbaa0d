# SPDX-License-Identifier: EUPL-1.2
"""The message path of one site: its own thread and event loop, a door for its systems and one for servers."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, replace
from threading import Thread
from time import monotonic

import uvloop

from flagstone.blocks.exchange.contract.faults import DirectoryUnavailable
from flagstone.blocks.exchange.contract.log import MessageLog, Side
from flagstone.blocks.exchange.contract.service import Snapshot
from flagstone.blocks.exchange.contract.status import PathStatus, PeerStatus
from flagstone.blocks.exchange.model.standing import Standings
from flagstone.blocks.exchange.web.path.bounds import PathBounds
from flagstone.blocks.exchange.web.path.consumer import Consumer
from flagstone.blocks.exchange.web.path.course import Ledger, Tally
from flagstone.blocks.exchange.web.path.evidence import EvidenceDoor
from flagstone.blocks.exchange.web.path.last_hop import LastHop, is_person_code
from flagstone.blocks.exchange.web.path.plain import Plain, Transport
from flagstone.blocks.exchange.web.path.provider import Provider
from flagstone.blocks.exchange.web.path.using import Using
from flagstone.kernel.clock import Clock
from flagstone.kernel.errors import SettingsFault
from flagstone.platform.http.tickets import Tickets
from flagstone.platform.http.wire.client import WireClient
from flagstone.platform.http.wire.server import WireServer

MakeTransport = Callable[[WireClient, PathBounds], Transport]
STATUS_SECONDS = 2.0
CLIENT_IDLE_SECONDS_MAX = 1.5
"""How long a connection to another server may rest: less than what servers usually allow, who close first."""


@dataclass(frozen=True)
class Secure:
    """A third door: for information systems over TLS; `tls` asks for certificates (`client_door_tls`)."""

    sock: socket.socket
    tls: ssl.SSLContext


@dataclass
class Parts:
    """What one run of the path is made of; belongs to its event loop."""

    consumer: Consumer
    last_hop: LastHop
    client: WireClient
    servers: tuple[WireServer, ...]


class MessagePath:
    """Carries messages from `start` to `stop`; any thread may call.

    `configuration` says what holds now and is asked for each message; `log` takes each message; `secret` is
    what INTERNAL clients show; `local_address` is this site's own web port.
    """

    def __init__(
        self,
        configuration: Callable[[], Snapshot],
        log: MessageLog,
        tickets: Tickets,
        *,
        clock: Clock,
        secret: str,
        local_address: str,
        bounds: PathBounds | None = None,
        transport: MakeTransport = Plain,
    ) -> None:
        self._standings = Standings(configuration)
        self._log = log
        self._tickets = tickets
        self._clock = clock
        self._secret = secret
        self._local_address = local_address
        self._bounds = bounds or PathBounds()
        self._make_transport = transport
        self._using = Using(is_person_code, self._bounds.person_bytes_max)
        self._tally = Tally()
        self._transport_name = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._parts: Parts | None = None
        self._thread: Thread | None = None
        self._evidence: EvidenceDoor | None = None

    def know_codes_by(self, is_code: Callable[[str], bool]) -> None:
        """Take for personal codes what `is_code` says is one; to be called before `start`."""
        self._using = Using(is_code, self._bounds.person_bytes_max)

    def give_evidence_by(self, door: EvidenceDoor) -> None:
        """Let information systems have their evidence through `door`; to be called before `start`."""
        self._evidence = door

    def start(
        self, client_socket: socket.socket, server_socket: socket.socket, *, secure: Secure | None = None
    ) -> None:
        """Serve these bound sockets in a thread of our own; SettingsFault when the transport may not.

        Returns when both doors are open.
        """
        ready: Future[None] = Future()
        run = self._run(client_socket, server_socket, secure, ready)
        self._thread = Thread(target=_in_own_loop, args=(run,), name="message-path", daemon=True)
        self._thread.start()
        ready.result()

    def stop(self, seconds: float) -> None:
        """Take no more messages, let those under way end for `seconds`, then cut them off."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._ended(seconds), loop).result()
        thread.join()
        self._loop = self._thread = self._parts = None

    def status(self) -> PathStatus:
        """Return how the path is now: its transport, what it counted, and how other servers do."""
        loop = self._loop
        if loop is None:
            return PathStatus(self._transport_name, running=False)
        try:
            return asyncio.run_coroutine_threadsafe(self._status(), loop).result(STATUS_SECONDS)
        except TimeoutError:
            return PathStatus(self._transport_name, running=False)

    async def _run(
        self,
        client_socket: socket.socket,
        server_socket: socket.socket,
        secure: Secure | None,
        ready: Future[None],
    ) -> None:
        self._finished = asyncio.Event()
        try:
            self._parts = await self._opened(client_socket, server_socket, secure)
            self._loop = asyncio.get_running_loop()
            ready.set_result(None)
        except (SettingsFault, OSError) as refused:
            ready.set_exception(refused)
            return
        finally:
            if not ready.done():
                ready.set_exception(RuntimeError("the message path did not start"))
        await self._finished.wait()

    async def _opened(
        self, client_socket: socket.socket, server_socket: socket.socket, secure: Secure | None
    ) -> Parts:
        """Open the doors, once the transport agreed to where they are."""
        wire = self._bounds.wire
        rest = min(wire.idle_seconds_max, CLIENT_IDLE_SECONDS_MAX)
        client = WireClient(replace(wire, idle_seconds_max=rest))
        transport = self._make_transport(client, self._bounds)
        self._transport_name = transport.name
        transport.check(_address(server_socket))
        parts = self._assembled(client, transport)
        plain_door, secure_door, server_door = parts.servers
        await plain_door.start(client_socket)
        await server_door.start(server_socket)
        if secure is not None:
            await secure_door.start(secure.sock, secure.tls)
        return parts

    def _assembled(self, client: WireClient, transport: Transport) -> Parts:
        bounds, wire = self._bounds, self._bounds.wire
        consumer = Consumer(
            self._standings, transport, self._ledger(Side.CONSUMER), bounds=bounds, secret=self._secret
        )
        consumer.evidence = self._evidence
        last_hop = LastHop(client, self._tickets, local_address=self._local_address, bounds=bounds)
        provider = Provider(
            self._standings,
            transport,
            self._ledger(Side.PROVIDER),
            last_hop=last_hop,
            using=self._using,
            bounds=bounds,
        )
        servers = (
            WireServer(consumer.plainly, bounds=wire, refusal=consumer.refused),
            WireServer(consumer.securely, bounds=wire, refusal=consumer.refused),
            WireServer(provider.answer, bounds=wire, refusal=provider.refused),
        )
        return Parts(consumer, last_hop, client, servers)

    def _ledger(self, side: Side) -> Ledger:
        return Ledger(side, self._log, self._clock, self._tally)

    async def _ended(self, seconds: float) -> None:
        parts = self._parts
        if parts is not None:
            await asyncio.gather(*(server.stop(seconds) for server in parts.servers))
            await parts.client.close()
        self._finished.set()

    async def _status(self) -> PathStatus:
        assert self._parts is not None
        now = monotonic()
        tally = self._tally
        return PathStatus(
            self._transport_name,
            running=True,
            peers=self._peers(self._parts.consumer, now),
            services=self._parts.last_hop.breakers.not_closed(now),
            counts={(side, fault): count for (side, fault), count in tally.counts.items()},
            under_way=tally.under_way,
        )

    def _peers(self, consumer: Consumer, now: float) -> tuple[PeerStatus, ...]:
        try:
            standing = self._standings.now()
        except DirectoryUnavailable:
            return ()
        peers = consumer.peers
        listed = []
        for server in standing.snapshot.directory.servers:
            met = peers.meetings.get(server.id)
            answers, seen_at = (met.answers, met.at) if met else (None, None)
            state = peers.breakers.state(server.id, now)
            listed.append(PeerStatus(server.id, standing.address(server), answers, state, seen_at))
        return tuple(listed)


def _in_own_loop(run: Coroutine[None, None, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run)


def _address(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
