# SPDX-License-Identifier: EUPL-1.2
"""Distinguished names in signatures (RFC 2253)."""

from __future__ import annotations

import pytest
from asn1crypto import x509 as asn1  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.x509.oid import NameOID

from flagstone.platform.crypto.issuer_name import issuer_name
from flagstone.platform.crypto.xades import read_signature
from tests.platform.crypto.evidence import needs_vectors, vector


def der(*parts: tuple[x509.ObjectIdentifier, str]) -> bytes:
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts]).public_bytes()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Aralia CA", "CN=Aralia CA"),
        ('a,b+c"d\\e<f>g;h', 'CN=a\\,b\\+c\\"d\\\\e\\<f\\>g\\;h'),
        (" outer ", "CN=\\ outer\\ "),
        ("#1", "CN=\\#1"),
        (" ", "CN=\\ "),
        ("Õ", "CN=Õ"),
        ("a\nb", "CN=a\\0Ab"),
    ],
)
def test_values(value: str, text: str) -> None:
    assert issuer_name(der((NameOID.COMMON_NAME, value))) == text


def test_last_first_and_unknown_types_in_hexadecimal() -> None:
    made = der((NameOID.COUNTRY_NAME, "XA"), (NameOID.BUSINESS_CATEGORY, "GOV"), (NameOID.COMMON_NAME, "x"))
    assert issuer_name(made) == "CN=x,2.5.4.15=#0c03474f56,C=XA"


def test_no_name() -> None:
    with pytest.raises(ValueError, match="Insufficient"):
        issuer_name(b"none")


@needs_vectors
def test_same_text_as_x_road_writes() -> None:
    document = vector("signatures/common/sign-0.xml")
    certificate = asn1.Certificate.load(read_signature(document).signing_certificate)
    written = issuer_name(certificate.issuer.dump())
    assert f"<ds:X509IssuerName>{written}</ds:X509IssuerName>".encode() in document
