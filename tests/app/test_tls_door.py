# SPDX-License-Identifier: EUPL-1.2
"""The door for information systems over TLS: opened by settings, and each system known by its certificate."""

from __future__ import annotations

import socket
import ssl
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPSConnection
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from flagstone.app.site import at_work, claimed, make, served
from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.service import Connection, LocalClient
from flagstone.cli import doors
from flagstone.country import Country, load
from flagstone.kernel.audit import Caller, Reason, job
from flagstone.kernel.clock import SystemClock
from flagstone.kernel.errors import SettingsFault
from flagstone.settings.options import ExchangeOptions, Http, Settings

CLOCK = SystemClock()
LANDS = Path(__file__).with_name("lands")
DESK = ClientId("XT", "GOV", "2", "desk")
US, WHY = Caller(job("test")), Reason("its certificate is known now")
METHODS = "/r1/XT/GOV/2/registry/listMethods"


@pytest.fixture
def twin(monkeypatch: pytest.MonkeyPatch) -> Country:
    monkeypatch.syspath_prepend(LANDS)
    return load("twin")


def certificate(folder: Path, name: str) -> tuple[Path, Path, bytes]:
    """Make a self-signed certificate: PEM files of it and its key, and its DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / f"{name}.pem", folder / f"{name}.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    secret.write_bytes(key.private_bytes(*plain))
    return pem, secret, made.public_bytes(serialization.Encoding.DER)


def settings_of(folder: Path, **options: Path | None) -> Settings:
    """Return the settings of the south, whose ports are any free ones."""
    exchange = ExchangeOptions(client_port=0, server_port=0, client_tls_port=0, **options)  # type: ignore[arg-type]
    return Settings(country="twin", site="south", data=folder / "data", http=Http(port=0), exchange=exchange)


def asked(port: int, shown: tuple[Path, Path, bytes] | None) -> tuple[int, str]:
    """Ask by the desk's system over TLS; return the status and the fault."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if shown is not None:
        context.load_cert_chain(shown[0], shown[1])
    with closing(HTTPSConnection("127.0.0.1", port, timeout=10, context=context)) as connection:
        connection.request("GET", METHODS, headers={"X-Road-Client": str(DESK)})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers.get("X-Road-Error", "")


@pytest.mark.slow
def test_a_system_shows_its_certificate_at_the_door_that_the_settings_open(
    twin: Country, tmp_path: Path
) -> None:
    server, desk = certificate(tmp_path, "server"), certificate(tmp_path, "desk")
    settings = settings_of(tmp_path, client_tls_certificate=server[0], client_tls_key=server[1])
    with claimed(replace(settings, http=Http()), twin, CLOCK) as site:
        make(site, lambda _what, _count: None)
    refused = "server.clientproxy.ssl_authentication_failed"
    with (
        doors.opened(settings, twin) as (had, those),
        served(had, twin, CLOCK) as site,
        at_work(site, CLOCK, clients=those.clients, servers=those.servers, secure=those.secure),
    ):
        port = had.exchange.client_tls_port
        assert port
        exchange = site.services.exchange
        assert exchange is not None
        exchange.service.register_client(US, LocalClient(DESK, Connection.SSLNOAUTH), WHY)
        assert asked(port, None)[1] != refused
        exchange.service.register_client(US, LocalClient(DESK, Connection.SSLAUTH, (desk[2],)), WHY)
        assert asked(port, None)[1] == refused
        assert asked(port, desk)[1] != refused


def test_without_its_settings_there_is_no_such_door(twin: Country, tmp_path: Path) -> None:
    with doors.opened(settings_of(tmp_path), twin) as (had, those):
        assert those.secure is None
        assert had.exchange.client_tls_port == 0


def test_half_of_the_settings_is_refused(twin: Country, tmp_path: Path) -> None:
    half = settings_of(tmp_path, client_tls_certificate=tmp_path / "server.pem")
    with pytest.raises(SettingsFault, match="both or neither"):
        doors.bound(half, twin)


def test_the_door_may_be_elsewhere_than_on_the_loopback(twin: Country, tmp_path: Path) -> None:
    server = certificate(tmp_path, "server")
    settings = settings_of(tmp_path, client_tls_certificate=server[0], client_tls_key=server[1])
    wide = replace(settings, exchange=replace(settings.exchange, client_tls_host="0.0.0.0"))
    with doors.opened(wide, twin) as (_, those):
        assert isinstance(those.secure, socket.socket)
        assert those.secure.getsockname()[0] == "0.0.0.0"
