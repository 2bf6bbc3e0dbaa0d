# SPDX-License-Identifier: EUPL-1.2
"""Servers start, stop with grace, and speak TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from flagstone.platform.http.wire.client import WireClient
from flagstone.platform.http.wire.faults import NoAnswer, Unreachable
from flagstone.platform.http.wire.messages import RequestHead
from tests.platform.http.talk import receive, status, talk

from .conftest import BOUNDS, Loops, Runner, get, served

WAIT = b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"
PAUSE = b"GET /pause HTTP/1.1\r\nHost: x\r\n\r\n"


@dataclass
class Pair:
    """A key and certificate that is its own authority."""

    file: Path
    der: bytes

    def server(self, *, of: Pair | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.file)
        if of is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(of.file)
        return context

    def client(self, *, own: Pair | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.file))
        if own is not None:
            context.load_cert_chain(own.file)
        return context


def pair(folder: Path, name: str) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return Pair(file, made.public_bytes(Encoding.DER))


async def call(port: int, head: RequestHead, tls: ssl.SSLContext | None, body: bytes = b"") -> bytes:
    client = WireClient(BOUNDS)
    try:
        replies = [
            await (await client.call("127.0.0.1", port, head, body, tls=tls)).body.read(1 << 30)
            for _ in range(3)
        ]
        assert client.connections == 1
        return replies[-1]
    finally:
        await client.close()


def test_tls_is_spoken_and_the_clients_certificate_handed_on(
    run: Runner[bytes], loops: Loops, tmp_path: Path
) -> None:
    server, own = pair(tmp_path, "server"), pair(tmp_path, "client")
    data = bytes(range(256)) * 8000
    with served(tls=server.server(of=own), loops=loops) as site:
        tls = server.client(own=own)
        assert run(call(site.port, get(b"/peer"), tls)) == b"127.0.0.1 %d" % len(own.der)
        assert run(call(site.port, RequestHead(b"POST", b"/chunks", ()), tls, data)) == data


def test_wrong_certificates_are_refused(run: Runner[bytes], loops: Loops, tmp_path: Path) -> None:
    server, own, other = (pair(tmp_path, name) for name in ("server", "client", "other"))
    with served(tls=server.server(of=own), loops=loops) as site:
        with pytest.raises(Unreachable):
            run(call(site.port, get(b"/peer"), other.client()))
        for tls in (server.client(), server.client(own=other)):
            with pytest.raises((Unreachable, NoAnswer)):  # TLS 1.3 refuses after the handshake
                run(call(site.port, get(b"/peer"), tls))
        with pytest.raises((Unreachable, NoAnswer)):
            run(call(site.port, get(b"/peer"), None))


def test_a_stop_lets_running_requests_end_and_takes_no_more(loops: Loops) -> None:
    with served(loops=loops) as site:
        idle = socket.create_connection(("127.0.0.1", site.port), timeout=5)
        busy = socket.create_connection(("127.0.0.1", site.port), timeout=5)
        busy.sendall(PAUSE + PAUSE)
        assert site.site.saw("begun")
        began = time.monotonic()
        site.run(site.server.stop(5.0))
        assert time.monotonic() - began < 3
        answer = receive(busy)
        assert answer.count(b"HTTP/1.1 200") == 1
        assert b"Connection: close\r\n" in answer
        assert receive(idle) == b""
        with pytest.raises(OSError, match=r"."):
            socket.create_connection(("127.0.0.1", site.port), timeout=5)
        idle.close()
        busy.close()


def test_a_stop_cuts_off_what_does_not_end(loops: Loops) -> None:
    with served(loops=loops) as site, socket.socket() as line:
        line.settimeout(5)
        line.connect(("127.0.0.1", site.port))
        line.sendall(WAIT)
        assert site.site.saw("begun")
        began = time.monotonic()
        site.run(site.server.stop(0.2))
        assert time.monotonic() - began < 2
        assert site.site.saw("cancelled")
        assert receive(line) == b""


def test_a_server_serves_several_sockets_and_can_be_stopped_unstarted(loops: Loops) -> None:
    with served(loops=loops) as site:
        second = socket.socket()
        second.bind(("127.0.0.1", 0))
        site.run(site.server.start(second))
        for port in (site.port, second.getsockname()[1]):
            assert status(talk(port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")) == 200


def test_many_connections_that_come_and_go_leave_nothing(loops: Loops) -> None:
    async def one(port: int, number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write((WAIT, b"GET", b"", PAUSE[:-1])[number % 4])
        await asyncio.sleep(0.001 * (number % 7))
        writer.close()
        await reader.read()

    async def crowd(port: int) -> None:
        for start in range(0, 100, 20):
            await asyncio.gather(*[one(port, number) for number in range(start, start + 20)])

    with served(loops=loops) as site:
        asyncio.run(crowd(site.port))
        deadline = time.monotonic() + 5
        while site.server.connections and time.monotonic() < deadline:
            time.sleep(0.02)
        assert site.server.connections == site.server.busy == 0
