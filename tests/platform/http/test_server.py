# SPDX-License-Identifier: EUPL-1.2
"""The server's start and end, TLS, and calls to other sites."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from flagstone.kernel.errors import SettingsFault
from flagstone.platform.http.bounds import Bounds
from flagstone.platform.http.client import AnswerRefused, CallBounds, OtherSite, OtherSites, SiteUnreachable
from flagstone.platform.http.server import Tls, bind, server, tls_context

from .conftest import Maker, served


def test_a_port_in_use_is_told_before_anything_starts() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsFault, match=f"port {port} on 127.0.0.1 is in use"):
            bind("127.0.0.1", port)


def test_a_freed_port_can_be_had_again_at_once() -> None:
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
    bind("127.0.0.1", port).close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org"])
def test_plain_http_stays_on_this_machine(host: str) -> None:
    with pytest.raises(SettingsFault, match="TLS"):
        bind(host, 0)


def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsFault, match="not an address of this machine"):
        bind("192.0.2.1", 0, tls=Tls(tmp_path, tmp_path))


@pytest.mark.parametrize("port", [-1, 70000])
def test_a_port_that_cannot_be_is_refused(port: int) -> None:
    with pytest.raises(SettingsFault):
        bind("127.0.0.1", port)


def test_a_missing_certificate_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsFault, match="certificate"):
        tls_context(Tls(tmp_path / "none.pem", tmp_path / "none.key"))


SCRIPT = """
import sys, time
from flagstone.platform.http.application import Edge, assemble
from flagstone.platform.http.routes import ANYONE, Routes
from flagstone.platform.http.server import bind, serve
routes = Routes(document="x")
@routes.get("/slow", access=ANYONE)
def slow():
    time.sleep(1)
    return {"done": True}
with bind("127.0.0.1", 0) as listener:
    print(listener.getsockname()[1], flush=True)
    serve(assemble([routes], edge=Edge("S", "1", hosts=None)), listener)
print("clean", flush=True)
"""


EARLY = """
import os, signal, sys, uvicorn
from fastapi import FastAPI
from flagstone.platform.http import server
plain = uvicorn.Server.run
def run(self, sockets):
    os.kill(os.getpid(), int(sys.argv[1]))  # after our handler is set, before uvicorn sets its own
    plain(self, sockets)
uvicorn.Server.run = run
server.run(FastAPI(), "127.0.0.1", 0)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_the_loop_runs_is_not_lost(number: int) -> None:
    command = [sys.executable, "-c", EARLY, str(int(number))]
    assert subprocess.run(command, timeout=60, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_lets_the_running_request_end(number: int) -> None:
    with subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        wait_until_live(port)
        with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
            line.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.3)
            os.kill(process.pid, number)
            answer = b""
            while part := line.recv(65536):
                answer += part
        assert answer.endswith(b'{"done":true}')
        assert process.wait(10) == 0
        assert process.stdout.read().endswith("clean\n")


def wait_until_live(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert line.recv(12).endswith(b"200")


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    folder = tmp_path_factory.mktemp("tls")
    files = Tls(folder / "site.pem", folder / "site.key")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


@contextmanager
def served_tls(make_site: Maker, tls: Tls) -> Iterator[int]:
    listener = bind("127.0.0.1", 0, tls=tls)
    running = server(make_site().app, tls=tls)
    thread = threading.Thread(target=lambda: running.run(sockets=[listener]))
    thread.start()
    try:
        while not running.started:
            time.sleep(0.01)
        yield listener.getsockname()[1]
    finally:
        running.should_exit = True
        thread.join(20)
        listener.close()


def test_tls_is_1_3_and_nothing_less(make_site: Maker, tls: Tls) -> None:
    trust = ssl.create_default_context(cafile=str(tls.certificate))
    with served_tls(make_site, tls) as port:
        with OtherSite(f"https://127.0.0.1:{port}", trust=trust) as site:
            answer = site.call("GET", "/api/open")
            assert (answer.status, answer.json()) == (200, {"open": "yes"})
            assert "strict-transport-security" in answer.headers
        old = ssl.create_default_context(cafile=str(tls.certificate))
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with socket.create_connection(("127.0.0.1", port)) as line, pytest.raises(ssl.SSLError):
            old.wrap_socket(line, server_hostname="localhost")
        with OtherSite(f"https://127.0.0.1:{port}") as stranger, pytest.raises(SiteUnreachable):
            stranger.call("GET", "/api/open")


def test_a_call_is_bounded_in_size_and_time(make_site: Maker) -> None:
    bounds = CallBounds(answer_bytes_max=5, read_seconds_max=0.2)
    with (
        served(make_site().app, Bounds()) as port,
        OtherSite(f"http://127.0.0.1:{port}", bounds=bounds) as site,
    ):
        with pytest.raises(AnswerRefused):
            site.call("GET", "/api/open")
        with pytest.raises(SiteUnreachable):
            site.call("GET", "/api/sleep?seconds=0.6")


def test_a_call_tells_the_status_and_follows_no_redirect(make_site: Maker) -> None:
    with served(make_site().app, Bounds()) as port, OtherSite(f"http://127.0.0.1:{port}") as site:
        assert site.call("GET", "/facts").status == 303
        answer = site.call_json(
            "POST", "/api/records", headers={"Authorization": "Bearer machine"}, value={"a": 1}
        )
        assert answer.json() == {"a": 1}
        with pytest.raises(AnswerRefused):
            site.call("GET", "/", headers={"Accept": "text/html"}).json()


def test_what_a_site_reached_is_closed_with_it(make_site: Maker) -> None:
    others = OtherSites()
    with served(make_site().app, Bounds()) as port:
        reached = [others.at(f"http://127.0.0.1:{port}") for _ in range(2)]
        assert [site.call("GET", "/facts").status for site in reached] == [303, 303]
        others.close()
        for site in reached:
            with pytest.raises(RuntimeError, match="closed"):
                site.call("GET", "/facts")


def test_a_call_that_reaches_nobody_is_told() -> None:
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    with OtherSite(f"http://127.0.0.1:{port}") as site, pytest.raises(SiteUnreachable):
        site.call("GET", "/")


@pytest.mark.parametrize(
    "address", ["http://example.org", "ftp://127.0.0.1", "example.org", "https://", "file:///x"]
)
def test_only_https_leaves_this_machine(address: str) -> None:
    with pytest.raises(SettingsFault):
        OtherSite(address)
