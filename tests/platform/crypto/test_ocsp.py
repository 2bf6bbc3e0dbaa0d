# SPDX-License-Identifier: EUPL-1.2
"""Certificate status: what is believed, what is not and why, against openssl and real answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from cryptography.x509 import ocsp as others
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.kernel.findings import Check, Finding, Findings
from flagstone.platform.crypto import der, ocsp, ocsp_checks
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.digests import Digest
from flagstone.platform.crypto.ocsp import CertId, OcspPolicy, OcspUnreadable, read_response, request_for
from flagstone.platform.crypto.ocsp_responder import Good, Responder, Revoked, Status, Unknown, answer, error
from tests.platform.crypto.pki import (
    AUTHORITY,
    NOW,
    RESPONDER,
    SIGNER,
    Holder,
    Wish,
    issue,
)

ROOT = issue("Root", AUTHORITY)
DELEGATE = issue("Status", RESPONDER, ROOT)
LEAF = issue("ss1", SIGNER, ROOT)
HOUR = timedelta(hours=1)


GOOD = Good()


@dataclass(frozen=True)
class Answered:
    """How an answer was made, and how it is judged."""

    by: Holder = DELEGATE
    status: Status = GOOD
    made: datetime = NOW
    next_update: datetime | None = NOW + HOUR
    about: Certificate = LEAF.certificate
    issuer: Certificate = ROOT.certificate
    sent_along: tuple[Certificate, ...] = ()

    def response(self) -> bytes:
        return answer(
            request_for(self.about, self.issuer),
            lambda _: self.status,
            Responder(self.by.key, self.by.certificate, self.sent_along),
            now=self.made,
            next_update=self.next_update,
        )


def judged(
    response: bytes,
    *,
    at: datetime = NOW,
    policy: OcspPolicy = OcspPolicy(responder="http://ocsp.example/"),
    certificate: Certificate = LEAF.certificate,
    issuer: Certificate = ROOT.certificate,
) -> tuple[Finding, ...]:
    """What failed; nothing when the answer is believed."""
    findings = Findings()
    good = ocsp.verify(response, certificate, issuer, at=at, policy=policy, findings=findings)
    assert good is findings.verdict.good
    return findings.verdict.failed


def only(failed: tuple[Finding, ...], check: Check) -> Finding:
    """The one finding that failed, of this check."""
    assert [each.check for each in failed] == [check]
    assert failed[0].subject == LEAF.certificate.describe()
    assert failed[0].facts["certificate"] == LEAF.certificate.describe()
    assert "http://ocsp.example/" in failed[0].facts["responder"]
    return failed[0]


@pytest.mark.parametrize("kind", ["RSA", "P-256", "P-384", "P-521"])
def test_a_good_answer_of_a_delegate_is_believed(kind: str) -> None:
    delegate = issue("Status of kind", RESPONDER, ROOT, kind=kind)
    assert judged(Answered(by=delegate).response()) == ()


def test_the_authority_itself_and_an_approved_responder_may_answer() -> None:
    assert judged(Answered(by=ROOT).response()) == ()
    stranger = issue("Stranger", SIGNER)
    policy = OcspPolicy(responders=(stranger.certificate,))
    assert judged(Answered(by=stranger).response(), policy=policy) == ()


def test_the_request_is_the_one_that_others_make() -> None:
    read = others.load_der_ocsp_request(request_for(LEAF.certificate, ROOT.certificate))
    assert read.serial_number == LEAF.certificate.serial
    assert read.hash_algorithm.name == "sha1"
    assert len(list(read.extensions)) == 0
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    leaf, root = (x509.load_der_x509_certificate(each.certificate.der) for each in (LEAF, ROOT))
    built = others.OCSPRequestBuilder().add_certificate(leaf, root, hashes.SHA1()).build()
    assert request_for(LEAF.certificate, ROOT.certificate) == built.public_bytes(serialization.Encoding.DER)


def test_an_answer_that_is_too_old_says_by_how_much() -> None:
    response = Answered(next_update=None).response()
    assert judged(response, at=NOW + HOUR) == ()
    finding = only(judged(response, at=NOW + HOUR + timedelta(seconds=7), policy=POLICY), ocsp_checks.FRESH)
    assert "3607 seconds old, 3600 allowed, 7 too many" in finding.detail
    assert finding.facts["clock_difference_seconds"] == "3607"
    assert judged(response, at=NOW + 2 * HOUR, policy=OcspPolicy(freshness_seconds=7200)) == ()


POLICY = OcspPolicy(responder="http://ocsp.example/")


def test_an_answer_from_the_future_says_that_clocks_differ() -> None:
    response = Answered(made=NOW + HOUR, next_update=None).response()
    assert judged(response) == ()
    finding = only(judged(response, at=NOW - timedelta(seconds=5)), ocsp_checks.NOT_AHEAD)
    assert "3605 seconds ahead" in finding.detail
    assert finding.facts["clock_difference_seconds"] == "-3605"


def test_a_passed_next_update_counts_unless_it_is_switched_off() -> None:
    response = Answered(next_update=NOW + timedelta(minutes=10)).response()
    assert judged(response, at=NOW + timedelta(minutes=10)) == ()
    at = NOW + timedelta(minutes=10, seconds=3)
    finding = only(judged(response, at=at), ocsp_checks.NEXT_UPDATE)
    assert "3 seconds before" in finding.detail
    assert judged(response, at=at, policy=OcspPolicy(check_next_update=False)) == ()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (
            Revoked(NOW - HOUR, "keyCompromise"),
            ["revoked since 2026-11-22T07:00:00Z", "3600 seconds before", "keyCompromise"],
        ),
        (Revoked(NOW + HOUR), ["3600 seconds after", "reason: not given"]),
        (Revoked(NOW - HOUR, "certificateHold"), ["suspended since", "certificateHold"]),
    ],
)
def test_a_revoked_certificate_says_since_when_and_why(status: Revoked, words: list[str]) -> None:
    finding = only(judged(Answered(status=status).response()), ocsp_checks.NOT_REVOKED)
    assert all(each in finding.detail for each in words)


def test_an_unknown_certificate_is_not_good() -> None:
    finding = only(judged(Answered(status=Unknown()).response()), ocsp_checks.KNOWN)
    assert "no record" in finding.detail


def test_an_answer_about_another_certificate_or_issuer_is_told() -> None:
    other = issue("ss2", SIGNER, ROOT).certificate
    finding = only(judged(Answered(about=other).response()), ocsp_checks.MATCHES)
    assert other.serial_hex in finding.detail
    twin = issue("Root", AUTHORITY, key_name="twin")
    twin_status = issue("Twin status", RESPONDER, twin)
    response = Answered(by=twin_status, issuer=twin.certificate).response()
    assert ocsp_checks.MATCHES in [each.check for each in judged(response)]
    assert ocsp_checks.SIGNER_ALLOWED in [each.check for each in judged(response)]


def test_only_who_may_answer_is_believed() -> None:
    for wish in (SIGNER, Wish(usages=("digital_signature",), extended=(ExtendedKeyUsageOID.TIME_STAMPING,))):
        pretender = issue("Pretender", wish, ROOT)
        finding = only(judged(Answered(by=pretender).response()), ocsp_checks.SIGNER_ALLOWED)
        assert pretender.certificate.describe() in finding.detail
    elsewhere = issue("Elsewhere", RESPONDER, issue("Another root", AUTHORITY))
    only(judged(Answered(by=elsewhere).response()), ocsp_checks.SIGNER_ALLOWED)
    below = issue("Below", RESPONDER, issue("Middle", AUTHORITY, ROOT))
    only(judged(Answered(by=below).response()), ocsp_checks.SIGNER_ALLOWED)
    namesake = issue("Twice", RESPONDER, issue("Root", AUTHORITY, key_name="false"))
    only(judged(Answered(by=namesake).response()), ocsp_checks.SIGNER_ALLOWED)


def test_an_expired_delegate_is_not_believed() -> None:
    tired = issue("Tired", replace(RESPONDER, not_after=NOW - timedelta(seconds=9)), ROOT)
    finding = only(judged(Answered(by=tired).response()), ocsp_checks.SIGNER_IN_TIME)
    assert "9 seconds" in finding.detail
    approved = OcspPolicy(responders=(tired.certificate,))
    assert judged(Answered(by=tired).response(), policy=approved) == ()


@pytest.mark.parametrize(
    "status", ["malformed_request", "internal_error", "try_later", "sig_required", "unauthorized"]
)
def test_a_responders_error_is_said_in_words(status: str) -> None:
    finding = only(judged(error(status)), ocsp_checks.ANSWERED)
    assert ocsp_checks.ERRORS[status] in finding.detail


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>proxy error</html>",
        b"\x30\x80" * 30_000,
        b"\x30\x03\x0a\x01\x00",
        b"\x30\x03\x0a\x01\x2a",
        b"0" * 70_000,
        Answered().response() + b"\x00",
        Answered().response()[:-1],
    ],
)
def test_what_is_no_answer_is_a_finding(data: bytes) -> None:
    finding = only(judged(data), ocsp_checks.READABLE)
    assert f"{len(data)} bytes" in finding.detail
    with pytest.raises(OcspUnreadable):
        read_response(data)


def test_an_unknown_signer_is_named() -> None:
    response = Answered(by=issue("Gone", SIGNER)).response()
    stripped = others.load_der_ocsp_response(response)
    signature, sent = stripped.signature, stripped.certificates[0]
    assert sent.subject is not None
    bare = _without_certificates(response)
    assert signature in bare
    finding = only(judged(bare), ocsp_checks.SIGNER_KNOWN)
    assert "the key " in finding.detail


def _without_certificates(response: bytes) -> bytes:
    wrapped = der.read(response).children()[1].children()[0].children()
    basic = der.read(wrapped[1].body).children()
    smaller = der.sequence(*(each.whole for each in basic[:3]))
    return der.sequence(
        der.integer(0, der.ENUMERATED), der.explicit(0, der.sequence(wrapped[0].whole, der.octets(smaller)))
    )


def test_many_certificates_are_refused() -> None:
    response = Answered(sent_along=(LEAF.certificate,) * 12).response()
    only(judged(response), ocsp_checks.READABLE)


def test_the_first_single_answer_counts() -> None:
    def listed(*entries: Certificate) -> bytes:
        named = [der.sequence(CertId.of(each.serial, ROOT.certificate).der()) for each in entries]
        request = der.sequence(der.sequence(der.sequence(*named)))
        return answer(
            request,
            lambda _: Good(),
            Responder(DELEGATE.key, DELEGATE.certificate),
            now=NOW,
            next_update=None,
        )

    other = issue("ss3", SIGNER, ROOT).certificate
    assert judged(listed(LEAF.certificate, other)) == ()
    only(judged(listed(other, LEAF.certificate)), ocsp_checks.MATCHES)


def test_a_certificate_may_be_named_by_a_better_digest() -> None:
    named = CertId.of(LEAF.certificate.serial, ROOT.certificate, Digest.SHA256)
    request = der.sequence(der.sequence(der.sequence(der.sequence(named.der()))))
    response = answer(
        request, lambda _: Good(), Responder(DELEGATE.key, DELEGATE.certificate), now=NOW, next_update=None
    )
    assert judged(response) == ()


SECONDS = st.integers(-8000, 8000).map(lambda seconds: timedelta(seconds=seconds))
STRANGER = issue("Nobody", RESPONDER)


@given(
    made=SECONDS,
    next_update=st.none() | SECONDS,
    status=st.sampled_from([GOOD, GOOD, GOOD, Unknown(), Revoked(NOW - HOUR), Revoked(NOW + HOUR)]),
    by=st.sampled_from([DELEGATE, DELEGATE, ROOT, LEAF, STRANGER]),
    about=st.sampled_from([LEAF, LEAF, LEAF, DELEGATE]),
)
@settings(max_examples=80)
def test_an_answer_is_good_only_when_every_rule_holds(
    made: timedelta, next_update: timedelta | None, status: Status, by: Holder, about: Holder
) -> None:
    later = None if next_update is None else NOW + next_update
    response = Answered(by, status, NOW + made, later, about.certificate).response()
    rules = [
        abs(made) <= HOUR,
        next_update is None or next_update >= timedelta(0),
        status == GOOD,
        by in (DELEGATE, ROOT),
        about == LEAF,
    ]
    assert (judged(response) == ()) is all(rules)


VALID = Answered().response()
SIGNED = range(VALID.index(read_response(VALID).signed_bytes), len(VALID))


@given(st.integers(0, len(VALID) - 1), st.integers(1, 255))
@settings(max_examples=300)
def test_no_change_makes_another_answer(at: int, change: int) -> None:
    changed = bytearray(VALID)
    changed[at] ^= change
    findings = Findings()
    good = ocsp.verify(
        bytes(changed), LEAF.certificate, ROOT.certificate, at=NOW, policy=POLICY, findings=findings
    )
    if good:
        before, after = read_response(VALID), read_response(bytes(changed))
        assert after.signed_bytes == before.signed_bytes
        assert (after.state, after.this_update, after.cert_id) == (
            before.state,
            before.this_update,
            before.cert_id,
        )


@given(st.binary(max_size=300))
@settings(max_examples=150)
def test_any_bytes_are_judged_without_an_error(data: bytes) -> None:
    assert judged(data)
    wrapped = der.sequence(
        der.integer(0, der.ENUMERATED),
        der.explicit(0, der.sequence(der.oid("1.3.6.1.5.5.7.48.1.1"), der.octets(data))),
    )
    assert judged(wrapped)


def test_every_check_says_what_to_do() -> None:
    checks = [each for each in vars(ocsp_checks).values() if isinstance(each, Check)]
    assert len(checks) == 13
    assert len({each.code for each in checks}) == 13
    assert all(each.code.startswith("ocsp.") and each.remedy.endswith(".") for each in checks)
