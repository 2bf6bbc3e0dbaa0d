# SPDX-License-Identifier: EUPL-1.2
"""Keys and the files that hold them: owner-only rights, made once, never overwritten.

A key's id is its RFC 7638 thumbprint. Private parts never appear in `repr`.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from flagstone.kernel.errors import Fault, Kind

SECRET_BYTES = 32
KEY_FILE_BYTES_MAX = 16_384
RSA_BITS_MIN, RSA_BITS_MAX = 2048, 8192
FILE_RIGHTS, FOLDER_RIGHTS = 0o600, 0o700


class KeyFileUnusable(Fault):
    """A key file or folder is missing, readable by others, not ours, or not a key."""

    code = "crypto.key-file-unusable"
    kind = Kind.INTERNAL
    title = "A key file cannot be used"
    remedy = "Give the file to the user who runs the site, with rights 0600 in a folder of rights 0700."


class KeyFileExists(Fault):
    """A key file is there already; keys are never overwritten."""

    code = "crypto.key-file-exists"
    kind = Kind.CONFLICT
    title = "The key file exists already"
    remedy = "Use the key that is there, or give the new one another name."


class KeyRefused(Fault):
    """A public key is of a type or size that is not admitted."""

    code = "crypto.key-refused"
    kind = Kind.INVALID
    title = "The key cannot be accepted"
    remedy = "Give the public part of a P-256, Ed25519 or RSA key of 2048 to 8192 bits, as a JWK."


class KeyKind(Enum):
    """Kinds of key that the house makes."""

    EC_P256 = "ec-p256"
    RSA_2048 = "rsa-2048"
    RSA_3072 = "rsa-3072"


ALGORITHMS: Mapping[str, tuple[str, ...]] = {
    "EC": ("ES256",),
    "RSA": ("RS256", "PS256"),
    "OKP": ("Ed25519",),
}
"""Algorithms by JWK key type; the first is the default (RFC 7518 3.1, RFC 9864)."""


@dataclass(frozen=True)
class PublicKey:
    """The public part of a key: its id and, behind the door, the JOSE key."""

    id: str
    jose: ECKey | RSAKey | OKPKey = field(repr=False, compare=False)

    @property
    def algorithms(self) -> tuple[str, ...]:
        """Return the signature algorithms that fit this key, the default first."""
        return ALGORITHMS[self.jose.key_type]


@dataclass(frozen=True)
class SigningKey:
    """A private key for signatures; `id` is its RFC 7638 thumbprint."""

    id: str
    kind: KeyKind
    jose: ECKey | RSAKey = field(repr=False, compare=False)

    @property
    def algorithm(self) -> str:
        """Return the key's default signature algorithm, `ES256` or `RS256`."""
        return ALGORITHMS[self.jose.key_type][0]

    @property
    def public(self) -> PublicKey:
        """Return the public part."""
        return PublicKey(self.id, self.jose)


@dataclass(frozen=True)
class SecretKey:
    """A symmetric key of 32 bytes."""

    id: str
    octets: bytes = field(repr=False, compare=False)


def generate_signing_key(kind: KeyKind) -> SigningKey:
    """Return a fresh private key of `kind`."""
    if kind is KeyKind.EC_P256:
        return _signing_key(ECKey.generate_key("P-256"))
    return _signing_key(RSAKey.generate_key(2048 if kind is KeyKind.RSA_2048 else 3072))


def generate_secret_key() -> SecretKey:
    """Return a fresh symmetric key."""
    return _secret_key(secrets.token_bytes(SECRET_BYTES))


def public_key(jwk: Mapping[str, object]) -> PublicKey:
    """Return the key that a public JWK holds; its `kid` or else its thumbprint is the id.

    Raises KeyRefused for private or symmetric keys, other curves, and RSA outside 2048 to 8192 bits.
    """
    if not {"d", "p", "q", "k"}.isdisjoint(jwk):
        raise KeyRefused("the JWK holds a private or symmetric key; give only the public part")
    try:
        key = _import_public(dict(jwk))
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise KeyRefused("the JWK is malformed or of a kind that is not admitted") from error
    kid = jwk.get("kid", key.thumbprint())
    if not isinstance(kid, str) or not 0 < len(kid) <= 256:
        raise KeyRefused("the JWK's kid is not text of 1 to 256 characters")
    return PublicKey(kid, key)


def ensure_folder(folder: Path) -> None:
    """Make `folder` with rights 0700 where it is missing; KeyFileUnusable when others may enter it."""
    with suppress(FileExistsError):
        folder.mkdir(mode=FOLDER_RIGHTS, parents=True)
    _check_rights(os.lstat(folder), folder, stat.S_ISDIR)


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold the exclusive lock of a key folder, so that two processes never rotate at once."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def write_private(path: Path, data: bytes, *, replace: bool = False) -> None:
    """Write `data` durably to `path` with rights 0600: whole or not at all, even when the power fails.

    The folder is made with rights 0700. Raises KeyFileExists unless `replace` is set.
    """
    ensure_folder(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write_draft(draft, data)
        if replace:
            draft.replace(path)
        else:
            os.link(draft, path)
    except FileExistsError as error:
        raise KeyFileExists(str(path)) from error
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)


