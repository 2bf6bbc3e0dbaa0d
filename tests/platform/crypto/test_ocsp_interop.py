# SPDX-License-Identifier: EUPL-1.2
"""Status answers of others: of openssl's responder, and inside real signatures."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from flagstone.platform.crypto import ocsp_checks
from flagstone.platform.crypto.certificates import Certificate, CertificateUnreadable
from flagstone.platform.crypto.ocsp import OcspPolicy, read_response, request_for
from tests.platform.crypto.pki import (
    AUTHORITY,
    NOW,
    RESPONDER,
    SIGNER,
    VECTORS,
    issue,
    needs_openssl,
    needs_vectors,
    openssl,
)
from tests.platform.crypto.test_ocsp import judged


@needs_openssl
@pytest.mark.parametrize("kind", ["RSA", "P-256"])
def test_openssls_responder_is_understood(kind: str, tmp_path: Path) -> None:
    root = issue("Live root", AUTHORITY, kind=kind)
    delegate = issue("Live status", RESPONDER, root, kind=kind)
    good, bad = (issue(name, SIGNER, root).certificate for name in ("good", "bad"))
    (tmp_path / "root.pem").write_bytes(root.pem)
    (tmp_path / "status.pem").write_bytes(delegate.pem)
    (tmp_path / "status.key").write_bytes(delegate.key.to_pem())
    lines = [
        f"V\t271122080000Z\t\t{_hex(good)}\tunknown\t/CN=good",
        f"R\t271122080000Z\t261101000000Z,keyCompromise\t{_hex(bad)}\tunknown\t/CN=bad",
    ]
    (tmp_path / "index.txt").write_text("\n".join(lines) + "\n")
    states = {}
    for certificate in (good, bad, issue("never", SIGNER, root).certificate):
        (tmp_path / "request").write_bytes(request_for(certificate, root.certificate))
        ended = openssl(
            "ocsp",
            "-index",
            tmp_path / "index.txt",
            "-rsigner",
            tmp_path / "status.pem",
            "-rkey",
            tmp_path / "status.key",
            "-CA",
            tmp_path / "root.pem",
            "-reqin",
            tmp_path / "request",
            "-respout",
            tmp_path / "response",
            "-ndays",
            "1",
        )
        assert ended.returncode == 0, ended.stderr
        response = (tmp_path / "response").read_bytes()
        at = read_response(response).this_update
        assert at is not None
        policy = OcspPolicy(responders=(delegate.certificate,), check_next_update=False)
        failed = judged(response, at=at, certificate=certificate, issuer=root.certificate, policy=policy)
        states[certificate.subject_text[:6]] = [each.code for each in failed]
    assert states == {"CN=goo": [], "CN=bad": ["ocsp.not-revoked"], "CN=nev": ["ocsp.known"]}


def _hex(certificate: Certificate) -> str:
    text = f"{certificate.serial:X}"
    return text if len(text) % 2 == 0 else f"0{text}"


@needs_vectors
def test_answers_inside_real_signatures_are_believed_at_their_time() -> None:
    anchors = _certificates(*(VECTORS / "globalconf-on-disk").rglob("shared-params.xml"))
    judged_ones = 0
    for path in sorted((VECTORS / "signatures").rglob("*.xml")):
        text = path.read_bytes()
        own = _certificates(path)
        for value in re.findall(rb"EncapsulatedOCSPValue[^>]*>([^<]+)<", text):
            response = base64.b64decode(value.replace(b"&#13;", b""))
            read = read_response(response)
            assert read.cert_id is not None
            assert read.this_update is not None
            for certificate in {each for each in own + anchors if each.serial == read.cert_id.serial}:
                for issuer in {each for each in anchors + own if read.cert_id.fits(each)}:
                    policy = OcspPolicy(responders=tuple(anchors))
                    failed = judged(
                        response, at=read.this_update, policy=policy, certificate=certificate, issuer=issuer
                    )
                    judged_ones += 1
                    assert failed == (), path
                    late = judged(response, at=NOW, policy=policy, certificate=certificate, issuer=issuer)
                    assert ocsp_checks.FRESH in [each.check for each in late]
    assert judged_ones > 10


def _certificates(*paths: Path) -> list[Certificate]:
    found = []
    for path in paths:
        for value in re.findall(
            rb">([A-Za-z0-9+/=\s]{300,}|(?:[A-Za-z0-9+/=]|&#13;|\s){300,})<", path.read_bytes()
        ):
            try:
                found.append(Certificate.read(value.replace(b"&#13;", b"")))
            except CertificateUnreadable:
                continue
    return found
