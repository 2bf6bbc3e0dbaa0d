# SPDX-License-Identifier: EUPL-1.2
"""OpenSSL judges what the running authority says over HTTP: certificates, status, lists, time, requests."""

from __future__ import annotations

import base64
import contextlib
import http.client
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
import uvicorn
from tests.blocks.registry.web.over_http import CallersByToken
from tests.blocks.trust.over_http import application
from tests.blocks.trust.rig import PERSON, SERVER, established, officer, other_plan, root_in, service_on

from flagstone.blocks.trust.contract.authority import Holder, Profile, RevocationReason
from flagstone.blocks.trust.contract.keys import KeyType
from flagstone.blocks.trust.service.service import Service
from flagstone.blocks.trust.service.terms import US
from flagstone.blocks.trust.store.tables import SCHEMA
from flagstone.kernel.clock import SystemClock
from flagstone.platform.crypto.pem import to_pem
from flagstone.platform.storage import engine, migration
from flagstone.platform.storage.database import Database

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="component missing: openssl")


@dataclass
class Running:
    """An authority that answers at a port, and a folder for files."""

    service: Service
    port: int
    folder: Path

    def openssl(self, *arguments: str, good: bool = True) -> str:
        done = subprocess.run(
            ["openssl", *arguments], cwd=self.folder, capture_output=True, text=True, timeout=30, check=False
        )
        said = done.stdout + done.stderr
        assert (done.returncode == 0) is good, said
        return said

    def get(self, path: str) -> tuple[http.client.HTTPResponse, bytes]:
        return self.call("GET", path)

    def call(
        self, method: str, path: str, body: bytes = b"", type_: str = ""
    ) -> tuple[http.client.HTTPResponse, bytes]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as caller:
            caller.request(method, path, body or None, {"Content-Type": type_} if type_ else {})
            answer = caller.getresponse()
            return answer, answer.read()

    def issued(self, profile: Profile, holder: Holder) -> str:
        """Issue for a key that OpenSSL made; return the serial number."""
        name = profile.value
        self.openssl(
            "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", f"{name}.key"
        )
        self.openssl("req", "-new", "-key", f"{name}.key", "-subj", "/CN=ignored", "-out", f"{name}.csr")
        csr = (self.folder / f"{name}.csr").read_bytes()
        asked = self.service.ask(officer(), csr, profile, holder)
        serial = self.service.decide(officer(), asked.id, approves=True).serial
        (self.folder / f"{name}.pem").write_bytes(to_pem(self.service.certificate(US, serial).der))
        return serial

    def status(self, name: str, *, digest: str = "sha1", nonce: str = "-no_nonce") -> str:
        url = f"http://127.0.0.1:{self.port}/trust/ocsp"
        chain = ("-issuer", "issuing.pem", "-CAfile", "root.pem", "-verify_other", "chain.pem")
        return self.openssl("ocsp", "-url", url, *chain, nonce, f"-{digest}", "-cert", f"{name}.pem")


