# SPDX-License-Identifier: EUPL-1.2
"""Time-stamps: what is believed, what is not and why, against openssl and real tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms, tsp  # type: ignore[import-untyped]
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.kernel.findings import Check, Finding, Findings
from flagstone.platform.crypto import der, timestamp, timestamp_authority, timestamp_checks, timestamp_token
from flagstone.platform.crypto.certificates import Certificate, CertificateUnreadable
from flagstone.platform.crypto.digests import Digest, digest_of
from flagstone.platform.crypto.signing import Algorithm
from flagstone.platform.crypto.timestamp import TimestampRefused, query, read_reply, with_certificate
from flagstone.platform.crypto.timestamp_authority import Authority, grant
from flagstone.platform.crypto.timestamp_token import TimestampUnreadable, read_token
from tests.platform.crypto.pki import (
    AUTHORITY,
    NOW,
    STAMPER,
    VECTORS,
    Holder,
    Wish,
    issue,
    needs_openssl,
    needs_vectors,
    openssl,
)

ROOT = issue("Root", AUTHORITY)
STAMP = issue("Clock", STAMPER, ROOT)
DATA = b"the bytes that are stamped"
POLICY = "1.3.6.1.4.1.99999.2"


def token_of(
    by: Holder = STAMP,
    *,
    data: bytes = DATA,
    digest: Digest = Digest.SHA512,
    now: datetime = NOW,
    cert_req: bool = False,
    algorithm: Algorithm | None = None,
) -> bytes:
    asked = query(digest_of(data, digest), digest, cert_req=cert_req)
    authority = Authority(by.key, by.certificate, POLICY, algorithm=algorithm)
    return read_reply(grant(asked, authority, serial=lambda: 77, now=now), asked)


def judged(
    token: bytes, *, data: bytes = DATA, approved: Sequence[Certificate] = (STAMP.certificate,)
) -> tuple[datetime | None, tuple[Finding, ...]]:
    findings = Findings()
    at = timestamp.verify(token, data, tsa_certificates=approved, findings=findings)
    assert findings.verdict.good is (at is not None)
    return at, findings.verdict.failed


def only(
    token: bytes, check: Check, *, data: bytes = DATA, approved: Sequence[Certificate] = (STAMP.certificate,)
) -> Finding:
    at, failed = judged(token, data=data, approved=approved)
    assert at is None
    assert [each.check for each in failed] == [check]
    return failed[0]


@pytest.mark.parametrize("cert_req", [False, True])
@pytest.mark.parametrize("kind", ["RSA", "P-256", "P-384", "P-521"])
def test_a_token_of_an_approved_authority_is_believed(kind: str, *, cert_req: bool) -> None:
    by = issue("Clock of kind", STAMPER, ROOT, kind=kind)
    now = NOW + timedelta(microseconds=123_000)
    token = token_of(by, now=now, cert_req=cert_req)
    assert judged(token, approved=[STAMP.certificate, by.certificate]) == (now, ())


@pytest.mark.parametrize("digest", [Digest.SHA224, Digest.SHA256, Digest.SHA384, Digest.SHA512])
def test_each_digest_is_stamped(digest: Digest) -> None:
    assert judged(token_of(digest=digest)) == (NOW, ())


def test_pss_is_verified() -> None:
    by = issue("Clock with PSS", STAMPER, ROOT, kind="RSA")
    token = token_of(by, algorithm=Algorithm.PSS_SHA256)
    assert judged(token, approved=[by.certificate]) == (NOW, ())


def test_other_bytes_are_not_what_was_stamped() -> None:
    finding = only(token_of(), timestamp_checks.IMPRINT, data=b"other")
    assert finding.facts["digest"] == "SHA-512"
    assert "4d of 2026-11-22T08:00:00Z" in finding.subject


def test_a_stranger_is_named() -> None:
    stranger = issue("Stranger", STAMPER, ROOT)
    finding = only(token_of(stranger), timestamp_checks.SIGNER_KNOWN)
    assert f"serial {stranger.certificate.serial_hex} of CN=Root,O=Aralia,C=XA" in finding.detail
    assert only(token_of(), timestamp_checks.SIGNER_KNOWN, approved=[]).detail.endswith("none of 0 approved")


def test_a_certificate_inside_the_token_is_not_believed_by_itself() -> None:
    stranger = issue("Stranger", STAMPER, ROOT)
    only(token_of(stranger, cert_req=True), timestamp_checks.SIGNER_KNOWN)


def test_a_namesake_with_the_same_number_is_not_the_signer() -> None:
    namesake = issue("Clock", replace(STAMPER, serial=STAMP.certificate.serial), ROOT, key_name="namesake")
    only(token_of(namesake), timestamp_checks.SIGNATURE)
    assert judged(token_of(), approved=[namesake.certificate, STAMP.certificate]) == (NOW, ())


def test_another_certificate_of_the_same_key_is_not_the_one_that_signed() -> None:
    renewed = issue(
        "Clock", replace(STAMPER, serial=STAMP.certificate.serial, not_after=NOW + timedelta(days=1)), ROOT
    )
    assert renewed.certificate.public_der == STAMP.certificate.public_der
    only(token_of(), timestamp_checks.CERTIFICATE_BOUND, approved=[renewed.certificate])


@pytest.mark.parametrize(
    "wish",
    [
        replace(STAMPER, extended=()),
        replace(STAMPER, extended=(ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CLIENT_AUTH)),
        replace(STAMPER, extended_critical=False),
        replace(STAMPER, extended=(ExtendedKeyUsageOID.CODE_SIGNING,)),
    ],
)
def test_the_authority_must_be_for_stamping_alone(wish: Wish) -> None:
    by = issue("Not a clock", wish, ROOT)
    finding = only(token_of(by), timestamp_checks.USAGE, approved=[by.certificate])
    assert by.certificate.describe() in finding.detail


@pytest.mark.parametrize(
    ("off", "difference"), [(timedelta(days=366), "86400"), (-timedelta(days=365, seconds=5), "-5")]
)
def test_the_stated_time_lies_within_the_authoritys_certificate(off: timedelta, difference: str) -> None:
    finding = only(token_of(now=NOW + off), timestamp_checks.SIGNER_IN_TIME)
    assert finding.facts["clock_difference_seconds"] == difference


def test_several_signatures_are_refused() -> None:
    parts = timestamp_token.content_of(token_of())
    for count in (2, 100):
        more = der.tlv(der.SET, parts[-1].body * count)
        only(_around(parts, more), timestamp_checks.ONE_SIGNER)
    only(_around(parts, der.tlv(der.SET, parts[-1].body * 1001)), timestamp_checks.READABLE)
    only(_around(parts, der.set_of()), timestamp_checks.READABLE)


def _around(parts: list[der.Element], signers: bytes) -> bytes:
    signed = der.sequence(*(each.whole for each in parts[:-1]), signers)
    return der.sequence(der.oid(timestamp_token.SIGNED_DATA_OID), der.explicit(0, signed))


@pytest.mark.parametrize(("year", "believed"), [(2019, True), (2021, False)])
def test_sha_1_is_believed_only_of_old(year: int, *, believed: bool) -> None:
    by = issue("Old clock", replace(STAMPER, not_before=NOW - timedelta(days=4000)), ROOT)
    authority, now = Authority(by.key, by.certificate, POLICY), datetime(year, 6, 1, tzinfo=UTC)
    asked = timestamp_authority.Query(Digest.SHA1, digest_of(DATA, Digest.SHA1))
    statement = timestamp_authority._statement(asked, authority, 1, now)
    token = timestamp_authority._token(statement, asked, authority)
    if believed:
        assert judged(token, approved=[by.certificate]) == (now, ())
    else:
        assert only(token, timestamp_checks.DIGEST, approved=[by.certificate]).detail == "SHA-1"


def test_a_missing_certificate_is_put_in_and_the_token_still_holds() -> None:
    bare = token_of()
    full = with_certificate(bare, [ROOT.certificate, STAMP.certificate])
    assert read_token(bare).certificates == ()
    assert read_token(full).certificates == (STAMP.certificate.der,)
    assert judged(full) == (NOW, ())
    signed = cms.ContentInfo.load(full, strict=True)["content"]
    assert signed["certificates"][0].chosen.serial_number == STAMP.certificate.serial
    assert with_certificate(full, [STAMP.certificate]) == full
    assert with_certificate(bare, [ROOT.certificate]) == bare
    beside = with_certificate(_with_certificates(bare, ROOT.certificate.der), [STAMP.certificate])
    assert set(read_token(beside).certificates) == {ROOT.certificate.der, STAMP.certificate.der}
    assert judged(beside) == (NOW, ())


def _with_certificates(token: bytes, *certificates: bytes) -> bytes:
    parts = timestamp_token.content_of(token)
    held = der.tlv(0xA0, b"".join(certificates))
    signed = der.sequence(*(each.whole for each in parts[:3]), held, parts[-1].whole)
    return der.sequence(der.oid(timestamp_token.SIGNED_DATA_OID), der.explicit(0, signed))


def test_a_reply_must_fit_the_query() -> None:
    authority = Authority(STAMP.key, STAMP.certificate, POLICY)

    def reply(to: bytes) -> bytes:
        return grant(to, authority, serial=lambda: 1, now=NOW)

    plain = query(digest_of(DATA), Digest.SHA512)
    with pytest.raises(TimestampRefused, match="another digest"):
        read_reply(reply(plain), query(digest_of(b"other"), Digest.SHA512))
    with pytest.raises(TimestampRefused, match="nonce"):
        read_reply(reply(plain), query(digest_of(DATA), Digest.SHA512, nonce=5))
    with pytest.raises(TimestampRefused, match="nonce"):
        read_reply(reply(query(digest_of(DATA), Digest.SHA512, nonce=5)), plain)
    with_nonce = query(digest_of(DATA), Digest.SHA512, nonce=2**63)
    assert read_token(read_reply(reply(with_nonce), with_nonce)).info.nonce == 2**63
    with pytest.raises(der.DerRefused):
        query(b"short", Digest.SHA512)


def test_a_refusal_is_said_in_words() -> None:
    asked = query(digest_of(DATA), Digest.SHA512)
    words = der.sequence(der.tlv(der.UTF8_STRING, b"not\x1b[31m today"))
    status = der.sequence(der.integer(2), words, der.tlv(der.BIT_STRING, b"\x01\x00\x02"))
    with pytest.raises(TimestampRefused) as refused:
        read_reply(der.sequence(status), asked)
    assert refused.value.detail == f"status 2; {timestamp.FAILURES[14]}; it says: not [31m today"
    with pytest.raises(TimestampRefused, match="no token"):
        read_reply(der.sequence(der.sequence(der.integer(0))), asked)


HOSTILE = [
    b"",
    b"<html>error</html>",
    b"\x30\x80" * 60_000,
    b"\x30\x80" * 65_000 + b"\x00\x00" * 65_000,
    b"0" * 200_000,
    token_of()[:-1],
    token_of() + b"\x00",
    der.sequence(der.oid("1.2.840.113549.1.7.1"), der.explicit(0, der.octets(b"data"))),
    token_of().replace(der.oid(timestamp_token.TST_INFO_OID), der.oid("1.2.840.113549.1.9.16.1.2")),
]


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_token_is_a_finding(data: bytes) -> None:
    finding = only(data, timestamp_checks.READABLE)
    assert f"{len(data)} bytes" in finding.detail
    with pytest.raises(TimestampUnreadable):
        with_certificate(data, [STAMP.certificate])
    with pytest.raises((TimestampUnreadable, TimestampRefused)):
        read_reply(data, query(digest_of(DATA), Digest.SHA512))


VALID = token_of(cert_req=True)
MEANING = read_token(VALID)


@given(st.integers(0, len(VALID) - 1), st.integers(1, 255))
@settings(max_examples=400)
def test_no_change_makes_another_statement(at: int, change: int) -> None:
    changed = bytearray(VALID)
    changed[at] ^= change
    time, _ = judged(bytes(changed))
    if time is not None:
        after = read_token(bytes(changed))
        assert (after.info, after.signed_bytes, time) == (MEANING.info, MEANING.signed_bytes, NOW)


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, len(VALID)))
@settings(max_examples=60)
def test_parts_that_are_left_out_doubled_or_cut_make_no_other_statement(
    one: int, other: int, cut: int
) -> None:
    parts = [each.whole for each in timestamp_token.content_of(VALID)]
    parts[one % len(parts)] = parts[other % len(parts)]
    mixed = der.sequence(der.oid(timestamp_token.SIGNED_DATA_OID), der.explicit(0, der.sequence(*parts)))
    for mutant in (mixed, VALID[:cut]):
        time, _ = judged(mutant)
        assert time is None or read_token(mutant).info == MEANING.info


def test_attributes_of_another_statement_do_not_hold() -> None:
    other = timestamp_token.content_of(token_of(now=NOW + timedelta(hours=1)))
    mixed = [*timestamp_token.content_of(token_of())[:-1], other[-1]]
    only(_around(mixed, other[-1].whole), timestamp_checks.ATTRIBUTES)


@given(st.binary(max_size=300))
@settings(max_examples=150)
def test_any_bytes_are_judged_without_an_error(data: bytes) -> None:
    assert judged(data)[0] is None
    wrapped = der.sequence(der.oid(timestamp_token.SIGNED_DATA_OID), der.explicit(0, der.sequence(data)))
    assert judged(wrapped)[0] is None


def test_every_check_says_what_to_do() -> None:
    checks = [each for each in vars(timestamp_checks).values() if isinstance(each, Check)]
    assert len({each.code for each in checks}) == len(checks) == 10
    assert all(each.code.startswith("timestamp.") and each.remedy.endswith(".") for each in checks)


@needs_vectors
def test_real_tokens_have_their_expected_outcome() -> None:
    approved = _approved()
    folder = VECTORS / "timestamps"
    data = (folder / "stamped-data").read_bytes()
    valid, invalid = ((folder / name).read_bytes() for name in ("valid", "invalid-signature"))
    assert judged(valid, data=data, approved=approved) == (datetime(2012, 11, 29, 13, 10, 4, tzinfo=UTC), ())
    only(invalid, timestamp_checks.SIGNATURE, data=data, approved=approved)
    only(valid, timestamp_checks.IMPRINT, data=data + b"\n", approved=approved)
    full = with_certificate(valid, approved)
    assert len(full) > len(valid)
    assert judged(full, data=data, approved=approved)[0] is not None


def _approved() -> list[Certificate]:
    found = set()
    for path in (VECTORS / "globalconf-on-disk").rglob("shared-params.xml"):
        for value in re.findall(rb">([A-Za-z0-9+/=\s]{300,})<", path.read_bytes()):
            try:
                found.add(Certificate.read(value))
            except CertificateUnreadable:
                continue
    return [each for each in found if "timeStamping" in (each.extended or ())]


@needs_openssl
@pytest.mark.parametrize("digest", ["sha256", "sha512"])
@pytest.mark.parametrize("kind", ["RSA", "P-256"])
def test_openssls_authority_is_understood(kind: str, digest: str, tmp_path: Path) -> None:
    root = issue("Live root", AUTHORITY, kind=kind)
    by = issue("Live clock", STAMPER, root, kind=kind)
    (tmp_path / "tsa.pem").write_bytes(by.pem)
    (tmp_path / "tsa.key").write_bytes(by.key.to_pem())
    (tmp_path / "serial").write_text("01\n")
    (tmp_path / "cnf").write_text(
        f"[tsa]\nserial={tmp_path}/serial\nsigner_cert={tmp_path}/tsa.pem\nsigner_key={tmp_path}/tsa.key\n"
        f"signer_digest={digest}\ndefault_policy=1.2.3.4.1\ndigests=sha256,sha512\naccuracy=secs:1,millisecs:500\n"
        f"ess_cert_id_alg={digest}\nclock_precision_digits=6\n"
    )
    asked = query(digest_of(DATA), Digest.SHA512, nonce=99)
    (tmp_path / "query").write_bytes(asked)
    made = openssl(
        "ts",
        "-reply",
        "-config",
        tmp_path / "cnf",
        "-section",
        "tsa",
        "-queryfile",
        tmp_path / "query",
        "-out",
        tmp_path / "reply",
    )
    assert made.returncode == 0, made.stderr
    token = read_reply((tmp_path / "reply").read_bytes(), asked)
    time = read_token(token).info.time
    findings = Findings()
    timestamp.verify(token, DATA, tsa_certificates=[by.certificate], findings=findings)
    assert {each.check for each in findings.verdict.failed} <= {timestamp_checks.SIGNER_IN_TIME}
    assert abs(time - datetime.now(UTC)) < timedelta(minutes=2)
    asked = query(digest_of(DATA, Digest.SHA384), Digest.SHA384)
    (tmp_path / "query").write_bytes(asked)
    openssl(
        "ts",
        "-reply",
        "-config",
        tmp_path / "cnf",
        "-section",
        "tsa",
        "-queryfile",
        tmp_path / "query",
        "-out",
        tmp_path / "reply",
    )
    with pytest.raises(TimestampRefused, match="badAlg"):
        read_reply((tmp_path / "reply").read_bytes(), asked)


def test_others_read_the_query() -> None:
    read = tsp.TimeStampReq.load(query(digest_of(DATA), Digest.SHA512, nonce=7, cert_req=True), strict=True)
    assert read["message_imprint"]["hashed_message"].native == digest_of(DATA)
    assert read["nonce"].native == 7
    assert read["cert_req"].native is True
    plain = tsp.TimeStampReq.load(query(digest_of(DATA), Digest.SHA512), strict=True)
    assert plain["nonce"].native is None
    assert plain["cert_req"].native is False


def test_a_signer_named_by_its_key_is_found() -> None:
    token = token_of()
    parts = timestamp_token.content_of(token)
    signer = parts[-1].children()[0].children()
    assert STAMP.certificate.subject_key_id is not None
    named = der.tlv(0x80, STAMP.certificate.subject_key_id)
    info = der.sequence(der.integer(3), named, *(each.whole for each in signer[2:]))
    assert judged(_around(parts, der.set_of(info))) == (NOW, ())
    stranger = der.sequence(der.integer(3), der.tlv(0x80, b"k" * 20), *(each.whole for each in signer[2:]))
    assert "6b6b" in only(_around(parts, der.set_of(stranger)), timestamp_checks.SIGNER_KNOWN).detail
