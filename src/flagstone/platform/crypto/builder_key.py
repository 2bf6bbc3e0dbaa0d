# SPDX-License-Identifier: EUPL-1.2
"""A private key as cryptography's X.509 and OCSP builders want it, wherever the key is kept.

The builders take instances of cryptography's own key classes and call nothing but `sign` and `public_key`;
so a key in a module passes through here, and everything else that such a class can do is refused.
"""

from __future__ import annotations

from typing import NoReturn, TypeAlias, cast

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo, Prehashed

from flagstone.platform.crypto.digests import Digest
from flagstone.platform.crypto.signing import (
    Algorithm,
    Family,
    PrivateKey,
    PrivateKeyUnusable,
    algorithm_of,
    read_public,
)

BuilderDigest: TypeAlias = hashes.SHA224 | hashes.SHA256 | hashes.SHA384 | hashes.SHA512
BuilderKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def builder_key(key: PrivateKey) -> BuilderKey:
    """Return `key` in the shape that cryptography's builders accept; PublicKeyRefused for other kinds."""
    return _RsaKey(key) if read_public(key.public_der).kind == "RSA" else _EcKey(key)


def builder_digest(algorithm: Algorithm) -> BuilderDigest:
    """Return the digest of `algorithm` as cryptography's builders take it."""
    return _HASHES[algorithm.digest]


def builder_padding(algorithm: Algorithm) -> padding.PSS | padding.PKCS1v15 | None:
    """Return the padding of `algorithm` as cryptography's builders take it; None for ECDSA."""
    if algorithm.family is Family.PSS:
        return padding.PSS(padding.MGF1(_HASHES[algorithm.digest]), padding.PSS.DIGEST_LENGTH)
    return padding.PKCS1v15() if algorithm.family is Family.RSA else None


_HASHES: dict[Digest, BuilderDigest] = {
    Digest.SHA224: hashes.SHA224(),
    Digest.SHA256: hashes.SHA256(),
    Digest.SHA384: hashes.SHA384(),
    Digest.SHA512: hashes.SHA512(),
}
_DIGESTS = {made.name: digest for digest, made in _HASHES.items()}


def _digest(algorithm: object) -> Digest:
    """Return the digest of a builder's argument; PrivateKeyUnusable for SHA-1 and digests made elsewhere."""
    if isinstance(algorithm, hashes.HashAlgorithm) and algorithm.name in _DIGESTS:
        return _DIGESTS[algorithm.name]
    raise PrivateKeyUnusable("this digest is not signed")


class _Closed:
    """What such a key never does: give away its secret, be copied, agree on keys, decrypt."""

    def __init__(self, key: PrivateKey) -> None:
        self._kept = key

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        """Raise PrivateKeyUnusable: the key only signs."""
        raise PrivateKeyUnusable("a key behind this door only signs")

    private_bytes = private_numbers = decrypt = exchange = __copy__ = __deepcopy__ = _refuse


class _RsaKey(_Closed, rsa.RSAPrivateKey):
    """An RSA key for the builders."""

    @property
    def key_size(self) -> int:
        """Return the bits of the modulus."""
        return read_public(self._kept.public_der).bits

    def public_key(self) -> rsa.RSAPublicKey:
        """Return the public key."""
        return cast(rsa.RSAPublicKey, serialization.load_der_public_key(self._kept.public_der))

    def sign(
        self,
        data: bytes,
        padding: padding.AsymmetricPadding,
        algorithm: Prehashed | hashes.HashAlgorithm | NoDigestInfo,
    ) -> bytes:
        """Return the signature of `data`, made where the key is kept."""
        family = Family.RSA if padding.name == "EMSA-PKCS1-v1_5" else Family.PSS
        return self._kept.sign(data, algorithm_of(family, _digest(algorithm)))


class _EcKey(_Closed, ec.EllipticCurvePrivateKey):
    """A key on a curve for the builders."""

    @property
    def curve(self) -> ec.EllipticCurve:
        """Return the curve."""
        return self.public_key().curve

    @property
    def key_size(self) -> int:
        """Return the bits of the curve."""
        return self.curve.key_size

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public key."""
        return cast(ec.EllipticCurvePublicKey, serialization.load_der_public_key(self._kept.public_der))

    def sign(self, data: object, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """Return the DER signature of `data`, made where the key is kept."""
        digest = _digest(signature_algorithm.algorithm)
        return self._kept.sign(bytes(cast(bytes, data)), algorithm_of(Family.ECDSA, digest))
