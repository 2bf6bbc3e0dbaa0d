# SPDX-License-Identifier: EUPL-1.2
"""The archives of laws: the packages that decisions were computed with, kept in a folder by their SHA-256.

An archive is a ZIP file whose bytes depend on nothing but the packages' files: their folders without what
Python compiled, and of each distribution the metadata that tell its name and version. So the same law has
the same archive, and one that was changed in any byte has another name.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

from flagstone.blocks.rules.contract.decision_faults import ArchiveBroken
from flagstone.blocks.rules.contract.faults import LawUnavailable
from flagstone.blocks.rules.contract.law import LawName, LawSnapshot
from flagstone.platform.crypto.keys import ensure_folder
from flagstone.platform.crypto.zip_read import ARCHIVE, ZipFile, ZipRefused
from flagstone.platform.crypto.zip_write import write_zip

SUFFIX = ".law.zip"
ALWAYS = datetime(1980, 1, 1, tzinfo=UTC)
_METADATA = ("METADATA", "top_level.txt")
_COMPILED = "__pycache__"
_HEX_LENGTH = 64


class Archives:
    """The archives in one folder; several processes may add at once. Safe between threads."""

    def __init__(self, folder: Path) -> None:
        """Keep archives in `folder`, which is made when the first is."""
        self._folder = folder
        self._lock = Lock()
        self._made: dict[LawSnapshot, str] = {}

    def keep(self, law: LawSnapshot) -> str:
        """Return the SHA-256 of the archive of a law, which is on the disk for good by then.

        LawUnavailable when what is installed is no longer what was computed with.
        """
        with self._lock:
            found = self._made.get(law)
            if found is None or not self.path(found).exists():
                content = packed(law)
                found = sha256(content).hexdigest()
                self._write(found, content)
                self._made[law] = found
            return found

    def read(self, digest: str) -> bytes:
        """Return the bytes of an archive, verified; ArchiveBroken when they are gone or others."""
        try:
            content = self.path(digest).read_bytes()
        except OSError:
            raise ArchiveBroken(f"{digest[:16]} is not there") from None
        if sha256(content).hexdigest() != digest:
            raise ArchiveBroken(f"{digest[:16]} was changed")
        return content

    @contextmanager
    def unpacked(self, digest: str) -> Iterator[Path]:
        """Give a folder with the verified packages of an archive, for as long as the block lasts."""
        content = self.read(digest)
        with tempfile.TemporaryDirectory(prefix="flagstone-law-") as folder:
            _unpack(content, Path(folder))
            yield Path(folder)

    def path(self, digest: str) -> Path:
        """Return where an archive is; ArchiveBroken for what is no SHA-256."""
        if len(digest) != _HEX_LENGTH or not set(digest) <= set("0123456789abcdef"):
            raise ArchiveBroken("an archive is named by a SHA-256")
        return self._folder / f"{digest}{SUFFIX}"

    def _write(self, digest: str, content: bytes) -> None:
        """Put an archive in its place, whole or not at all, and make it durable."""
        path = self.path(digest)
        with suppress(ArchiveBroken):
            self.read(digest)
            return
        ensure_folder(self._folder)
        with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
        _sync(self._folder)


def packed(law: LawSnapshot) -> bytes:
    """Return the archive of the law that is installed; LawUnavailable when it is not exactly `law`."""
    files: dict[str, bytes] = {}
    for package, part in zip(packages_of(law.name), law.parts, strict=True):
        own = _files_of(package)
        if files_digest(own) != part.sha256:
            raise LawUnavailable(f"{package}: its files have changed since it was loaded; restart the site")
        files |= {f"{package}/{name}": content for name, content in own.items()}
        files |= _metadata_of(part.distribution, part.version)
    return write_zip({name: files[name] for name in sorted(files)}, ALWAYS)


def packages_of(name: LawName) -> tuple[str, ...]:
    """Return the packages of a law at the top of Python's names, each once, in the order of its parts."""
    every = (name.package, *name.extensions, *name.reforms)
    return tuple(dict.fromkeys(each.partition(".")[0] for each in every))


def files_digest(files: Mapping[str, bytes]) -> str:
    """Return the digest of a package's files that a law's snapshot has; empty without files."""
    whole = sha256()
    for name in sorted(files, key=lambda each: Path(each).parts):
        whole.update(f"{name}\0{sha256(files[name]).hexdigest()}\n".encode())
    return whole.hexdigest() if files else ""


def _files_of(package: str) -> dict[str, bytes]:
    """Return every file of a package by its path, without running any of it."""
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        raise LawUnavailable(f"{package} is no folder of files that could be archived")
    found: dict[str, bytes] = {}
    for folder in map(Path, folders):
        for file in folder.rglob("*"):
            if file.is_file() and _COMPILED not in file.parts:
                found[file.relative_to(folder).as_posix()] = file.read_bytes()
    return found


def _metadata_of(distribution: str, version: str) -> dict[str, bytes]:
    """Return what says the name and version of an installed distribution; nothing for one on the path."""
    if not version:
        return {}
    installed = metadata.distribution(distribution)
    folder = f"{distribution.replace('-', '_')}-{version}.dist-info"
    texts = {name: installed.read_text(name) for name in _METADATA}
    return {f"{folder}/{name}": text.encode() for name, text in texts.items() if text}


def _unpack(content: bytes, folder: Path) -> None:
    try:
        for name, data in ZipFile(content, ARCHIVE):
            path = folder / name
            if ".." in path.parts or not path.is_relative_to(folder):
                raise ArchiveBroken("it names a file outside of itself")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    except ZipRefused as refused:
        raise ArchiveBroken(refused.detail) from refused


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
