# SPDX-License-Identifier: EUPL-1.2
"""Signatures by RSA and elliptic curves (RFC 8017, FIPS 186-5), the same for keys in files and in modules.

A private key is whatever keeps `PrivateKey`; a public key travels as the DER of its SubjectPublicKeyInfo
(RFC 5280 section 4.1.2.7). ECDSA signatures are DER here; XML signatures want `raw_of_der`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Protocol, TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.crypto.digests import Digest
from flagstone.platform.crypto.keys import RSA_BITS_MAX, RSA_BITS_MIN, read_private, write_private

PUBLIC_KEY_BYTES_MAX = 2048
RSA_BITS_ONCE = 1024
"""What RSA keys had at least when the oldest evidence was made; asked for by name where its time is known."""

PUBLIC_KEYS_KEPT = 4096

_Public: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
_Private: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class PublicKeyRefused(Fault):
    """A public key cannot be read, or is of a kind or size that is not accepted."""

    code = "crypto.public-key-refused"
    kind = Kind.INVALID
    title = "The public key is not accepted"
    remedy = "Use RSA of 2048 to 8192 bits or a key on P-256, P-384 or P-521."


class PrivateKeyUnusable(Fault):
    """A private key cannot be opened, or does not make the signature that is asked for."""

    code = "crypto.private-key-unusable"
    kind = Kind.INVALID
    title = "The private key cannot be used"
    remedy = (
        "Check the passphrase file, and that the key is RSA (2048 to 8192 bits) or P-256, P-384 or P-521."
    )


class SignatureAlgorithmRefused(Fault):
    """A signature algorithm is unknown here."""

    code = "crypto.signature-algorithm-refused"
    kind = Kind.INVALID
    title = "The signature algorithm is not accepted"
    remedy = "Sign with RSA or ECDSA and SHA-512; SHA-224 to SHA-384 and RSA-PSS are read as well."


class SignatureMalformed(Fault):
    """The bytes of an ECDSA signature are neither DER nor two numbers of the curve's size."""

    code = "crypto.signature-malformed"
    kind = Kind.INVALID
    title = "The signature value cannot be read"
    remedy = "Ask the signer for a fresh signature; this one was damaged or made for another kind of key."


class Family(Enum):
    """What a signature is made with."""

    RSA = "RSA"
    PSS = "RSAandMGF1"
    ECDSA = "ECDSA"


class Algorithm(Enum):
    """A signature algorithm: family and digest. Those on SHA-1 are only verified, never made."""

    RSA_SHA1 = (Family.RSA, Digest.SHA1)
    RSA_SHA224 = (Family.RSA, Digest.SHA224)
    RSA_SHA256 = (Family.RSA, Digest.SHA256)
    RSA_SHA384 = (Family.RSA, Digest.SHA384)
    RSA_SHA512 = (Family.RSA, Digest.SHA512)
    PSS_SHA224 = (Family.PSS, Digest.SHA224)
    PSS_SHA256 = (Family.PSS, Digest.SHA256)
    PSS_SHA384 = (Family.PSS, Digest.SHA384)
    PSS_SHA512 = (Family.PSS, Digest.SHA512)
    ECDSA_SHA1 = (Family.ECDSA, Digest.SHA1)
    ECDSA_SHA224 = (Family.ECDSA, Digest.SHA224)
    ECDSA_SHA256 = (Family.ECDSA, Digest.SHA256)
    ECDSA_SHA384 = (Family.ECDSA, Digest.SHA384)
    ECDSA_SHA512 = (Family.ECDSA, Digest.SHA512)

    @property
    def family(self) -> Family:
        """Return RSA (PKCS#1 v1.5), PSS or ECDSA."""
        return self.value[0]

    @property
    def digest(self) -> Digest:
        """Return the digest that is signed."""
        return self.value[1]

    @property
    def title(self) -> str:
        """Return the name that Java and global configurations use, such as `SHA512withRSA`."""
        return f"{self.digest.value.upper()}with{self.family.value}"

    @property
    def uri(self) -> str:
        """Return the identifier of XML Signature (RFC 9231 section 2.3)."""
        name = self.digest.value
        if self.family is Family.PSS:
            return f"http://www.w3.org/2007/05/xmldsig-more#{name}-rsa-MGF1"
        if self is Algorithm.RSA_SHA1:
            return "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
        return f"http://www.w3.org/2001/04/xmldsig-more#{self.family.value.lower()}-{name}"

    @property
    def oid(self) -> str:
        """Return the dotted object identifier; that of RSA-PSS does not say which digest (RFC 4055)."""
        return _OIDS.get(self, PSS_OID)


