# SPDX-License-Identifier: EUPL-1.2
"""Answers about status, as openssl and cryptography read them; requests of every kind of hostility."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import ocsp as shapes  # type: ignore[import-untyped]
from cryptography.x509 import ocsp as others
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.kernel.findings import Findings
from flagstone.platform.crypto import der, ocsp, signing, timestamp
from flagstone.platform.crypto.digests import Digest, digest_of
from flagstone.platform.crypto.ocsp import CertId, OcspUnreadable, request_for
from flagstone.platform.crypto.ocsp_responder import (
    NONCE_OID,
    REASONS,
    Good,
    Responder,
    Revoked,
    Status,
    Unknown,
    answer,
    read_request,
)
from flagstone.platform.crypto.signing import Algorithm, SoftKey
from flagstone.platform.crypto.timestamp_authority import Authority, grant
from tests.platform.crypto.pki import (
    AUTHORITY,
    NOW,
    RESPONDER,
    SIGNER,
    STAMPER,
    issue,
    key,
    needs_openssl,
    openssl,
)

ROOT = issue("Root", AUTHORITY)
DELEGATE = issue("Status", RESPONDER, ROOT)
LEAF = issue("ss1", SIGNER, ROOT)
SIGNS = Responder(DELEGATE.key, DELEGATE.certificate)
LATER = NOW + timedelta(hours=1)


def answered(
    request: bytes, status: Status | None = None, responder: Responder = SIGNS
) -> others.OCSPResponse:
    made = answer(request, lambda _: status, responder, now=NOW, next_update=LATER)
    return others.load_der_ocsp_response(made)


def request_of(*names: CertId, extensions: bytes = b"", version: bytes = b"") -> bytes:
    entries = der.sequence(*(der.sequence(each.der()) for each in names))
    return der.sequence(der.sequence(version, entries, extensions))


def nonce(value: bytes) -> bytes:
    return der.explicit(2, der.sequence(der.sequence(der.oid(NONCE_OID), der.octets(value))))


NAMED = CertId.of(LEAF.certificate.serial, ROOT.certificate)


@pytest.mark.parametrize("reason", ["", *REASONS])
def test_others_read_what_is_answered(reason: str) -> None:
    revoked = answered(request_of(NAMED), Revoked(NOW - timedelta(days=1), reason))
    assert revoked.certificate_status is others.OCSPCertStatus.REVOKED
    assert revoked.revocation_time_utc == NOW - timedelta(days=1)
    assert (revoked.revocation_reason.value if revoked.revocation_reason else "") == reason


def test_every_part_of_an_answer() -> None:
    good = answered(request_of(NAMED), Good())
    assert good.certificate_status is others.OCSPCertStatus.GOOD
    assert (good.serial_number, good.this_update_utc, good.next_update_utc) == (NAMED.serial, NOW, LATER)
    assert good.produced_at_utc == NOW
    assert good.responder_key_hash == DELEGATE.certificate.subject_key_id
    assert (good.issuer_name_hash, good.issuer_key_hash) == (NAMED.issuer_name_hash, NAMED.issuer_key_hash)
    assert [each.serial_number for each in good.certificates] == [DELEGATE.certificate.serial]
    assert answered(request_of(NAMED), Unknown()).certificate_status is others.OCSPCertStatus.UNKNOWN


@pytest.mark.parametrize("algorithm", [Algorithm.RSA_SHA256, Algorithm.PSS_SHA256, Algorithm.RSA_SHA512])
def test_the_algorithm_may_be_chosen(algorithm: Algorithm) -> None:
    holder = issue("RSA status", RESPONDER, ROOT, kind="RSA")
    responder = Responder(holder.key, holder.certificate, algorithm=algorithm)
    read = answered(request_of(NAMED), Good(), responder)
    assert signing.verify(holder.key.public_der, read.signature, read.tbs_response_bytes, algorithm)


def test_several_certificates_get_an_answer_each_in_order() -> None:
    names = [CertId.of(serial, ROOT.certificate) for serial in (5, 3, 9)]
    made = answer(
        request_of(*names),
        lambda each: Good() if each.serial == 3 else Unknown(),
        SIGNS,
        now=NOW,
        next_update=None,
    )
    singles = shapes.OCSPResponse.load(made, strict=True).response_data["responses"]
    assert [each["cert_id"]["serial_number"].native for each in singles] == [5, 3, 9]
    assert [each["cert_status"].name for each in singles] == ["unknown", "good", "unknown"]


def test_a_nonce_comes_back_as_it_was() -> None:
    request = request_of(NAMED, extensions=nonce(der.octets(b"n" * 32)))
    assert read_request(request).nonce == der.octets(b"n" * 32)
    read = answered(request, Good())
    assert next(iter(read.extensions)).value.public_bytes() == der.octets(b"n" * 32)
    assert read_request(request_of(NAMED)).nonce is None
    assert read_request(request_of(NAMED, extensions=nonce(b"raw"))).nonce == b"raw"


def test_certificates_of_another_authority_are_not_answered_for() -> None:
    assert answered(request_of(NAMED), None).response_status is others.OCSPResponseStatus.UNAUTHORIZED
    assert NAMED.fits(ROOT.certificate)
    assert not NAMED.fits(LEAF.certificate)
    assert CertId.of(1, ROOT.certificate, Digest.SHA256).fits(ROOT.certificate)


HOSTILE = [
    b"",
    b"\x30\x00",
    b"\x30\x80" * 8_000,
    b"A" * 20_000,
    request_of(),
    request_of(*[NAMED] * 33),
    request_of(NAMED, extensions=nonce(b"")),
    request_of(NAMED, extensions=nonce(b"n" * 200)),
    request_of(NAMED) + b"\x00",
    request_of(NAMED).replace(der.oid(Digest.SHA1.oid), der.oid("1.3.14.3.2.27")),
    request_of(CertId(Digest.SHA1, b"", b"", 2**600)),
    der.sequence(der.sequence(der.sequence(der.null()))),
]


@pytest.mark.parametrize("request_bytes", HOSTILE, ids=range(len(HOSTILE)))
def test_malformed_requests_get_the_error_of_that_name(request_bytes: bytes) -> None:
    with pytest.raises(OcspUnreadable):
        read_request(request_bytes)
    malformed = others.OCSPResponseStatus.MALFORMED_REQUEST
    assert answered(request_bytes, Good()).response_status is malformed


@given(st.binary(max_size=200), st.integers(0, 100), st.integers(1, 255))
@settings(max_examples=200)
def test_any_request_is_answered(data: bytes, at: int, change: int) -> None:
    changed = bytearray(request_of(NAMED, extensions=nonce(b"nonce")))
    changed[at % len(changed)] ^= change
    for request in (data, bytes(changed)):
        answered(request, Good())


@needs_openssl
@pytest.mark.parametrize("kind", ["RSA", "P-256"])
@pytest.mark.parametrize(
    ("status", "shown"), [(Good(), "good"), (Revoked(NOW, "superseded"), "revoked"), (Unknown(), "unknown")]
)
def test_openssls_client_believes_our_answers(kind: str, status: Status, shown: str, tmp_path: Path) -> None:
    root = issue("Asked root", AUTHORITY, kind=kind)
    delegate = issue("Asked status", RESPONDER, root, kind=kind)
    leaf = issue("asked", SIGNER, root)
    for name, holder in (("root", root), ("leaf", leaf)):
        (tmp_path / name).write_bytes(holder.pem)
    made = openssl(
        "ocsp", "-issuer", tmp_path / "root", "-cert", tmp_path / "leaf", "-reqout", tmp_path / "request"
    )
    assert made.returncode == 0, made.stderr
    now = datetime.now(UTC)
    response = answer(
        (tmp_path / "request").read_bytes(),
        lambda _: status,
        Responder(delegate.key, delegate.certificate),
        now=now,
        next_update=now + timedelta(hours=1),
    )
    (tmp_path / "response").write_bytes(response)
    judge: list[str | Path] = [
        "-CAfile",
        tmp_path / "root",
        "-issuer",
        tmp_path / "root",
        "-attime",
        str(int(NOW.timestamp())),
    ]
    questions: list[list[str | Path]] = [
        ["-reqin", tmp_path / "request"],
        ["-no_nonce", "-cert", tmp_path / "leaf"],
    ]
    for asked in questions:
        ended = openssl("ocsp", "-respin", tmp_path / "response", *judge, *asked)
        text = (ended.stdout + ended.stderr).decode()
        assert "Response verify OK" in text, text
    assert f": {shown}" in text


def test_the_request_of_ours_is_read_by_ourselves() -> None:
    assert read_request(request_for(LEAF.certificate, ROOT.certificate)).entries == (NAMED,)


@dataclass(frozen=True)
class Elsewhere:
    """A key that keeps the Protocol and nothing more, as one in a module does."""

    kept: SoftKey

    @property
    def public_der(self) -> bytes:
        return self.kept.public_der

    @property
    def algorithm(self) -> Algorithm:
        return self.kept.algorithm

    def sign(self, data: bytes, algorithm: Algorithm | None = None) -> bytes:
        return self.kept.sign(data, algorithm)


@pytest.mark.parametrize("kind", ["RSA", "P-256"])
def test_a_key_that_is_kept_elsewhere_answers_and_stamps(kind: str) -> None:
    kept = Elsewhere(key("elsewhere", kind))
    status = issue("Kept status", RESPONDER, ROOT, other=kept).certificate
    clock = issue("Kept clock", STAMPER, ROOT, other=kept).certificate
    made = answer(request_of(NAMED), lambda _: Good(), Responder(kept, status), now=NOW, next_update=LATER)
    findings, policy = Findings(), ocsp.OcspPolicy()
    assert ocsp.verify(made, LEAF.certificate, ROOT.certificate, at=NOW, policy=policy, findings=findings)
    asked = timestamp.query(digest_of(b"data"), Digest.SHA512)
    token = timestamp.read_reply(
        grant(asked, Authority(kept, clock, "1.2.3.4"), serial=lambda: 1, now=NOW), asked
    )
    assert timestamp.verify(token, b"data", tsa_certificates=[clock], findings=findings) == NOW
