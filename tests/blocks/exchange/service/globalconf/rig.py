# SPDX-License-Identifier: EUPL-1.2
"""A centre that publishes in a folder, a web server that answers as told, and servers that follow."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.empty import placed

from flagstone.blocks.exchange.contract.directory import (
    Directory,
    GlobalGroup,
    Member,
    Server,
    Subsystem,
)
from flagstone.blocks.exchange.contract.globalconf import (
    Anchor,
    Approved,
    ApprovedCa,
    ApprovedTsa,
    Audience,
    CaInfo,
    CostType,
    InstanceTerms,
    ManagementService,
    OcspResponder,
)
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId
from flagstone.blocks.exchange.service.globalconf.downloading import Downloader
from flagstone.blocks.exchange.service.globalconf.following import Follower, Following
from flagstone.blocks.exchange.service.globalconf.keeping import Kept, Swapped
from flagstone.blocks.exchange.service.globalconf.publishing import Publisher, Publishing
from flagstone.blocks.exchange.service.globalconf.signing_keys import SigningKeys
from flagstone.blocks.exchange.store.globalconf import configuration_key  # noqa: F401  # for the tables
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.kernel.clock import SetClock
from flagstone.platform.crypto.issuing import Draft, Extensions, fresh_serial, signed, to_be_signed
from flagstone.platform.crypto.signing import SoftKey
from flagstone.platform.http.client import CallBounds
from flagstone.platform.http.public import PublicDocuments
from flagstone.platform.storage.database import Database

VECTORS = Path(__file__).parents[6] / "shared" / "vectors" / "xroad"
SIGNED = VECTORS / "globalconf-signed"
ON_DISK = VECTORS / "globalconf-on-disk"
needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="the vectors of X-Road are not beside the repository"
)
AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)

MINISTRY = ClientId("XA", "GOV", "10000001")
REGISTRY = ClientId("XA", "GOV", "10000001", "registry")
COMPANY = ClientId("XA", "COM", "20000002")
PAYROLL = ClientId("XA", "COM", "20000002", "payroll")
SERVER = ServerId(MINISTRY, "interior")
BOUNDS = CallBounds(1.0, 0.5, 1.5, 2 * 1024 * 1024, 4)


def directory(instance: str = "XA", revision: int = 1) -> Directory:
    """Return a small directory of an instance."""

    def here(client: ClientId) -> ClientId:
        return ClientId(instance, client.member_class, client.member_code, client.subsystem)

    return Directory(
        instance,
        revision,
        AT,
        (Member(here(COMPANY), {"en": "Davik & <Sons>"}), Member(here(MINISTRY), {"en": "Interior"})),
        (Subsystem(here(PAYROLL), {"et": "Palgad"}), Subsystem(here(REGISTRY), {"en": "Registers"})),
        (
            Server(
                ServerId(here(MINISTRY), "interior"),
                "http://127.0.0.1:5500",
                frozenset({here(REGISTRY), here(PAYROLL)}),
            ),
            Server(ServerId(here(COMPANY), "own"), "https://ss.davik.test:5500", frozenset(), True),
        ),
        (GlobalGroup("all", {"en": "Everybody"}, frozenset({here(REGISTRY), here(MINISTRY)})),),
    )


@cache
def certificate(name: str) -> bytes:
    """Return a self-signed certificate, DER."""
    key = SoftKey.generate_ec()
    extensions = Extensions(key_usage=("digital_signature",))
    draft = Draft(fresh_serial(), (("CN", name),), AT, AT.replace(year=2040), key.public_der, extensions)
    return signed(to_be_signed(draft, None, key.algorithm), key, key.algorithm)


class AllApproved:
    """Approves one authority, one time-stamper and one server's certificate."""

    def approved(self) -> Approved:
        top = CaInfo(
            certificate("Root"), (OcspResponder("http://ocsp.test/", certificate("OCSP"), CostType.FREE),)
        )
        ca = ApprovedCa("Aralian CA", top, "x.BasicCertificateProfileInfoProvider", request_format="DER")
        tsa = ApprovedTsa("Aralian TSA", "http://tsa.test/", certificate("TSA"), CostType.PAID)
        return Approved((ca,), (tsa,), {SERVER: (certificate("interior"),)})


@dataclass
class Centre:
    """A publisher of one instance and what it says of itself."""

    publisher: Publisher
    address: list[str]
    directory: list[Directory]

    @property
    def folder(self) -> Path:
        return self.publisher.folder.current

    def anchor(self, audience: Audience = Audience.INTERNAL) -> Anchor:
        return self.publisher.anchor(audience)


@contextmanager
def centre(
    folder: Path,
    clock: SetClock,
    *,
    instance: str = "XA",
    federated: Callable[[], tuple[Anchor, ...]] = tuple,
) -> Iterator[Centre]:
    """Give a centre that has published once; its keys are on curves, for speed."""
    database = Database(SCHEMA, placed(SCHEMA, folder / f"{instance}.sqlite"), "aralia/centre", clock=clock)
    address, directories = ["http://127.0.0.1:1"], [directory(instance)]
    owner = ClientId(instance, "GOV", "10000001")
    keys = SigningKeys(
        database, folder / f"{instance}-keys", ServerId(owner, "centre"), make=SoftKey.generate_ec
    )

    def terms() -> InstanceTerms:
        management = ManagementService(f"{address[0]}/managementservice/", owner)
        return InstanceTerms(urlsplit(address[0]).netloc, management, {"GOV": "Government"})

    publisher = Publisher(
        Swapped(folder / f"{instance}-published"),
        keys,
        clock,
        directory=lambda: directories[0],
        approved=AllApproved(),
        publishing=Publishing(terms, lambda: address[0], federated),
    )
    keys.ensure()
    publisher.publish()
    yield Centre(publisher, address, directories)
    database.close()


Told = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Web:
    """A web server: files of a publication, or by path whatever it is told to do."""

    server: ThreadingHTTPServer
    folder: Path | None = None
    told: dict[str, Told] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        self.asked.append(handler.path)
        parts = urlsplit(handler.path)
        if told := self.told.get(handler.path) or self.told.get(parts.path):
            told(handler)
            return
        version = parse_qs(parts.query).get("version", ["2"])[0]
        name = parts.path if parts.path.startswith("/V") else f"/V{version}{parts.path}"
        file = self.folder / name[1:] if self.folder else None
        send(handler, 200, file.read_bytes()) if file and file.is_file() else send(handler, 404)


def send(
    handler: BaseHTTPRequestHandler,
    status: int,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send a whole answer."""
    handler.send_response(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def web(folder: Path | None = None) -> Iterator[Web]:
    """Run a web server on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                found.answer(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Web(server, folder)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def follower(
    folder: Path, anchor: Anchor, clock: SetClock, *, federations: frozenset[str] = frozenset()
) -> Follower:
    """Return a server that follows `anchor`, with https before http and no chance."""
    documents = PublicDocuments(bounds=BOUNDS)
    return Follower(
        Kept(folder),
        lambda: anchor,
        Downloader(documents, clock),
        clock,
        following=Following(federations),
        shuffle=lambda _: None,
    )