PSS_OID = "1.2.840.113549.1.1.10"
_PKCS1, _X962 = "1.2.840.113549.1.1", "1.2.840.10045.4"
_OIDS = {
    Algorithm.RSA_SHA1: f"{_PKCS1}.5",
    Algorithm.RSA_SHA224: f"{_PKCS1}.14",
    Algorithm.RSA_SHA256: f"{_PKCS1}.11",
    Algorithm.RSA_SHA384: f"{_PKCS1}.12",
    Algorithm.RSA_SHA512: f"{_PKCS1}.13",
    Algorithm.ECDSA_SHA1: f"{_X962}.1",
    Algorithm.ECDSA_SHA224: f"{_X962}.3.1",
    Algorithm.ECDSA_SHA256: f"{_X962}.3.2",
    Algorithm.ECDSA_SHA384: f"{_X962}.3.3",
    Algorithm.ECDSA_SHA512: f"{_X962}.3.4",
}
_BY_OID = {oid: algorithm for algorithm, oid in _OIDS.items()}
_BY_URI = {algorithm.uri: algorithm for algorithm in Algorithm}
_BY_TITLE = {algorithm.title: algorithm for algorithm in Algorithm}
_BY_PARTS = {(algorithm.family, algorithm.digest): algorithm for algorithm in Algorithm}
_HASHES: dict[Digest, hashes.HashAlgorithm] = {
    Digest.SHA1: hashes.SHA1(),  # noqa: S303  # only to verify what was signed long ago
    Digest.SHA224: hashes.SHA224(),
    Digest.SHA256: hashes.SHA256(),
    Digest.SHA384: hashes.SHA384(),
    Digest.SHA512: hashes.SHA512(),
}
_CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}
_CURVE_NAMES = {curve.name: name for name, curve in _CURVES.items()}
_ECDSA = {algorithm: ec.ECDSA(_HASHES[algorithm.digest]) for algorithm in Algorithm}
_PKCS1_PADDING = padding.PKCS1v15()
_PSS_MADE = {
    digest: padding.PSS(padding.MGF1(made), padding.PSS.DIGEST_LENGTH) for digest, made in _HASHES.items()
}
_PSS_READ = {digest: padding.PSS(padding.MGF1(made), padding.PSS.AUTO) for digest, made in _HASHES.items()}


def by_uri(uri: str) -> Algorithm:
    """Return the algorithm that an XML Signature names; SignatureAlgorithmRefused when unknown."""
    return _found(_BY_URI.get(uri), uri)


def by_title(title: str) -> Algorithm:
    """Return the algorithm of a name such as `SHA512withRSA`; SignatureAlgorithmRefused when unknown."""
    return _found(_BY_TITLE.get(title), title)


def by_oid(oid: str, digest: Digest | None = None) -> Algorithm:
    """Return the algorithm of a dotted object identifier; SignatureAlgorithmRefused when unknown.

    For RSA-PSS and for CMS, where `rsaEncryption` or `ecPublicKey` may stand alone, `digest` completes it.
    """
    families = {PSS_OID: Family.PSS, f"{_PKCS1}.1": Family.RSA, "1.2.840.10045.2.1": Family.ECDSA}
    if digest is not None and oid in families:
        return algorithm_of(families[oid], digest)
    return _found(_BY_OID.get(oid), oid)


def algorithm_of(family: Family, digest: Digest) -> Algorithm:
    """Return the algorithm of a family and a digest; SignatureAlgorithmRefused when there is none."""
    return _found(_BY_PARTS.get((family, digest)), f"{family.value} with {digest.title}")


class PrivateKey(Protocol):
    """A key that signs, wherever it is kept."""

    @property
    def public_der(self) -> bytes:
        """The public key, DER of a SubjectPublicKeyInfo."""

    @property
    def algorithm(self) -> Algorithm:
        """What it signs with when nothing else is asked: its kind with SHA-512."""

    def sign(self, data: bytes, algorithm: Algorithm | None = None) -> bytes:
        """Return the signature of `data` (ECDSA as DER); PrivateKeyUnusable when it cannot be made."""


