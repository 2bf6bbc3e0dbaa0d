# SPDX-License-Identifier: EUPL-1.2
"""Signers, signed messages and containers for the tests of evidence, and where the vectors of others lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from flagstone.kernel.findings import Findings, Verdict
from flagstone.platform.crypto import asice, hash_chain, xades
from flagstone.platform.crypto.asice import Container, Contents
from flagstone.platform.crypto.digests import digest_of
from flagstone.platform.crypto.hash_chain import Chained
from flagstone.platform.crypto.hash_chain_build import TIMESTAMP_CHAIN, build_chains, leaf_of
from flagstone.platform.crypto.signing import SoftKey
from flagstone.platform.crypto.xades_build import Evidence, Signer, build_batch

VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "xroad"
AT = datetime(2026, 5, 4, 9, 30, 15, 250_000, UTC)
OCSP = (b"\x30\x03\x0a\x01\x06",)
MESSAGE = b"GET\r\n/r1/XA/GOV/100/population/persons\r\nx-road-id:1\r\n"

needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="the vectors of X-Road are not beside the repository"
)


def vector(name: str) -> bytes:
    """Return the bytes of one vector."""
    return (VECTORS / name).read_bytes()


def name_of(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "XA"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, 'Ümera & <Sons>, "Ltd"'),
            x509.NameAttribute(NameOID.BUSINESS_CATEGORY, "GOV"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def private(key: SoftKey) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    loaded = serialization.load_pem_private_key(key.to_pem(), None)
    assert isinstance(loaded, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    return loaded


def certificate(key: SoftKey, common_name: str, serial: int = 1001) -> bytes:
    """Return a certificate for signing (DER), signed by itself."""
    loaded = private(key)
    made = (
        x509.CertificateBuilder()
        .subject_name(name_of(common_name))
        .issuer_name(name_of("Aralia CA"))
        .public_key(loaded.public_key())
        .serial_number(serial)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(loaded, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)


@cache
def key(kind: str) -> SoftKey:
    return SoftKey.generate_rsa() if kind == "RSA" else SoftKey.generate_ec(kind)


@cache
def signer(kind: str = "P-256", *, chained: bool = False) -> Signer:
    """Return a signer of `kind` (RSA, P-256, P-384, P-521), with an intermediate certificate if `chained`."""
    chain = (certificate(key("P-384"), "Aralia CA", 7),) if chained else ()
    return Signer(key(kind), certificate(key(kind), "100"), chain)


def evidence(parts: Mapping[str, bytes], by: Signer | None = None) -> Evidence:
    """Return the evidence of one message of `parts`."""
    (made,) = build_batch([leaf_of(parts)], by or signer(), OCSP, AT)
    return made


def contents(*attachments: bytes, by: Signer | None = None, stamped: bool = False) -> Contents:
    """Return a container's contents: MESSAGE with attachments, and a batch time-stamp that is none."""
    parts = {"/message.xml": MESSAGE} | {f"/attachment{at}": each for at, each in enumerate(attachments, 1)}
    made = evidence(parts, by)
    stamp = None
    if stamped:
        leaves = [{"/META-INF/signatures.xml": digest_of(each)} for each in (made.signature, b"a", b"b")]
        chains = build_chains(leaves, TIMESTAMP_CHAIN)
        stamp = (b"\x30\x05token", chains.result, chains.chains[0])
    return Contents(MESSAGE, made.signature, attachments, made.result, made.chain, stamp)


@dataclass(frozen=True)
class Judged:
    """What a container was found to be, and what it means: nothing of it may change unnoticed."""

    verdict: Verdict
    meaning: tuple[object, ...]

    @property
    def good(self) -> bool:
        return self.verdict.good


def judge(container: Container, *, partly: bool = False) -> Judged:
    """Verify all of a container but certificates and time-stamps; faults of what is read pass through."""
    parts = container.parts
    findings = Findings()
    asice.verify_parts(container, findings)
    signature = xades.read_signature(container.signature)
    expected = ("/message.xml", *container.attachments)
    xades.verify(signature, container.part, findings, expected=expected)
    if signature.batch:
        chained = Chained(parts.get(asice.CHAIN_RESULT, b""), parts.get(asice.CHAIN, b""))
        hash_chain.verify(chained, container.part, findings, expected=expected, partly=partly)
    if asice.STAMP_CHAIN in parts:
        chained = Chained(parts.get(asice.STAMP_RESULT, b""), parts[asice.STAMP_CHAIN])
        hash_chain.verify(chained, container.part, findings, expected=(xades.SIGNATURES,))
    return Judged(findings.verdict, meaning_of(container, signature))


def meaning_of(container: Container, signature: xades.XadesSignature) -> tuple[object, ...]:
    """Return all that a good verdict vouches for."""
    return (
        [container.part(uri) for uri in ("/message.xml", *container.attachments)],
        signature.signing_certificate,
        signature.signing_time,
        signature.policy,
        signature.algorithm,
    )
