# SPDX-License-Identifier: EUPL-1.2
"""Where private keys are: in files that a passphrase closes, or in a hardware security module."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from flagstone.blocks.trust.contract.faults import KeyStoreUnusable
from flagstone.blocks.trust.contract.keys import KeyType
from flagstone.kernel.errors import Fault
from flagstone.platform.crypto.keys import KeyFileUnusable, read_private
from flagstone.platform.crypto.signing import PrivateKey, PrivateKeyUnusable, SoftKey

Done = TypeVar("Done")
PASSPHRASE_BYTES_MIN = 8
FILES, MODULE = "file", "pkcs11"


class KeyPlace(Protocol):
    """A place of private keys; KeyStoreUnusable when it cannot be reached or opened."""

    @property
    def name(self) -> str:
        """`file` or `pkcs11`."""

    def make(self, key_id: str, type_: KeyType) -> PrivateKey:
        """Make a key under that name, which must be new."""

    def load(self, key_id: str) -> PrivateKey:
        """Return the key of that name."""

    def destroy(self, key_id: str) -> None:
        """Destroy the key for good; nothing happens when it is gone."""


def generated(type_: KeyType) -> SoftKey:
    """Return a fresh key in memory."""
    family, _, size = type_.value.partition("-")
    if family == "rsa":
        return SoftKey.generate_rsa(int(size))
    return SoftKey.generate_ec(f"P-{size.removeprefix('p')}")


def passphrase_in(file: Path) -> bytes:
    """Return the passphrase in a private file; KeyStoreUnusable when it cannot be used."""
    try:
        found = read_private(file).strip()
    except KeyFileUnusable as error:
        raise KeyStoreUnusable(error.detail) from error
    if len(found) < PASSPHRASE_BYTES_MIN:
        raise KeyStoreUnusable(f"the passphrase has fewer than {PASSPHRASE_BYTES_MIN} bytes")
    return found


@dataclass(frozen=True)
class FileKeys:
    """Keeps `KeyPlace` in a folder of PEM files, closed by the passphrase in a file."""

    folder: Path
    passphrase_file: Path = field(repr=False)
    name: str = FILES

    def make(self, key_id: str, type_: KeyType) -> PrivateKey:
        """Make a key and write it closed."""
        key = generated(type_)
        key.to_file(self._file(key_id), passphrase_in(self.passphrase_file))
        return key

    def load(self, key_id: str) -> PrivateKey:
        """Return the key, opened."""
        try:
            return SoftKey.from_file(self._file(key_id), passphrase_in(self.passphrase_file))
        except (KeyFileUnusable, PrivateKeyUnusable) as error:
            raise KeyStoreUnusable(error.detail) from error

    def destroy(self, key_id: str) -> None:
        """Write over the file and remove it; what a disk or a backup still holds stays closed."""
        file = self._file(key_id)
        with suppress(FileNotFoundError):
            size = file.stat().st_size
            with file.open("r+b") as stream:
                stream.write(os.urandom(size))
                stream.flush()
                os.fsync(stream.fileno())
            file.unlink()

    def _file(self, key_id: str) -> Path:
        return self.folder / f"{key_id}.pem"


class ModuleKeys:
    """Keeps `KeyPlace` in a module; `open_module` gives `flagstone.platform.crypto.pkcs11.Hsm` late."""

    name: str = MODULE

    def __init__(self, open_module: Callable[[], Module]) -> None:
        """Open the module when it is first needed."""
        self._open = open_module
        self._module: Module | None = None

    def make(self, key_id: str, type_: KeyType) -> PrivateKey:
        """Make a key in the module."""
        return self._told(lambda module: module.make(key_id, type_.value))

    def load(self, key_id: str) -> PrivateKey:
        """Return the key in the module."""
        return self._told(lambda module: module.key(key_id))

    def destroy(self, key_id: str) -> None:
        """Destroy the key in the module."""
        self._told(lambda module: module.destroy(key_id))

    def _told(self, work: Callable[[Module], Done]) -> Done:
        try:
            if self._module is None:
                self._module = self._open()
            return work(self._module)
        except KeyStoreUnusable:
            raise
        except Fault as error:
            raise KeyStoreUnusable(f"{error.title}: {error.detail}") from error


class Module(Protocol):
    """What `flagstone.platform.crypto.pkcs11.Hsm` does; that room is loaded only where there is a module."""

    def make(self, key_id: str, type_: str) -> PrivateKey:
        """Make a key."""

    def key(self, key_id: str) -> PrivateKey:
        """Return a key."""

    def destroy(self, key_id: str) -> None:
        """Destroy a key."""
