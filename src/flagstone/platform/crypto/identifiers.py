# SPDX-License-Identifier: EUPL-1.2
"""Algorithm identifiers of signatures and digests, read and written (RFC 4055, RFC 5754, RFC 5758)."""

from __future__ import annotations

from flagstone.platform.crypto import der, digests, signing
from flagstone.platform.crypto.der import Element
from flagstone.platform.crypto.digests import Digest
from flagstone.platform.crypto.signing import PSS_OID, Algorithm, Family, SignatureAlgorithmRefused

_MGF1_OID = "1.2.840.113549.1.1.8"


def digest_identifier(digest: Digest) -> bytes:
    """Return the AlgorithmIdentifier of a digest, with NULL parameters as peers write it."""
    return der.sequence(der.oid(digest.oid), der.null())


def read_digest(identifier: Element) -> Digest:
    """Return the digest of an AlgorithmIdentifier; DigestRefused or DerRefused otherwise."""
    return digests.by_oid(_first(identifier).oid())


def signature_identifier(algorithm: Algorithm) -> bytes:
    """Return the AlgorithmIdentifier of a signature: NULL for RSA, nothing for ECDSA, parameters for PSS."""
    if algorithm.family is Family.RSA:
        return der.sequence(der.oid(algorithm.oid), der.null())
    if algorithm.family is Family.ECDSA:
        return der.sequence(der.oid(algorithm.oid))
    digest = digest_identifier(algorithm.digest)
    parameters = der.sequence(
        der.explicit(0, digest),
        der.explicit(1, der.sequence(der.oid(_MGF1_OID), digest)),
        der.explicit(2, der.integer(algorithm.digest.octets)),
    )
    return der.sequence(der.oid(PSS_OID), parameters)


def read_signature(identifier: Element, digest: Digest | None = None) -> Algorithm:
    """Return the algorithm of an AlgorithmIdentifier; SignatureAlgorithmRefused or DerRefused otherwise.

    `digest` is what a CMS SignerInfo names beside it: it completes `rsaEncryption` and must agree.
    """
    parts = identifier.of(der.SEQUENCE).children()
    oid = _first(identifier).oid()
    if oid == PSS_OID:
        algorithm = signing.algorithm_of(Family.PSS, _pss_digest(parts[1:]))
    else:
        algorithm = signing.by_oid(oid, digest)
    if digest is not None and algorithm.digest is not digest:
        raise SignatureAlgorithmRefused(f"{algorithm.title} is named beside {digest.title}")
    return algorithm


def _pss_digest(parameters: list[Element]) -> Digest:
    """Return the digest of PSS parameters; refused where MGF1 uses another one or the default SHA-1."""
    fields = {each.tag: each.children() for each in parameters[0].children()} if parameters else {}
    hashed, masked = fields.get(0xA0), fields.get(0xA1)
    if not hashed or not masked:
        raise SignatureAlgorithmRefused("RSA-PSS on SHA-1")
    mask = masked[0].of(der.SEQUENCE).children()
    digest = read_digest(hashed[0])
    if len(mask) != 2 or mask[0].oid() != _MGF1_OID or read_digest(mask[1]) is not digest:
        raise SignatureAlgorithmRefused("RSA-PSS with another mask than MGF1 on the same digest")
    return digest


def _first(identifier: Element) -> Element:
    """Return the first element of an AlgorithmIdentifier; DerRefused when it is empty."""
    parts = identifier.of(der.SEQUENCE).children()
    if not parts:
        raise der.DerRefused("an algorithm identifier is empty")
    return parts[0]