@dataclass(frozen=True)
class PublicShape:
    """What a public key is: `kind` (`RSA` or `EC`), its `bits`, and the `curve` of EC (`P-256`) or ``."""

    kind: str
    bits: int
    curve: str = ""


@dataclass(frozen=True)
class SoftKey:
    """A private key in memory, read from a file; its secret part never appears in `repr`."""

    public_der: bytes
    algorithm: Algorithm
    _key: _Private = field(repr=False, compare=False)

    @classmethod
    def generate_rsa(cls, bits: int = 2048) -> SoftKey:
        """Return a fresh RSA key of `bits` (2048 to 8192); PrivateKeyUnusable for other sizes."""
        if not RSA_BITS_MIN <= bits <= RSA_BITS_MAX:
            raise PrivateKeyUnusable(f"RSA of {bits} bits is not made")
        return cls._of(rsa.generate_private_key(public_exponent=65537, key_size=bits))

    @classmethod
    def generate_ec(cls, curve: str = "P-256") -> SoftKey:
        """Return a fresh key on `P-256`, `P-384` or `P-521`; PrivateKeyUnusable for other curves."""
        if curve not in _CURVES:
            raise PrivateKeyUnusable(f"the curve {curve[:20]!r} is not known")
        return cls._of(ec.generate_private_key(_CURVES[curve]))

    @classmethod
    def from_pem(cls, pem: bytes, passphrase: bytes | None = None) -> SoftKey:
        """Return the key of a PEM (PKCS#8 or traditional); PrivateKeyUnusable when it cannot be opened."""
        try:
            key = serialization.load_pem_private_key(pem, passphrase or None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise PrivateKeyUnusable("the PEM cannot be opened with that passphrase") from error
        return cls._of(key)

    @classmethod
    def from_file(cls, path: Path, passphrase: bytes | None = None) -> SoftKey:
        """Return the key of a private file; KeyFileUnusable for wide rights, else as `from_pem`."""
        return cls.from_pem(read_private(path), passphrase)

    def to_pem(self, passphrase: bytes | None = None) -> bytes:
        """Return the key as PKCS#8 PEM, encrypted when there is a passphrase."""
        closed: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase:
            closed = serialization.BestAvailableEncryption(passphrase)
        shape = serialization.PrivateFormat.PKCS8
        return self._key.private_bytes(serialization.Encoding.PEM, shape, closed)

    def to_file(self, path: Path, passphrase: bytes | None = None) -> None:
        """Write the key durably to the new file `path`, rights 0600; KeyFileExists when there is one."""
        write_private(path, self.to_pem(passphrase))

    def sign(self, data: bytes, algorithm: Algorithm | None = None) -> bytes:
        """Return the signature of `data`; PrivateKeyUnusable for another kind of key or SHA-1."""
        wanted = algorithm or self.algorithm
        if wanted.digest is Digest.SHA1:
            raise PrivateKeyUnusable("nothing is signed on SHA-1")
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            if wanted.family is Family.ECDSA:
                return self._key.sign(data, _ECDSA[wanted])
        elif wanted.family is Family.RSA:
            return self._key.sign(data, _PKCS1_PADDING, _HASHES[wanted.digest])
        elif wanted.family is Family.PSS:
            return self._key.sign(data, _PSS_MADE[wanted.digest], _HASHES[wanted.digest])
        raise PrivateKeyUnusable(f"the key does not sign {wanted.title}")

    @classmethod
    def _of(cls, key: object) -> SoftKey:
        """Wrap a key of cryptography; PrivateKeyUnusable for other kinds, sizes and curves."""
        if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise PrivateKeyUnusable("the key is neither RSA nor EC")
        try:
            shape = read_public(_der(key.public_key()))
        except PublicKeyRefused as error:
            raise PrivateKeyUnusable(error.detail) from error
        algorithm = Algorithm.RSA_SHA512 if shape.kind == "RSA" else Algorithm.ECDSA_SHA512
        return cls(_der(key.public_key()), algorithm, key)


def read_public(public_der: bytes) -> PublicShape:
    """Return what a SubjectPublicKeyInfo holds; PublicKeyRefused for other kinds, sizes and curves."""
    shape = _shape(_public(public_der))
    if shape.kind == "RSA" and shape.bits < RSA_BITS_MIN:
        raise PublicKeyRefused(f"RSA of {shape.bits} bits is not accepted any more")
    return shape


def verify(
    public_der: bytes,
    signature: bytes,
    data: bytes,
    algorithm: Algorithm,
    *,
    rsa_bits_min: int = RSA_BITS_MIN,
) -> bool:
    """Tell whether `signature` (ECDSA as DER) over `data` was made by the key of `public_der`.

    Never raises: a key that is not accepted, or of another family than `algorithm`, verifies nothing.
    """
    try:
        key = _public(public_der)
        if isinstance(key, ec.EllipticCurvePublicKey):
            if algorithm.family is not Family.ECDSA:
                return False
            key.verify(signature, data, _ECDSA[algorithm])
        elif algorithm.family is Family.ECDSA or key.key_size < rsa_bits_min:
            return False
        else:
            made = _PKCS1_PADDING if algorithm.family is Family.RSA else _PSS_READ[algorithm.digest]
            key.verify(signature, data, made, _HASHES[algorithm.digest])
    except (InvalidSignature, PublicKeyRefused, UnsupportedAlgorithm, ValueError):
        return False
    return True


def raw_of_der(signature: bytes, public_der: bytes) -> bytes:
    """Return r and s side by side, each of the curve's size, as XML signatures hold them (RFC 9231 2.3.6).

    Raises SignatureMalformed when `signature` is not a DER pair of the curve, PublicKeyRefused for the key.
    """
    size = _coordinate_octets(public_der)
    try:
        r, s = utils.decode_dss_signature(signature)
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    except (ValueError, OverflowError) as error:
        raise SignatureMalformed(f"{len(signature)} bytes are no ECDSA signature of this curve") from error


def der_of_raw(raw: bytes, public_der: bytes) -> bytes:
    """Return the DER of r and s side by side; SignatureMalformed unless they are of the curve's size."""
    size = _coordinate_octets(public_der)
    if len(raw) != 2 * size:
        raise SignatureMalformed(f"{len(raw)} bytes where the curve makes {2 * size}")
    return utils.encode_dss_signature(int.from_bytes(raw[:size], "big"), int.from_bytes(raw[size:], "big"))


@lru_cache(PUBLIC_KEYS_KEPT)
def _public(public_der: bytes) -> _Public:
    """Return the key that `public_der` holds, read once; PublicKeyRefused when it is not accepted."""
    if len(public_der) > PUBLIC_KEY_BYTES_MAX:
        raise PublicKeyRefused(f"{len(public_der)} bytes are too many for a public key")
    try:
        key = serialization.load_der_public_key(public_der)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise PublicKeyRefused("the key cannot be read") from error
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise PublicKeyRefused("the key is neither RSA nor EC")
    _shape(key)
    return key


def _shape(key: _Public) -> PublicShape:
    """Return kind, size and curve; PublicKeyRefused outside the accepted ones."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in _CURVE_NAMES:
            raise PublicKeyRefused(f"the curve {key.curve.name} is not accepted")
        return PublicShape("EC", key.key_size, _CURVE_NAMES[key.curve.name])
    if not RSA_BITS_ONCE <= key.key_size <= RSA_BITS_MAX:
        raise PublicKeyRefused(f"RSA of {key.key_size} bits is not accepted")
    return PublicShape("RSA", key.key_size)


def _coordinate_octets(public_der: bytes) -> int:
    """Return how many bytes r and s have; PublicKeyRefused when the key is not on a curve."""
    shape = read_public(public_der)
    if shape.kind != "EC":
        raise PublicKeyRefused("the key is not on a curve")
    return (shape.bits + 7) // 8


def _der(key: _Public) -> bytes:
    """Return the SubjectPublicKeyInfo of `key`."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _found(algorithm: Algorithm | None, name: str) -> Algorithm:
    """Return `algorithm`, or raise SignatureAlgorithmRefused with the first letters of the unknown name."""
    if algorithm is None:
        raise SignatureAlgorithmRefused(f"{name[:80]!r} is not known")
    return algorithm
