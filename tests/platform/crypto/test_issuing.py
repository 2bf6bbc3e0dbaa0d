# SPDX-License-Identifier: EUPL-1.2
"""Certificates, lists and requests (RFC 5280, RFC 2986): read back by others, hostile ones refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.kernel.errors import Fault
from flagstone.platform.crypto import issuing
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.issuing import CertificateNotMade, CertificateRequestRefused, Draft, Extensions
from flagstone.platform.crypto.pem import all_of_pem, der_of, to_pem
from flagstone.platform.crypto.signing import SoftKey

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
LEAF = Extensions(("digital_signature",), ("client_auth",), hosts=("a.example",), ocsp_urls=("http://a/o",))


@cache
def key() -> SoftKey:
    return SoftKey.generate_ec()


@cache
def asked_for() -> bytes:
    return der_of(issuing.write_request(key(), (("CN", "whoever"),)))


@cache
def root() -> bytes:
    use = Extensions(("key_cert_sign", "crl_sign"), ca=True, path_length=1)
    return signed(
        Draft(1, (("C", "XA"), ("CN", "Root")), NOW, NOW + timedelta(days=9), key().public_der, use)
    )


def signed(draft: Draft, issuer: bytes | None = None) -> bytes:
    algorithm = issuing.algorithm_for(key().public_der)
    return issuing.signed(issuing.to_be_signed(draft, issuer, algorithm), key(), algorithm)


def draft(**changes: object) -> Draft:
    values: dict[str, object] = {
        "serial": 7,
        "subject": (("C", "XA"), ("CN", "Leaf")),
        "not_before": NOW,
        "not_after": NOW + timedelta(days=1),
        "public_der": key().public_der,
        "extensions": LEAF,
    }
    return Draft(**(values | changes))  # type: ignore[arg-type]


def test_a_certificate_says_what_was_meant() -> None:
    found = Certificate.read(signed(draft(), root()))
    assert (found.serial, found.not_before, found.not_after) == (7, NOW, NOW + timedelta(days=1))
    assert found.subject == (("C", "XA"), ("CN", "Leaf"))
    assert found.ocsp_urls == ("http://a/o",)
    assert not found.is_ca
    assert found.is_signed_by(Certificate.read(root()))
    assert issuing.is_issued_by(found.der, root())
    assert not issuing.is_issued_by(root(), found.der)


def test_what_was_on_record_is_what_is_signed() -> None:
    algorithm = issuing.algorithm_for(key().public_der)
    tbs = issuing.to_be_signed(draft(), root(), algorithm)
    for _ in range(2):
        made = issuing.signed(tbs, key(), algorithm)
        assert x509.load_der_x509_certificate(made).tbs_certificate_bytes == tbs


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co", "Zl", "Zp", "Cf", "Zs")),
    min_size=1,
    max_size=64,
)


@settings(max_examples=40, deadline=None)
@given(NAMES, st.integers(1, 2**128 - 1), st.integers(-20_000, 40_000))
def test_names_numbers_and_times_come_back(name: str, serial: int, days: int) -> None:
    start = NOW + timedelta(days=days)
    made = signed(
        draft(subject=(("O", name),), serial=serial, not_before=start, not_after=start + timedelta(days=1))
    )
    found = Certificate.read(made)
    assert (found.subject, found.serial, found.not_before) == ((("O", name),), serial, start)


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": ()},
        {"subject": (("CN", ""),)},
        {"subject": (("CN", "x" * 65),)},
        {"subject": (("CN", "a\nb"),)},
        {"subject": (("C", "XAA"),)},
        {"subject": (("CN", "a"), ("CN", "b"))},
        {"subject": (("e-mail", "a"),)},
        {"not_after": NOW},
    ],
)
def test_what_no_certificate_may_hold_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(CertificateNotMade):
        signed(draft(**changes))


def test_serial_numbers_are_long_and_differ() -> None:
    numbers = {issuing.fresh_serial() for _ in range(200)}
    assert len(numbers) == 200
    assert {number.bit_length() for number in numbers} == {128}


def test_a_list_names_what_was_revoked() -> None:
    lines = [issuing.Revoked(5, NOW, "key_compromise"), issuing.Revoked(6, NOW, "unspecified")]
    within = (NOW, NOW + timedelta(days=1))
    made = issuing.revocation_list(root(), key(), 9, within=within, revoked=lines)
    found = x509.load_der_x509_crl(made)
    assert [one.serial_number for one in found] == [5, 6]
    assert found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 9
    reason = found[0].extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert reason is x509.ReasonFlags.key_compromise
    assert not len(found[1].extensions)
    empty = issuing.revocation_list(root(), key(), 10, within=within, revoked=[])
    assert len(x509.load_der_x509_crl(empty)) == 0


def test_a_request_proves_its_key() -> None:
    asked = issuing.read_request(issuing.write_request(key(), (("CN", "x"),)))
    assert (asked.public_der, asked.key_kind) == (key().public_der, "ec-p256")
    assert issuing.read_request(der_of(issuing.write_request(key(), (("CN", "x"),)))) == asked


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_request_that_was_changed_proves_nothing(data: st.DataObject) -> None:
    good = bytearray(asked_for())
    at = data.draw(st.integers(0, len(good) - 1))
    good[at] ^= data.draw(st.integers(1, 255))
    try:
        found = issuing.read_request(bytes(good))
    except CertificateRequestRefused:
        return
    assert found.public_der == key().public_der  # only what no signature covers was changed
    assert at < 8 or at > len(good) - 90


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: f"-----BEGIN {text}".encode()))
def test_nonsense_is_refused_with_a_fault(data: bytes) -> None:
    with pytest.raises(Fault):
        issuing.read_request(data)
    with pytest.raises(Fault):
        issuing.public_of(data)
    assert not issuing.is_issued_by(data, root())


def test_weak_and_large_requests_are_refused() -> None:
    with pytest.raises(CertificateRequestRefused):
        issuing.read_request(b"0" * 20_000)


def test_pem_comes_back() -> None:
    both = to_pem(root()) + b"words between\n" + to_pem(b"\x30\x00")
    assert all_of_pem(both) == (root(), b"\x30\x00")
    assert all_of_pem(b"no pem") == ()
