# SPDX-License-Identifier: EUPL-1.2
"""What certificates say, in every wrapping that peers send them in."""

from __future__ import annotations

import base64
import re

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.platform.crypto.certificates import BUNDLE_MAX, Certificate, CertificateUnreadable, read_all
from flagstone.platform.crypto.signing import Algorithm
from tests.platform.crypto.pki import (
    AUTHORITY,
    NOW,
    RESPONDER,
    SERVER,
    SIGNER,
    STAMPER,
    VECTORS,
    YEAR,
    Wish,
    issue,
    needs_openssl,
    needs_vectors,
    openssl,
)

ROOT = issue("Root", AUTHORITY)
LEAF = issue("ss1", SIGNER, ROOT).certificate


def wrappings(certificate: Certificate) -> list[bytes]:
    """The forms of a certificate that global configurations hold (base64 of PEM text included)."""
    pem, plain = certificate.pem(), base64.b64encode(certificate.der)
    return [
        certificate.der,
        pem,
        b"Bag Attributes\n  friendlyName: x\n" + pem,
        pem.replace(b"\n", b"\r\n"),
        plain,
        b" \n\t" + plain[:40] + b"\n   " + plain[40:] + b" \r\n",
        base64.b64encode(pem),
        base64.encodebytes(pem),
        base64.b64encode(plain),
    ]


@pytest.mark.parametrize("form", range(9))
def test_every_wrapping_holds_the_same_certificate(form: int) -> None:
    read = Certificate.read(wrappings(LEAF)[form])
    assert read == LEAF
    assert hash(read) == hash(LEAF)


def test_what_a_certificate_says() -> None:
    assert LEAF.subject == (("C", "XA"), ("O", "Aralia"), ("CN", "ss1"))
    assert LEAF.subject_text == "CN=ss1,O=Aralia,C=XA"
    assert LEAF.issuer_text == "CN=Root,O=Aralia,C=XA"
    assert (LEAF.not_before, LEAF.not_after) == (NOW - YEAR, NOW + YEAR)
    assert LEAF.key_usage == frozenset({"nonRepudiation"})
    assert LEAF.extended is None
    assert LEAF.is_signing
    assert not LEAF.is_authentication
    assert not LEAF.is_ca
    assert LEAF.version == 3
    assert LEAF.authority_key_id == ROOT.certificate.subject_key_id
    assert LEAF.signature_algorithm is Algorithm.ECDSA_SHA512
    assert LEAF.is_signed_by(ROOT.certificate)
    assert not LEAF.is_signed_by(LEAF)
    assert LEAF.serial_hex == f"{LEAF.serial:x}"
    assert (
        LEAF.describe() == f"CN=ss1,O=Aralia,C=XA, serial {LEAF.serial_hex}, SHA-256 {LEAF.sha256.hex()[:16]}"
    )
    assert ROOT.certificate.is_ca
    assert ROOT.certificate.self_issued


def test_which_certificates_are_for_what() -> None:
    server = issue("tls", SERVER, ROOT).certificate
    assert server.is_authentication
    assert not server.is_signing
    client = issue("client", Wish(extended=(ExtendedKeyUsageOID.CLIENT_AUTH,)), ROOT).certificate
    assert client.is_authentication
    assert issue("enc", Wish(usages=("data_encipherment",)), ROOT).certificate.is_authentication
    stamper = issue("tsa", STAMPER, ROOT).certificate
    assert stamper.extended == frozenset({"timeStamping"})
    assert stamper.extended_critical
    assert issue("ocsp", RESPONDER, ROOT).certificate.extended == frozenset({"OCSPSigning"})
    assert not issue("none", Wish(usages=None), ROOT).certificate.is_authentication


def test_the_responder_that_a_certificate_names() -> None:
    access = x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(method, x509.UniformResourceIdentifier(address))
            for method, address in [
                (AuthorityInformationAccessOID.OCSP, "http://ocsp.example/"),
                (AuthorityInformationAccessOID.CA_ISSUERS, "http://ca.example/"),
            ]
        ]
    )
    assert issue("aia", Wish(more=((access, False),)), ROOT).certificate.ocsp_urls == (
        "http://ocsp.example/",
    )


