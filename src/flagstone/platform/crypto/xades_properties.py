# SPDX-License-Identifier: EUPL-1.2
"""The properties of a signature, signed and unsigned, read element by element (ETSI TS 101 903 v1.3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from lxml import etree

from flagstone.kernel.clock import parse_rfc3339
from flagstone.platform.crypto import xmldsig
from flagstone.platform.crypto.digests import Digest
from flagstone.platform.crypto.xades_form import XADES
from flagstone.platform.crypto.xmldsig import DS, SignatureRefused, children, decoded, digest_method, text

OCSP_RESPONSES_MAX = 32
TIMESTAMPS_MAX = 16

_Element = etree._Element


@dataclass(frozen=True)
class CertificateReference:
    """A certificate that is named by its digest; `uri` leads to an encapsulated one, or is empty."""

    digest: Digest
    value: bytes = field(repr=False)
    uri: str = ""


@lru_cache(maxsize=64)
def ds(name: str) -> str:
    """Return the full name of an element of XML Signature."""
    return f"{{{DS}}}{name}"


@lru_cache(maxsize=64)
def xades(name: str) -> str:
    """Return the full name of an element of XAdES."""
    return f"{{{XADES}}}{name}"


def signing_time(general: _Element) -> datetime | None:
    """Return the SigningTime (XAdES 7.2.1), or None where there is none; SignatureRefused for no time."""
    found = list(general.iterchildren(xades("SigningTime")))
    if not found:
        return None
    try:
        (only,) = found
        return parse_rfc3339(text(only))
    except ValueError:
        raise SignatureRefused("the signing time is not one time with its zone") from None


def policy(general: _Element) -> str:
    """Return the identifier of the signature policy (XAdES 7.2.3), or an empty text; SignatureRefused."""
    found = list(general.iter(xades("SigPolicyId")))
    if not found:
        return ""
    identifiers = list(found[0].iterchildren(xades("Identifier")))
    if len(found) != 1 or len(identifiers) != 1:
        raise SignatureRefused("the signature policy is not one")
    return text(identifiers[0])


def signing_references(general: _Element) -> tuple[CertificateReference, ...]:
    """Return the digests of SigningCertificate (XAdES 7.2.2) or SigningCertificateV2 (EN 319 132-1 5.2.2)."""
    lists = [*general.iterchildren(xades("SigningCertificate"), xades("SigningCertificateV2"))]
    return tuple(certificate_reference(each) for one in lists for each in children(one, xades("Cert+")))


def certificate_reference(cert: _Element) -> CertificateReference:
    """Return what one Cert element names (XAdES 7.1.2); SignatureRefused or DigestRefused."""
    digest, *_ = children(cert, xades("CertDigest"), xades("IssuerSerial?"), xades("IssuerSerialV2?"))
    method, value = children(digest, ds("DigestMethod"), ds("DigestValue"))
    return CertificateReference(digest_method(method), decoded(value), cert.get("URI", ""))


class Unsigned:
    """What UnsignedSignatureProperties hold (XAdES 7.3 to 7.6); what is not known is passed over."""

    def __init__(self, unsigned: _Element | None) -> None:
        self._properties: list[_Element] = []
        if unsigned is not None:
            found = list(unsigned.iterchildren(xades("UnsignedSignatureProperties")))
            if len(found) > 1:
                raise SignatureRefused("the unsigned properties stand twice")
            self._properties = list(found[0]) if found else []

    def certificate_references(self) -> tuple[CertificateReference, ...]:
        """Return what CompleteCertificateRefs names (XAdES 7.4.1)."""
        lists = self._below("CompleteCertificateRefs", "CertRefs")
        return tuple(certificate_reference(each) for one in lists for each in children(one, xades("Cert+")))

    def certificates(self) -> dict[str, bytes]:
        """Return the encapsulated certificates by their Id, or by their place where they have none."""
        found = list(self._below("CertificateValues", "EncapsulatedX509Certificate"))
        if len(found) > xmldsig.CERTIFICATES_MAX:
            raise SignatureRefused(f"{len(found)} encapsulated certificates")
        return {each.get("Id") or f"#{place}": decoded(each) for place, each in enumerate(found)}

    def ocsp_responses(self) -> tuple[bytes, ...]:
        """Return the encapsulated OCSP responses, DER (XAdES 7.6.2)."""
        lists = self._below("RevocationValues", "OCSPValues")
        found = [each for one in lists for each in children(one, xades("EncapsulatedOCSPValue*"))]
        if len(found) > OCSP_RESPONSES_MAX:
            raise SignatureRefused(f"{len(found)} OCSP responses")
        return tuple(decoded(each) for each in found)

    def timestamps(self) -> tuple[bytes, ...]:
        """Return the encapsulated time-stamp tokens, DER (XAdES 7.3)."""
        found = list(self._below("SignatureTimeStamp", "EncapsulatedTimeStamp"))
        if len(found) > TIMESTAMPS_MAX:
            raise SignatureRefused(f"{len(found)} time-stamps")
        return tuple(decoded(each) for each in found)

    def _below(self, name: str, child: str) -> Iterator[_Element]:
        for each in self._properties:
            if each.tag == xades(name):
                yield from each.iterchildren(xades(child))
