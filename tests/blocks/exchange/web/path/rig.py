# SPDX-License-Identifier: EUPL-1.2
"""A small exchange in memory: two servers with their message paths, a log each and a service to ask."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse
from threading import Thread
from time import monotonic, sleep
from types import TracebackType

from flagstone.blocks.exchange.contract.directory import Directory, GlobalGroup, Member, Server, Subsystem
from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId, ServerId, ServiceId
from flagstone.blocks.exchange.contract.log import LogFailed, PersonsUsed, RequestLogged, ResponseLogged, Side
from flagstone.blocks.exchange.contract.service import (
    ActsAs,
    Connection,
    Endpoint,
    LocalClient,
    LocalGroup,
    Purpose,
    Right,
    ServiceDefinition,
    ServiceKind,
    Snapshot,
)
from flagstone.blocks.exchange.web.path.bounds import PathBounds
from flagstone.blocks.exchange.web.path.serving import MessagePath, Secure
from flagstone.kernel.clock import SystemClock
from flagstone.platform.http.tickets import Tickets

from .system import Provider

ASKS = ClientId("XA", "GOV", "100", "asks")
INSIDE = ClientId("XA", "GOV", "100", "portal")
TELLS = ClientId("XA", "GOV", "200", "registry")
ASKING_SERVER = ServerId(ASKS.member, "asking")
TELLING_SERVER = ServerId(TELLS.member, "telling")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
SECRET = "only this site knows"
DESCRIPTION = """{"openapi": "3.0.3", "info": {"title": "Things", "version": "1"},
 "servers": [{"url": "https://secret.internal:8443/api/v1"}, {"url": "https://{host}/x"}], "paths": {}}"""


class MemoryLog:
    """A message log in memory; `broken` makes it fail, `unusable` for uses alone."""

    def __init__(self) -> None:
        self.requests: list[RequestLogged] = []
        self.responses: list[ResponseLogged] = []
        self.uses: list[PersonsUsed] = []
        self.broken = False
        self.unusable = False
        self.late = False

    def request(self, record: RequestLogged) -> Future[None]:
        """Keep a request, at once unless told otherwise."""
        written: Future[None] = Future()
        if self.broken and not self.late:
            written.set_exception(LogFailed())
        elif self.late:
            Thread(target=self._later, args=(record, written), daemon=True).start()
        else:
            self.requests.append(record)
            written.set_result(None)
        return written

    def used(self, record: PersonsUsed) -> Future[None]:
        """Keep whose data was used."""
        written: Future[None] = Future()
        if self.unusable:
            written.set_exception(LogFailed())
        else:
            self.uses.append(record)
            written.set_result(None)
        return written

    def hurry(self) -> None:
        """Have nothing to hurry with."""

    def response(self, record: ResponseLogged) -> None:
        """Keep how an exchange ended."""
        self.responses.append(record)

    def _later(self, record: RequestLogged, written: Future[None]) -> None:
        sleep(0.05)
        if self.broken:
            written.set_exception(LogFailed())
        else:
            self.requests.append(record)
            written.set_result(None)


@dataclass
class Site:
    """One server of the exchange: what it goes by, its log, its tickets and its two doors."""

    snapshot: Snapshot
    path: MessagePath
    client_port: int
    server_port: int
    log: MemoryLog = field(default_factory=MemoryLog)
    tickets: Tickets = field(default_factory=Tickets)


def listening(host: str = "127.0.0.1") -> socket.socket:
    """Return a socket bound to a free port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.bind((host, 0))
    return sock