def read_private(path: Path) -> bytes:
    """Return the bytes of a private file; KeyFileUnusable for links, wide rights or another owner."""
    try:
        _check_rights(os.lstat(path.parent), path.parent, stat.S_ISDIR)
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise KeyFileUnusable(f"{path} is missing") from error
    except OSError as error:
        raise KeyFileUnusable(f"{path} is a symbolic link or cannot be opened") from error
    with os.fdopen(handle, "rb") as stream:
        _check_rights(os.fstat(stream.fileno()), path, stat.S_ISREG)
        data = stream.read(KEY_FILE_BYTES_MAX + 1)
    if len(data) > KEY_FILE_BYTES_MAX:
        raise KeyFileUnusable(f"{path} is larger than {KEY_FILE_BYTES_MAX} bytes")
    return data


def save_signing_key(path: Path, key: SigningKey, *, replace: bool = False) -> None:
    """Write `key` as PKCS#8 PEM to `path`; KeyFileExists when there is a file, unless `replace` is set."""
    write_private(path, key.jose.as_pem(private=True), replace=replace)


def load_signing_key(path: Path) -> SigningKey:
    """Return the private key in `path`; KeyFileUnusable when it is none that the house makes."""
    data = read_private(path)
    for kind in (ECKey, RSAKey):
        with suppress(JoseError, ValueError, TypeError):
            return _signing_key(kind.import_key(data))
    raise KeyFileUnusable(f"{path} holds no private P-256 or RSA key")


def save_secret_key(path: Path, key: SecretKey) -> None:
    """Write the 32 bytes of `key` to the new file `path`; KeyFileExists when there is one."""
    write_private(path, key.octets)


def load_secret_key(path: Path) -> SecretKey:
    """Return the symmetric key in `path`; KeyFileUnusable unless it holds exactly 32 bytes."""
    data = read_private(path)
    if len(data) != SECRET_BYTES:
        raise KeyFileUnusable(f"{path} does not hold {SECRET_BYTES} bytes")
    return _secret_key(data)


def ensure_secret_key(path: Path) -> SecretKey:
    """Return the symmetric key in `path`, made now if there is none; safe for many processes at once."""
    if not os.path.lexists(path):
        with suppress(KeyFileExists):
            save_secret_key(path, generate_secret_key())
    return load_secret_key(path)


def _signing_key(key: ECKey | RSAKey) -> SigningKey:
    """Wrap a private JOSE key; ValueError when it is public or of another size."""
    if not key.is_private:
        raise ValueError("the key is public")
    kinds = {("EC", 256): KeyKind.EC_P256, ("RSA", 2048): KeyKind.RSA_2048, ("RSA", 3072): KeyKind.RSA_3072}
    kind = kinds.get((key.key_type, key.raw_value.key_size))
    if kind is None:
        raise ValueError("the key has another curve or size")
    return SigningKey(key.thumbprint(), kind, key)


def _secret_key(octets: bytes) -> SecretKey:
    """Wrap 32 bytes; the id is the RFC 7638 thumbprint, which does not give them away."""
    return SecretKey(OctKey.import_key(octets).thumbprint(), octets)


def _import_public(jwk: dict[str, object]) -> ECKey | RSAKey | OKPKey:
    """Return the JOSE key of a public JWK; ValueError when its kind is not admitted."""
    parts: dict[str, str | list[str]] = {
        name: str(value) for name, value in jwk.items() if name in {"kty", "crv", "x", "y", "n", "e"}
    }
    if parts["kty"] == "EC" and parts.get("crv") == "P-256":
        return ECKey.import_key(parts)
    if parts["kty"] == "OKP" and parts.get("crv") == "Ed25519":
        return OKPKey.import_key(parts)
    if parts["kty"] == "RSA" and len(parts["n"]) <= RSA_BITS_MAX // 4:
        rsa = RSAKey.import_key(parts)
        if RSA_BITS_MIN <= rsa.raw_value.key_size <= RSA_BITS_MAX:
            return rsa
    raise ValueError("not admitted")


def _write_draft(draft: Path, data: bytes) -> None:
    """Write and sync a new file of rights 0600."""
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_RIGHTS)
    with os.fdopen(handle, "wb") as stream:
        os.fchmod(stream.fileno(), FILE_RIGHTS)
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _check_rights(status: os.stat_result, path: Path, is_type: Callable[[int], bool]) -> None:
    """Raise KeyFileUnusable unless `path` is of the right type, ours, and closed to everybody else."""
    if not is_type(status.st_mode):
        raise KeyFileUnusable(f"{path} is a symbolic link or of another type than it must be")
    if status.st_uid != os.geteuid():
        raise KeyFileUnusable(f"{path} belongs to another user")
    if status.st_mode & 0o077:
        raise KeyFileUnusable(f"{path} can be reached by other users: {stat.filemode(status.st_mode)}")
