# SPDX-License-Identifier: EUPL-1.2
"""Two sites' message paths and a provider, each a process of its own, for `r1.py` to call."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from flagstone.app.sealing import FieldSealer
from flagstone.blocks.exchange.contract.directory import Directory, Member, Server, Subsystem
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId, ServiceId
from flagstone.blocks.exchange.contract.service import (
    LocalClient,
    Right,
    ServiceDefinition,
    ServiceKind,
    Snapshot,
)
from flagstone.blocks.exchange.service.message_log import Log
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.blocks.exchange.web.path.serving import MessagePath
from flagstone.kernel.clock import SystemClock
from flagstone.platform.crypto.keys import ensure_secret_key
from flagstone.platform.http.tickets import Tickets
from flagstone.platform.http.wire.bounds import WireBounds
from flagstone.platform.http.wire.messages import (
    Answer,
    Incoming,
    ResponseHead,
    body_from,
)
from flagstone.platform.http.wire.server import WireServer
from flagstone.platform.storage import engine, migration
from flagstone.platform.storage.database import Database

ASKS = ClientId("XA", "GOV", "100", "asks")
TELLS = ClientId("XA", "GOV", "200", "tells")
ASKING, TELLING = ServerId(ASKS.member, "asking"), ServerId(TELLS.member, "telling")
SERVICE = ServiceId(TELLS, "echo")

LARGE_BYTES = 1 << 30
PART = bytes(64 * 1024)


def listening() -> socket.socket:
    """Return a socket bound to a free port of the loopback."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    return sock


def port_of(sock: socket.socket) -> int:
    return int(sock.getsockname()[1])


async def provide(incoming: Incoming) -> Answer:
    """Answer POST with the body that came, PUT with its size, GET with `LARGE_BYTES`."""
    head = ResponseHead(200, b"OK", ((b"Content-Type", b"application/octet-stream"),))
    if incoming.head.method == b"GET":
        return Answer(head, body_from(large(), LARGE_BYTES))
    if incoming.head.method == b"PUT":
        size = 0
        async for part in incoming.body:
            size += len(part)
        return Answer(head, str(size).encode())
    return Answer(head, await incoming.body.read(1 << 20))


async def large() -> AsyncIterator[bytes]:
    """Give `LARGE_BYTES` in parts."""
    for _ in range(LARGE_BYTES // len(PART)):
        yield PART


def provider(sock: socket.socket) -> None:
    """Be the provider until told to end, or left alone."""

    async def main() -> None:
        refused = Answer(ResponseHead(400, b"", ()), b"")
        server = WireServer(provide, bounds=WireBounds(), refusal=lambda _, __: refused)
        await server.start(sock, None)
        parent = os.getppid()
        while os.getppid() == parent:
            await asyncio.sleep(0.5)

    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def site(snapshot: Snapshot, client: socket.socket, server: socket.socket, folder: Path) -> None:
    """Carry messages as a site does until told to end, or left alone."""
    parent = os.getppid()
    clock = SystemClock()
    database = Database(SCHEMA, engine.sqlite(folder / "exchange.sqlite"), "bench", clock=clock)
    migration.migrate(database)
    log = Log(database, FieldSealer(ensure_secret_key(folder / "key")))
    path = MessagePath(
        lambda: snapshot, log, Tickets(), clock=clock, secret="", local_address="http://127.0.0.1:1"
    )
    told: list[int] = []  # no lock: a handler interrupts whoever holds it
    signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    log.start()
    path.start(client, server)
    gc.freeze()
    while not told and os.getppid() == parent:
        time.sleep(0.2)
    path.stop(2.0)
    log.stop()
    database.close()
    os._exit(0)


@dataclass
class Stand:
    """Everything that runs: who is asked straight, who is asked through, and what may grow."""

    provider_port: int
    client_port: int
    folders: dict[str, Path]
    processes: dict[str, multiprocessing.Process] = field(default_factory=dict)

    def megabytes(self, name: str, line: str) -> float:
        """Return a size of a process; `line` is VmRSS (now) or VmHWM (its peak)."""
        status = Path(f"/proc/{self.processes[name].pid}/status").read_text()
        return next(int(each.split()[1]) / 1024 for each in status.splitlines() if each.startswith(line))

    def forget_peaks(self) -> dict[str, float]:
        """Let the peaks of the sites begin anew; return their sizes."""
        for name in self.folders:
            Path(f"/proc/{self.processes[name].pid}/clear_refs").write_text("5")
        return {name: self.megabytes(name, "VmRSS") for name in self.folders}

    def cpu_seconds(self, name: str) -> float:
        """Return the processor time that a process took since it started."""
        fields = Path(f"/proc/{self.processes[name].pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start(folder: Path) -> Stand:
    """Start provider and sites."""
    told = listening()
    doors = {name: (listening(), listening()) for name in ("asking", "telling")}
    directory = Directory(
        "XA",
        1,
        datetime.now(UTC),
        members=(Member(ASKS.member, {"en": "Asks"}), Member(TELLS.member, {"en": "Tells"})),
        subsystems=(Subsystem(ASKS, {}), Subsystem(TELLS, {})),
        servers=(
            Server(ASKING, f"http://127.0.0.1:{port_of(doors['asking'][1])}", frozenset({ASKS})),
            Server(TELLING, f"http://127.0.0.1:{port_of(doors['telling'][1])}", frozenset({TELLS})),
        ),
    )
    definition = ServiceDefinition(SERVICE, ServiceKind.REST, f"http://127.0.0.1:{port_of(told)}/base")
    snapshots = {
        "asking": Snapshot(ASKING, directory, {ASKS: LocalClient(ASKS)}, {}, {}),
        "telling": Snapshot(
            TELLING,
            directory,
            {TELLS: LocalClient(TELLS)},
            {SERVICE: definition},
            {SERVICE: (Right(ASKS, SERVICE),)},
        ),
    }
    stand = Stand(port_of(told), port_of(doors["asking"][0]), {name: folder / name for name in doors})
    fork = multiprocessing.get_context("fork")
    works = {"provider": fork.Process(target=provider, args=(told,), daemon=True)}
    for name, both in doors.items():
        stand.folders[name].mkdir(0o700)
        arguments = (snapshots[name], *both, stand.folders[name])
        works[name] = fork.Process(target=site, args=arguments, daemon=True)
    for work in works.values():
        work.start()
    for sock in (told, *doors["asking"], *doors["telling"]):
        sock.close()
    stand.processes = dict(works)  # type: ignore[arg-type]
    return stand


def stop(stand: Stand) -> None:
    """Stop all processes."""
    for process in stand.processes.values():
        process.terminate()
    for process in stand.processes.values():
        process.join(20)
        if process.is_alive():
            process.kill()
