# SPDX-License-Identifier: EUPL-1.2
"""The doors: how systems show who they are, and that `plain` stays on the machine and says its name."""

from __future__ import annotations

import socket
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPSConnection
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from flagstone.blocks.exchange.contract.service import Connection, LocalClient
from flagstone.blocks.exchange.web.path.plain import is_loopback, loopback_address
from flagstone.blocks.exchange.web.path.serving import MessagePath, Secure
from flagstone.blocks.exchange.web.path.tls import client_door_tls
from flagstone.kernel.clock import SystemClock
from flagstone.kernel.errors import SettingsFault
from flagstone.platform.http.tickets import Tickets

from .rig import ASKS, Exchange, Got, MemoryLog, listening

ECHO = "/r1/XA/GOV/200/registry/echo"


def certificate(folder: Path, name: str) -> tuple[Path, Path, bytes]:
    """Make a self-signed certificate: PEM files of it and its key, and its DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / f"{name}.pem", folder / f"{name}.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return pem, secret, made.public_bytes(serialization.Encoding.DER)


def ask(port: int, shown: tuple[Path, Path, bytes] | None) -> Got:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if shown is not None:
        context.load_cert_chain(shown[0], shown[1])
    connection = HTTPSConnection("127.0.0.1", port, timeout=5, context=context)
    try:
        connection.request("GET", ECHO, headers={"X-Road-Client": "XA/GOV/100/asks"})
        return Got.of(connection.getresponse())
    finally:
        connection.close()


def registered(exchange: Exchange, connection: Connection, *certificates: bytes) -> None:
    clients = {**exchange.asking.snapshot.clients, ASKS: LocalClient(ASKS, connection, certificates)}
    exchange.asking.snapshot = replace(exchange.asking.snapshot, clients=clients)


def test_systems_show_themselves_as_they_are_registered(tmp_path: Path) -> None:
    server, mine, other = (certificate(tmp_path, name) for name in ("server", "mine", "other"))
    sock = listening()
    port = sock.getsockname()[1]
    tls = client_door_tls(server[0], server[1], lambda: [mine[2], other[2]])
    refused = "server.clientproxy.ssl_authentication_failed"
    with Exchange(secure=Secure(sock, tls)) as exchange:
        registered(exchange, Connection.SSLNOAUTH)
        assert exchange.ask("GET", ECHO).fault == refused, "without TLS"
        assert ask(port, None).status == 200
        registered(exchange, Connection.SSLAUTH, mine[2])
        assert exchange.ask("GET", ECHO).fault == refused
        assert ask(port, None).fault == refused, "without a certificate"
        assert ask(port, other).fault == refused, "another system's certificate"
        assert ask(port, mine).status == 200
        registered(exchange, Connection.SSLAUTH)
        assert ask(port, mine).fault == refused, "none is registered"
        registered(exchange, Connection.NOSSL)
        assert ask(port, None).status == 200


def test_a_certificate_that_nobody_registered_ends_the_handshake(tmp_path: Path) -> None:
    server, stranger = certificate(tmp_path, "server"), certificate(tmp_path, "stranger")
    sock = listening()
    port = sock.getsockname()[1]
    with Exchange(secure=Secure(sock, client_door_tls(server[0], server[1], list))), pytest.raises(OSError):  # noqa: PT011
        ask(port, stranger)


def test_a_certificate_is_taken_from_when_it_is_registered(tmp_path: Path) -> None:
    server, mine = certificate(tmp_path, "server"), certificate(tmp_path, "mine")
    sock, known = listening(), [b"no certificate at all"]
    port = sock.getsockname()[1]
    with Exchange(secure=Secure(sock, client_door_tls(server[0], server[1], lambda: known))) as exchange:
        registered(exchange, Connection.SSLAUTH, mine[2])
        with pytest.raises(OSError):  # noqa: PT011
            ask(port, mine)
        known.append(mine[2])
        assert ask(port, mine).status == 200
        registered(exchange, Connection.SSLAUTH)  # and no more from when it is not
        assert ask(port, mine).fault == "server.clientproxy.ssl_authentication_failed"


@pytest.mark.parametrize("broken", ["missing", "empty", "swapped", "sealed"])
def test_files_that_are_no_certificate_with_its_key_are_refused(tmp_path: Path, broken: str) -> None:
    server, other = certificate(tmp_path, "server"), certificate(tmp_path, "other")
    key = {"missing": tmp_path / "none", "empty": tmp_path / "empty", "swapped": other[1]}.get(broken)
    (tmp_path / "empty").touch()
    if key is None:
        key = tmp_path / "sealed"
        secret = serialization.load_pem_private_key(server[1].read_bytes(), None)
        closed = serialization.BestAvailableEncryption(b"word")
        kinds = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
        key.write_bytes(secret.private_bytes(*kinds, closed))
    with pytest.raises(SettingsFault, match="client_tls_key"):
        client_door_tls(server[0], key, list)


@pytest.mark.parametrize(
    ("address", "fits"),
    [
        ("http://127.0.0.1:5500", True),
        ("http://127.8.9.1:5500/", True),
        ("http://[::1]:5500", True),
        ("http://0.0.0.0:5500", False),
        ("http://[::]:5500", False),
        ("http://192.168.0.1:5500", False),
        ("http://localhost:5500", False),
        ("http://127.0.0.1.example.org:5500", False),
        ("http://127.0.0.1@example.org:5500", False),
        ("http://127.0.0.1", False),
        ("http://127.0.0.1:99999", False),
        ("https://127.0.0.1:5500", False),
        ("http://127.0.0.1:5500/path", False),
        ("127.0.0.1:5500", False),
        ("http://2130706433:5500", False),
        ("http://[::ffff:8.8.8.8]:5500", False),
        ("", False),
    ],
)
def test_plain_is_for_this_machine_only(address: str, *, fits: bool) -> None:
    if fits:
        assert loopback_address(address)[1] == 5500
    else:
        with pytest.raises(SettingsFault):
            loopback_address(address)


def test_names_are_not_looked_up() -> None:
    assert not is_loopback("localhost")
    assert is_loopback("::1")


def test_plain_does_not_open_a_door_to_others_and_says_its_name() -> None:
    with Exchange() as exchange:
        assert exchange.asking.path.status().transport == "plain"
        snapshot = exchange.asking.snapshot
    path = MessagePath(
        lambda: snapshot,
        MemoryLog(),
        Tickets(),
        clock=SystemClock(),
        secret="",
        local_address="http://127.0.0.1:1",
    )
    with listening() as inner, socket.socket() as outer:
        outer.bind(("0.0.0.0", 0))
        with pytest.raises(SettingsFault, match="loopback"):
            path.start(inner, outer)
    assert not path.status().running
    path.stop(1)
