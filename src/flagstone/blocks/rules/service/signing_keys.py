# SPDX-License-Identifier: EUPL-1.2
"""The key that signs decisions, which may be turned while a site runs, and the public parts of all before it.

`decisions.pem` signs. Beside it, `decisions-public` has the public part of every key that ever signed, by its
id (JWK, RFC 7517; thumbprint of RFC 7638): a decision is verified by the key that its signature names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flagstone.platform.crypto.jose import public_jwk
from flagstone.platform.crypto.keys import (
    KeyFileExists,
    KeyFileUnusable,
    KeyKind,
    KeyRefused,
    PublicKey,
    SecretKey,
    SigningKey,
    ensure_folder,
    folder_lock,
    generate_signing_key,
    load_signing_key,
    public_key,
    read_private,
    save_signing_key,
    write_private,
)

SIGNS = "decisions.pem"
PUBLIC = "decisions-public"
Noting = Callable[[PublicKey], None]


@dataclass(frozen=True)
class _Seen:
    """What was read, and the file of the key as it was then."""

    file: tuple[int, int, int]
    signing: SigningKey
    public: tuple[PublicKey, ...]


class Keys:
    """What decisions are signed and verified by, and persons hidden with; read again after a turn."""

    def __init__(self, folder: Path, secret: SecretKey) -> None:
        """Use the keys in a folder for keys, which gets its first one now; KeyFileUnusable."""
        self._folder, self.secret = folder, secret
        ensure_folder(folder)
        if not self._file.exists():
            with suppress(KeyFileExists):
                save_signing_key(self._file, generate_signing_key(KeyKind.EC_P256))
        self._seen = self._read()

    @property
    def signing(self) -> SigningKey:
        """The key that signs now."""
        return self._now().signing

    @property
    def public(self) -> tuple[PublicKey, ...]:
        """Every key that a decision may be signed by, the present one first."""
        return self._now().public

    def turn(self, noting: Noting) -> SigningKey:
        """Put a new key in the place of the one that signs, whose private part is gone then; return it.

        Both public parts are kept first, and `noting` is told of the new one; whoever is killed in between
        leaves the old key signing.
        """
        with folder_lock(self._folder):
            self._keep(load_signing_key(self._file).public)
            fresh = generate_signing_key(KeyKind.EC_P256)
            self._keep(fresh.public)
            noting(fresh.public)
            save_signing_key(self._file, fresh, replace=True)
        return fresh

    @property
    def _file(self) -> Path:
        return self._folder / SIGNS

    def _now(self) -> _Seen:
        if self._seen.file != self._status():
            self._seen = self._read()
        return self._seen

    def _read(self) -> _Seen:
        status, signing = self._status(), load_signing_key(self._file)
        former = tuple(each for each in self._former() if each.id != signing.id)
        return _Seen(status, signing, (signing.public, *former))

    def _status(self) -> tuple[int, int, int]:
        try:
            found = self._file.stat()
        except OSError as error:
            raise KeyFileUnusable(f"{self._file} is missing") from error
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _former(self) -> Iterator[PublicKey]:
        """Yield the public keys of the folder; KeyFileUnusable for one that is not the key of its name."""
        for path in sorted((self._folder / PUBLIC).glob("*.json")):
            try:
                said = json.loads(read_private(path))
                key = public_key({name: value for name, value in said.items() if name != "kid"})
            except (KeyRefused, ValueError, AttributeError) as error:
                raise KeyFileUnusable(f"{path} holds no public key") from error
            if key.id != path.stem:
                raise KeyFileUnusable(f"{path} holds another key than its name says")
            yield key

    def _keep(self, key: PublicKey) -> None:
        content = json.dumps(public_jwk(key), sort_keys=True).encode()
        with suppress(KeyFileExists):
            write_private(self._folder / PUBLIC / f"{key.id}.json", content)
