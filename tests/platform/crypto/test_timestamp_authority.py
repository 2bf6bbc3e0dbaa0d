# SPDX-License-Identifier: EUPL-1.2
"""Time-stamps that we give, as openssl and asn1crypto read them; queries of every kind of hostility."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import tsp  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.platform.crypto import der, identifiers
from flagstone.platform.crypto.digests import Digest, digest_of
from flagstone.platform.crypto.signing import Algorithm
from flagstone.platform.crypto.timestamp import query
from flagstone.platform.crypto.timestamp_authority import Authority, grant
from tests.platform.crypto.pki import AUTHORITY, NOW, STAMPER, issue, needs_openssl, openssl

ROOT = issue("Root", AUTHORITY)
STAMP = issue("Clock", STAMPER, ROOT)
POLICY = "1.3.6.1.4.1.99999.2"
SIGNS = Authority(STAMP.key, STAMP.certificate, POLICY)
DATA = b"the bytes that are stamped"
ASKED = query(digest_of(DATA), Digest.SHA512)


class Counter:
    """Serial numbers, and how many were taken."""

    def __init__(self) -> None:
        self.taken = 0

    def __call__(self) -> int:
        self.taken += 1
        return self.taken


def granted(asked: bytes, authority: Authority = SIGNS) -> tsp.TimeStampResp:
    return tsp.TimeStampResp.load(grant(asked, authority, serial=Counter(), now=NOW), strict=True)


def test_every_part_of_a_token() -> None:
    asked = query(digest_of(DATA), Digest.SHA512, nonce=12345, cert_req=True)
    read = granted(
        asked, Authority(STAMP.key, STAMP.certificate, POLICY, (ROOT.certificate,), accuracy_ms=1500)
    )
    assert read["status"]["status"].native == "granted"
    signed = read["time_stamp_token"]["content"]
    assert signed["version"].native == "v3"
    assert len(signed["certificates"]) == 2
    info = signed["encap_content_info"]["content"].parsed
    assert info["version"].native == "v1"
    assert info["policy"].native == POLICY
    assert info["message_imprint"]["hashed_message"].native == digest_of(DATA)
    assert info["serial_number"].native == 1
    assert info["gen_time"].native == NOW
    assert info["nonce"].native == 12345
    assert dict(info["accuracy"].native) == {"seconds": 1, "millis": 500, "micros": None}
    attributes = {
        each["type"].native: each["values"][0] for each in signed["signer_infos"][0]["signed_attrs"]
    }
    assert attributes["content_type"].native == "tst_info"
    bound = attributes["signing_certificate_v2"]["certs"][0]
    assert bound["cert_hash"].native == STAMP.certificate.sha256
    assert bound["issuer_serial"]["serial_number"].native == STAMP.certificate.serial


def test_certificates_come_only_when_asked_for() -> None:
    assert granted(ASKED)["time_stamp_token"]["content"]["certificates"].native is None


@pytest.mark.parametrize(("milliseconds", "parts"), [(0, {}), (1, {"millis": 1}), (2000, {"seconds": 2})])
def test_accuracy(milliseconds: int, parts: dict[str, int]) -> None:
    authority = Authority(STAMP.key, STAMP.certificate, POLICY, accuracy_ms=milliseconds)
    info = granted(ASKED, authority)["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
    assert {name: value for name, value in info["accuracy"].native.items() if value is not None} == parts


def failure(asked: bytes) -> str:
    """The failure that a query gets; it takes no serial number."""
    taken = Counter()
    (element,) = der.read(grant(asked, SIGNS, serial=taken, now=NOW)).children()
    status = tsp.PKIStatusInfo.load(element.whole, strict=True)
    assert status["status"].native == "rejection"
    assert taken.taken == 0
    assert status["status_string"][0].native
    (name,) = status["fail_info"].native
    return str(name)


def imprint(digest: Digest, value: bytes) -> bytes:
    return der.sequence(identifiers.digest_identifier(digest), der.octets(value))


def test_what_is_not_stamped_is_said_by_its_failure() -> None:
    good = imprint(Digest.SHA512, digest_of(DATA))
    assert failure(query(digest_of(DATA, Digest.SHA1), Digest.SHA1)) == "bad_alg"
    md5 = der.sequence(der.sequence(der.oid("1.2.840.113549.2.5"), der.null()), der.octets(b"m" * 16))
    assert failure(der.sequence(der.integer(1), md5)) == "bad_alg"
    assert failure(der.sequence(der.integer(2), good)) == "bad_request"
    assert failure(der.sequence(der.integer(1), good, der.oid("1.2.3"))) == "unaccepted_policy"
    extension = der.explicit(0, der.sequence(der.sequence(der.oid("1.2.3"), der.octets(b""))))
    assert failure(der.sequence(der.integer(1), good, extension)) == "unaccepted_extensions"
    assert (
        granted(der.sequence(der.integer(1), good, der.oid(POLICY)))["status"]["status"].native == "granted"
    )


GOOD = imprint(Digest.SHA512, digest_of(DATA))
HOSTILE = [
    b"",
    b"\x30\x80" * 4_000,
    b"0" * 10_000,
    ASKED[:-1],
    ASKED + b"\x00",
    der.sequence(der.integer(1), imprint(Digest.SHA512, b"short")),
    der.sequence(der.integer(1), GOOD, der.integer(2**600)),
    der.sequence(der.integer(1), GOOD, der.integer(1), der.integer(2)),
    der.sequence(der.integer(1), GOOD, der.null()),
    der.sequence(der.integer(1)),
    der.sequence(GOOD, der.integer(1)),
]


@pytest.mark.parametrize("asked", HOSTILE, ids=range(len(HOSTILE)))
def test_malformed_queries_are_rejected(asked: bytes) -> None:
    assert failure(asked) == "bad_data_format"


@given(st.binary(max_size=200), st.integers(0, 200), st.integers(1, 255))
@settings(max_examples=200)
def test_any_query_is_answered(data: bytes, at: int, change: int) -> None:
    changed = bytearray(ASKED)
    changed[at % len(changed)] ^= change
    for asked in (data, bytes(changed)):
        reply = der.read(grant(asked, SIGNS, serial=Counter(), now=NOW)).children()
        assert len(reply) == (2 if reply[0].children()[0].integer() == 0 else 1)


@needs_openssl
@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [
        ("RSA", None),
        ("RSA", Algorithm.RSA_SHA256),
        ("RSA", Algorithm.PSS_SHA512),
        ("P-256", None),
        ("P-384", Algorithm.ECDSA_SHA384),
    ],
)
@pytest.mark.parametrize("cert_req", [False, True])
def test_openssl_verifies_our_tokens(
    kind: str, algorithm: Algorithm | None, tmp_path: Path, *, cert_req: bool
) -> None:
    root = issue("Shown root", AUTHORITY, kind=kind)
    by = issue("Shown clock", STAMPER, root, kind=kind)
    (tmp_path / "root").write_bytes(root.pem)
    (tmp_path / "tsa").write_bytes(by.pem)
    (tmp_path / "data").write_bytes(DATA)
    options = ["-cert"] if cert_req else []
    made = openssl(
        "ts", "-query", "-data", tmp_path / "data", "-sha512", *options, "-out", tmp_path / "query"
    )
    assert made.returncode == 0, made.stderr
    authority = Authority(by.key, by.certificate, POLICY, algorithm=algorithm)
    now = NOW + timedelta(milliseconds=7)
    reply = grant((tmp_path / "query").read_bytes(), authority, serial=Counter(), now=now)
    (tmp_path / "reply").write_bytes(reply)
    judge: list[str | Path] = ["-CAfile", tmp_path / "root", "-attime", str(int(NOW.timestamp()))]
    questions: list[list[str | Path]] = [["-queryfile", tmp_path / "query"], ["-data", tmp_path / "data"]]
    if algorithm is not Algorithm.PSS_SHA512:  # that openssl reads only as CMS, below
        for asked in questions:
            ended = openssl(
                "ts", "-verify", "-in", tmp_path / "reply", *asked, *judge, "-untrusted", tmp_path / "tsa"
            )
            assert b"Verification: OK" in ended.stdout, ended.stderr
    (tmp_path / "token").write_bytes(der.read(reply).children()[1].whole)
    ended = openssl(
        *("cms", "-verify", "-inform", "DER", "-in", tmp_path / "token"),
        *("-certfile", tmp_path / "tsa", "-purpose", "any", *judge),
    )
    assert ended.returncode == 0, ended.stderr