@pytest.fixture(scope="module", params=["rsa", "ec"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("others")
    kinds = {"rsa": (KeyType.RSA_2048, KeyType.RSA_2048), "ec": (KeyType.EC_P384, KeyType.EC_P256)}
    authority, other = kinds[request.param]
    plan = other_plan(authority_keys=authority, keys=other)
    clock = SystemClock()
    database = Database(SCHEMA, engine.sqlite(folder / "trust.sqlite"), "aralia/test/trust", clock=clock)
    migration.migrate(database)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        service = service_on(database, folder, plan=plan, address=f"http://127.0.0.1:{port}")
        established(service, root_in(folder), plan)
        server = uvicorn.Server(
            uvicorn.Config(application(service, CallersByToken()), log_level="critical", lifespan="off")
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.02)
        found = Running(service, port, folder)
        for role in ("issuing", "root"):
            (folder / f"{role}.pem").write_bytes(to_pem(found.get(f"/trust/{role}.cer")[1]))
        (folder / "chain.pem").write_bytes(found.get("/trust/chain.pem")[1])
        try:
            yield found
        finally:
            server.should_exit = True
            thread.join()
            database.close()


PURPOSES = {
    Profile.AUTHENTICATION: ("sslclient", SERVER),
    Profile.SIGNING: ("any", SERVER),
    Profile.SERVER: ("sslserver", Holder(name="Agency", hosts=("www.example", "example"))),
    Profile.PERSON_AUTHENTICATION: ("sslclient", PERSON),
    Profile.PERSON_SIGNING: ("any", PERSON),
}


@pytest.mark.parametrize("profile", PURPOSES)
def test_chains_verify_for_their_purpose(running: Running, profile: Profile) -> None:
    purpose, holder = PURPOSES[profile]
    running.issued(profile, holder)
    strict = ("-x509_strict", "-purpose", purpose, "-CAfile", "root.pem", "-untrusted", "issuing.pem")
    assert "OK" in running.openssl("verify", *strict, f"{profile.value}.pem")
    shown = running.openssl("x509", "-in", f"{profile.value}.pem", "-noout", "-text")
    assert "/trust/ocsp" in shown
    assert "/trust/issuing.crl" in shown
    assert "ignored" not in shown
    usage = {"signing": "Non Repudiation", "person-signing": "Non Repudiation"}
    assert usage.get(profile.value, "Digital Signature") in shown


def test_status_is_told_by_both_ways_of_asking(running: Running) -> None:
    serial = running.issued(Profile.SIGNING, SERVER)
    for options in ({}, {"digest": "sha256"}, {"nonce": "-nonce"}):
        said = running.status("signing", **options)
        assert "Response verify OK" in said
        assert "signing.pem: good" in said
    running.service.suspend(officer(), serial)
    assert "certificateHold" in running.status("signing")
    running.service.release(officer(), serial)
    assert "signing.pem: good" in running.status("signing")
    running.service.revoke(officer(), serial, RevocationReason.KEY_COMPROMISE)
    assert "keyCompromise" in running.status("signing")
    running.openssl(
        "ocsp", "-issuer", "issuing.pem", "-cert", "signing.pem", "-no_nonce", "-reqout", "asked.der"
    )
    asked = quote(base64.b64encode((running.folder / "asked.der").read_bytes()).decode(), safe="")
    answer, body = running.get(f"/trust/ocsp/{asked}")
    assert answer.headers["Content-Type"] == "application/ocsp-response"
    assert "max-age=" in answer.headers["Cache-Control"]
    (running.folder / "answer.der").write_bytes(body)
    files = ("-respin", "answer.der", "-reqin", "asked.der", "-issuer", "issuing.pem", "-cert", "signing.pem")
    assert "revoked" in running.openssl("ocsp", *files, "-CAfile", "root.pem", "-verify_other", "chain.pem")


def test_strangers_are_unknown_and_nonsense_is_malformed(running: Running) -> None:
    running.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=s", "-out", "other.pem")
    url, chain = (
        f"http://127.0.0.1:{running.port}/trust/ocsp",
        ("-CAfile", "root.pem", "-VAfile", "chain.pem"),
    )
    number = ("-serial", "0x" + "5a" * 16)
    said = running.openssl("ocsp", "-url", url, "-issuer", "issuing.pem", *chain, *number, "-no_nonce")
    assert "unknown" in said
    said = running.openssl(
        "ocsp", "-url", url, "-issuer", "other.pem", "-serial", "1", "-no_nonce", *chain, good=False
    )
    assert "unauthorized" in said
    for path in ("/trust/ocsp/%25%25", "/trust/ocsp/AAAA"):
        assert running.get(path)[1] == bytes.fromhex("30030a0101")
    assert running.call("POST", "/trust/ocsp", b"x", "application/ocsp-request")[1].hex() == "30030a0101"
    assert running.call("POST", "/trust/ocsp", b"x", "text/plain")[0].status == 400
    assert running.call("POST", "/trust/ocsp", b"x" * 20_000, "application/ocsp-request")[0].status == 413


def test_the_list_verifies(running: Running) -> None:
    serial = running.issued(Profile.SIGNING, SERVER)
    running.service.revoke(officer(), serial, RevocationReason.SUPERSEDED)
    answer, body = running.get("/trust/issuing.crl")
    assert answer.headers["Content-Type"] == "application/pkix-crl"
    (running.folder / "list.crl").write_bytes(body)
    files = ("-inform", "DER", "-in", "list.crl", "-CAfile", "issuing.pem", "-noout", "-text")
    said = running.openssl("crl", *files)
    assert "verify OK" in said
    assert serial.upper() in said
    assert "Superseded" in said
    (running.folder / "list.pem").write_bytes(to_pem(body, "X509 CRL"))
    chain = ("-CAfile", "root.pem", "-untrusted", "issuing.pem", "-CRLfile", "list.pem", "-crl_check")
    assert "certificate revoked" in running.openssl("verify", *chain, "signing.pem", good=False)


def test_time_is_stamped(running: Running) -> None:
    (running.folder / "data").write_bytes(b"what is stamped")
    for options in (("-sha512", "-cert"), ("-sha256", "-cert", "-no_nonce")):
        running.openssl("ts", "-query", "-data", "data", *options, "-out", "query.tsq")
        query = (running.folder / "query.tsq").read_bytes()
        answer, body = running.call("POST", "/trust/tsa", query, "application/timestamp-query")
        assert answer.headers["Content-Type"] == "application/timestamp-reply"
        (running.folder / "reply.tsr").write_bytes(body)
        chain = ("-CAfile", "root.pem", "-untrusted", "issuing.pem")
        said = running.openssl("ts", "-verify", "-data", "data", "-in", "reply.tsr", *chain)
        assert "Verification: OK" in said
        shown = running.openssl("ts", "-reply", "-in", "reply.tsr", "-text")
        assert datetime.now(UTC).strftime("%Y GMT") in shown
    assert running.call("POST", "/trust/tsa", query, "text/plain")[0].status == 400
