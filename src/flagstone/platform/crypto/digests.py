# SPDX-License-Identifier: EUPL-1.2
"""Digests that evidence and configuration are made of, by name, title, URI and object identifier."""

from __future__ import annotations

import hashlib
from enum import Enum

from flagstone.kernel.errors import Fault, Kind


class DigestRefused(Fault):
    """A digest algorithm is unknown here, or too weak for what it is named for."""

    code = "crypto.digest-refused"
    kind = Kind.INVALID
    title = "The digest algorithm is not accepted"
    remedy = "Use SHA-512; SHA-224, SHA-256 and SHA-384 are read as well."


class Digest(Enum):
    """A digest algorithm; the value is its name in `hashlib` and in the ASN.1 modules (`sha512`).

    SHA-1 is here only because an RFC 6960 CertID and old certificates and time-stamps name it.
    """

    SHA1 = "sha1"
    SHA224 = "sha224"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"

    __hash__ = object.__hash__  # members are single; this is looked up for each digest that is made

    @property
    def uri(self) -> str:
        """Return the identifier of XML Signature and XML Encryption (RFC 9231 section 2.1)."""
        return _URIS[self]

    @property
    def title(self) -> str:
        """Return the name for people and for message headers, such as `SHA-512`."""
        return f"SHA-{self.value[3:]}"

    @property
    def oid(self) -> str:
        """Return the dotted object identifier (RFC 5754 section 2)."""
        return _OIDS[self]

    @property
    def octets(self) -> int:
        """Return the length of a digest in bytes."""
        return 20 if self is Digest.SHA1 else int(self.value[3:]) // 8


_URIS = {
    Digest.SHA1: "http://www.w3.org/2000/09/xmldsig#sha1",
    Digest.SHA224: "http://www.w3.org/2001/04/xmldsig-more#sha224",
    Digest.SHA256: "http://www.w3.org/2001/04/xmlenc#sha256",
    Digest.SHA384: "http://www.w3.org/2001/04/xmldsig-more#sha384",
    Digest.SHA512: "http://www.w3.org/2001/04/xmlenc#sha512",
}
_OIDS = {
    Digest.SHA1: "1.3.14.3.2.26",
    Digest.SHA224: "2.16.840.1.101.3.4.2.4",
    Digest.SHA256: "2.16.840.1.101.3.4.2.1",
    Digest.SHA384: "2.16.840.1.101.3.4.2.2",
    Digest.SHA512: "2.16.840.1.101.3.4.2.3",
}
_BY_URI = {uri: digest for digest, uri in _URIS.items()}
_BY_OID = {oid: digest for digest, oid in _OIDS.items()}
_BY_TITLE = {digest.title: digest for digest in Digest}
_MAKERS = {digest: getattr(hashlib, digest.value) for digest in Digest}


def digest_of(data: bytes, digest: Digest = Digest.SHA512) -> bytes:
    """Return the digest of `data`, `digest.octets` bytes."""
    made: bytes = _MAKERS[digest](data, usedforsecurity=False).digest()
    return made


def by_uri(uri: str) -> Digest:
    """Return the digest that an XML Signature names; DigestRefused when it is unknown."""
    return _found(_BY_URI.get(uri), uri)


def by_oid(oid: str) -> Digest:
    """Return the digest of a dotted object identifier; DigestRefused when it is unknown."""
    return _found(_BY_OID.get(oid), oid)


def by_title(title: str) -> Digest:
    """Return the digest named `SHA-512` (or `SHA512`); DigestRefused when it is unknown."""
    spelt = title if "-" in title else title.replace("SHA", "SHA-", 1)
    return _found(_BY_TITLE.get(spelt), title)


def _found(digest: Digest | None, name: str) -> Digest:
    """Return `digest`, or raise DigestRefused with the first letters of the unknown name."""
    if digest is None:
        raise DigestRefused(f"{name[:80]!r} is not known")
    return digest