class Exchange:
    """Two sites: `asking` with the consumers, `telling` with the services of `provider`."""

    def __init__(self, *, bounds: PathBounds | None = None, secure: Secure | None = None) -> None:
        self.provider = Provider()
        self.bounds = bounds or PathBounds()
        sockets = {name: (listening(), listening()) for name in ("asking", "telling")}
        ports = {name: [sock.getsockname()[1] for sock in both] for name, both in sockets.items()}
        self.directory = self._directory({name: both[1] for name, both in ports.items()})
        self.asking = self._site(ASKING_SERVER, ports["asking"], self._consumers())
        self.telling = self._site(TELLING_SERVER, ports["telling"], (LocalClient(TELLS),))
        self.offer()
        self.asking.path.start(*sockets["asking"], secure=secure)
        self.telling.path.start(*sockets["telling"])

    def __enter__(self) -> Exchange:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.asking.path.stop(1)
        self.telling.path.stop(1)
        self.provider.close()

    def _directory(self, ports: dict[str, int]) -> Directory:
        return Directory(
            "XA",
            1,
            datetime(2026, 1, 1, tzinfo=UTC),
            members=(Member(ASKS.member, {"en": "Ask & Co"}), Member(TELLS.member, {"en": "Teller"})),
            subsystems=(
                Subsystem(ASKS, {"en": "Asking <system>"}),
                Subsystem(INSIDE, {"en": "Portal"}),
                Subsystem(TELLS, {"en": "Registry"}),
            ),
            servers=(
                Server(
                    ASKING_SERVER,
                    f"http://127.0.0.1:{ports['asking']}",
                    frozenset({ASKS, INSIDE, ASKS.member}),
                ),
                Server(TELLING_SERVER, f"http://127.0.0.1:{ports['telling']}", frozenset({TELLS})),
            ),
            groups=(GlobalGroup("everybody", {}, frozenset({INSIDE})),),
        )

    def _consumers(self) -> tuple[LocalClient, ...]:
        return (LocalClient(ASKS), LocalClient(INSIDE, Connection.INTERNAL), LocalClient(ASKS.member))

    def _site(self, server: ServerId, ports: list[int], clients: tuple[LocalClient, ...]) -> Site:
        snapshot = Snapshot(server, self.directory, {each.id: each for each in clients}, {}, {})
        log, tickets = MemoryLog(), Tickets()
        path = MessagePath(
            lambda: site.snapshot,
            log,
            tickets,
            clock=SystemClock(),
            secret=SECRET,
            local_address=self.provider.address,
            bounds=self.bounds,
        )
        site = Site(snapshot, path, ports[0], ports[1], log, tickets)
        return site

    def offer(self, **changes: object) -> None:
        """Offer the usual services, each with `changes`."""
        base = ServiceDefinition(ServiceId(TELLS, "echo"), ServiceKind.REST, f"{self.provider.address}/base")
        services = [
            base,
            replace(base, id=ServiceId(TELLS, "narrow")),
            replace(base, id=ServiceId(TELLS, "closed"), enabled=False, disabled_notice="moving house"),
            replace(base, id=ServiceId(TELLS, "nobody")),
            replace(base, id=ServiceId(TELLS, "personal"), personal=True),
            replace(
                base, id=ServiceId(TELLS, "declared"), personal=True, purpose=Purpose("declared", "Act 1")
            ),
            replace(base, id=ServiceId(TELLS, "local"), url="/web", local=True),
            replace(base, id=ServiceId(TELLS, "own"), url="/web", local=True, acts_as=ActsAs.PERSON),
            replace(
                base,
                id=ServiceId(TELLS, "open"),
                kind=ServiceKind.OPENAPI3,
                description=DESCRIPTION,
                endpoints=(Endpoint(), Endpoint("GET", "/things/*"), Endpoint("POST", "/things")),
            ),
        ]
        services = [replace(each, **changes) for each in services]  # type: ignore[arg-type]
        rights: dict[ServiceId, tuple[Right, ...]] = {
            each.id: (Right(ASKS, each.id),) for each in services if each.id.code != "nobody"
        }
        narrow = ServiceId(TELLS, "narrow")
        rights[narrow] = (
            Right(ASKS, narrow, Endpoint("GET", "/things/*")),
            Right(GroupId("everybody"), narrow, Endpoint("GET", "/shared/**")),
            Right(GroupId("friends", local=True), narrow, Endpoint("DELETE", "/things/**")),
        )
        rights[ServiceId(TELLS, "declared")] += (
            Right(INSIDE, ServiceId(TELLS, "declared"), purpose=Purpose("on the right", "Act 2")),
        )
        rights[ServiceId(TELLS, "open")] = (
            Right(ASKS, ServiceId(TELLS, "open"), Endpoint("GET", "/things/*")),
        )
        self.telling.snapshot = replace(
            self.telling.snapshot,
            services={each.id: each for each in services},
            rights=rights,
            local_groups=(LocalGroup(TELLS, "friends", "", frozenset({INSIDE})),),
        )

    def ask(
        self,
        method: str = "GET",
        target: str = "/r1/XA/GOV/200/registry/echo",
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Got:
        """Ask as `asks` does and return the whole answer."""
        with closing_connection(self.asking.client_port) as connection:
            given = {"X-Road-Client": "XA/GOV/100/asks", **(headers or {})}
            connection.request(method, target, body, {key: value for key, value in given.items() if value})
            return Got.of(connection.getresponse())

    def raw(self, data: bytes, *, port: int = 0) -> bytes:
        """Send bytes as they are to the client door and return all that comes back until it is closed."""
        with socket.create_connection(("127.0.0.1", port or self.asking.client_port), 5) as sock:
            sock.sendall(data)
            parts = []
            while part := sock.recv(65536):
                parts.append(part)
            return b"".join(parts)


@dataclass
class Got:
    """An answer, whole."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes

    @classmethod
    def of(cls, response: HTTPResponse) -> Got:
        """Read a response to its end."""
        return cls(response.status, response.reason, response.getheaders(), response.read())

    def all(self, name: str) -> list[str]:
        """Return the values of the headers `name`."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def one(self, name: str) -> str:
        """Return the value of the only header `name`, empty when there is none."""
        values = self.all(name)
        assert len(values) <= 1
        return values[0] if values else ""

    @property
    def fault(self) -> str:
        """Return the fault code of X-Road-Error."""
        return self.one("X-Road-Error")


@contextmanager
def closing_connection(port: int) -> Iterator[HTTPConnection]:
    """Yield a connection to a port of the loopback, and close it."""
    with ExitStack() as stack:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        stack.callback(connection.close)
        yield connection


def eventually(what: Callable[[], bool], seconds: float = 3.0) -> bool:
    """Tell whether `what` becomes true in time."""
    end = monotonic() + seconds
    while monotonic() < end:
        if what():
            return True
        sleep(0.005)
    return what()


def ended(site: Site, side: Side, count: int = 1) -> list[ResponseLogged]:
    """Return how exchanges ended at `site`, once at least `count` of `side` did."""
    assert eventually(lambda: len([each for each in site.log.responses if each.side is side]) >= count)
    return [each for each in site.log.responses if each.side is side]