def test_critical_extensions_beyond_us_and_name_constraints_are_named() -> None:
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")
    limits = x509.NameConstraints([x509.DNSName("a.example")], None)
    assert issue("s", Wish(more=((strange, True),)), ROOT).certificate.unknown_critical == (
        "1.3.6.1.4.1.99999.1",
    )
    assert issue("s", Wish(more=((strange, False),)), ROOT).certificate.unknown_critical == ()
    assert issue("s", Wish(more=((limits, False),)), ROOT).certificate.unknown_critical == ("2.5.29.30",)


@needs_openssl
def test_openssl_sees_the_same(tmp_path_factory: pytest.TempPathFactory) -> None:
    shown = openssl(
        "x509",
        "-noout",
        "-serial",
        "-fingerprint",
        "-sha256",
        "-nameopt",
        "RFC2253",
        "-subject",
        data=LEAF.pem(),
    ).stdout.decode()
    assert f"serial={LEAF.serial:X}".lower() in shown.lower().replace("=0", "=")
    assert LEAF.sha256.hex() in shown.replace(":", "").lower()
    assert f"subject={LEAF.subject_text}" in shown


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30",
        b"\x30\x80\x00\x00",
        b"no certificate",
        b"!" * 1000,
        b"A" * 200_000,
        LEAF.der + b"\x00",
        LEAF.der[:-1],
        b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        base64.b64encode(base64.b64encode(base64.b64encode(base64.b64encode(LEAF.der)))),
        b"\x30\x80" * 30_000,
        b"\x30\x84\xff\xff\xff\xff",
    ],
)
def test_what_is_no_certificate_is_refused(data: bytes) -> None:
    with pytest.raises(CertificateUnreadable):
        Certificate.read(data)


@given(st.integers(0, len(LEAF.der) - 1), st.integers(1, 255))
@settings(max_examples=200)
def test_a_changed_certificate_is_refused_or_no_longer_signed(at: int, change: int) -> None:
    changed = bytearray(LEAF.der)
    changed[at] ^= change
    try:
        read = Certificate.read(bytes(changed))
    except CertificateUnreadable:
        return
    assert read != LEAF
    assert not read.is_signed_by(ROOT.certificate)
    read.describe()


@given(st.binary(max_size=300))
@settings(max_examples=200)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(CertificateUnreadable):
        Certificate.read(data)


def test_a_bundle_is_read_whole() -> None:
    bundle = ROOT.pem + b"\ntext between\n" + LEAF.pem()
    assert read_all(bundle) == (ROOT.certificate, LEAF)
    assert read_all(b"nothing") == ()
    with pytest.raises(CertificateUnreadable):
        read_all(LEAF.pem() * (BUNDLE_MAX + 1))


def test_our_pem_is_read_by_others() -> None:
    assert x509.load_pem_x509_certificate(LEAF.pem()).serial_number == LEAF.serial


@needs_vectors
def test_every_certificate_of_the_published_vectors_is_read() -> None:
    found: set[Certificate] = set()
    tags = rb"X509Certificate|EncapsulatedX509Certificate|cert|verificationCert"
    for path in (VECTORS / "signatures").rglob("*.xml"):
        for text in re.findall(rb"<(?:\w+:)?(?:" + tags + rb")(?: [^>]*)?>([^<]+)<", path.read_bytes()):
            found.add(Certificate.read(text.replace(b"&#13;", b"")))
    shared = VECTORS / "globalconf-signed"
    for path in shared.rglob("shared-params.xml"):
        for text in re.findall(rb"<(?:\w+:)?cert>([^<]+)<", path.read_bytes()):
            found.add(Certificate.read(text))
    assert len(found) > 15
    assert all(each.signature_algorithm for each in found)
