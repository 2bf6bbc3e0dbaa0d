# SPDX-License-Identifier: EUPL-1.2
"""A configuration kept on disk: written whole beside the one before, and swapped in by one rename.

`current` is a link to the folder that counts; whoever opens it finds one whole configuration, and whoever
is stopped while writing leaves the one before. Files that did not change are the same file in both.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from flagstone.blocks.exchange.contract.globalconf import GlobalConfiguration, PartMetadata
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMissing
from flagstone.blocks.exchange.service.globalconf.disk import (
    FILE_BYTES_MAX,
    FILES_MAX,
    INSTANCE_FILE,
    METADATA,
    bounded,
    folder_name,
    metadata_text,
    read_folder,
    read_metadata,
)
from flagstone.platform.crypto.keys import ensure_folder, folder_lock

CURRENT, VERSIONS = "current", "versions"
KEPT_VERSIONS = 3
RESTORED = "000000000000-restored"
"""The name of what counts where a copy of the folder made a folder of the link, as some back-ups do."""

Probe = Callable[[str], None]
"""Told each step of a swap; tests stop there."""


def unwatched(_step: str) -> None:
    """Take no notice of a step."""


@dataclass(frozen=True)
class KeptFile:
    """One published part: where it belongs, its bytes and what is said of it."""

    name: str
    content: bytes = field(repr=False)
    metadata: PartMetadata


def kept_files(folder: Path) -> tuple[KeptFile, ...]:
    """Return every published part that an instance's folder holds; what has no metadata was not published."""
    found = []
    for beside in sorted(folder.glob(f"*{METADATA}"))[:FILES_MAX]:
        file = beside.with_name(beside.name.removesuffix(METADATA))
        metadata = read_metadata(file)
        if metadata is not None and file.is_file():
            found.append(KeptFile(file.name, bounded(file, FILE_BYTES_MAX), metadata))
    return tuple(found)


def layout(instance: str, files: Mapping[str, tuple[KeptFile, ...]]) -> dict[str, bytes]:
    """Return the files of a whole folder by path: `files` are each instance's, `instance` is the own one."""
    found = {INSTANCE_FILE: instance.encode()}
    for each, parts in files.items():
        folder = folder_name(each)
        for part in parts:
            found[f"{folder}/{part.name}"] = part.content
            found[f"{folder}/{part.name}{METADATA}"] = metadata_text(part.metadata)
    return found


class Swapped:
    """A folder that always holds one whole set of files, by path, under `current`."""

    def __init__(self, root: Path, probe: Probe = unwatched) -> None:
        """Keep it in `root`, which is made when something is written."""
        self.root = root
        self._probe = probe

    @property
    def current(self) -> Path:
        """Return the folder that counts; it may be missing."""
        return self.root / CURRENT

    def version(self) -> str:
        """Return the name of what counts now, empty before there is anything."""
        try:
            return self.current.readlink().name
        except OSError:
            return RESTORED if self.current.is_dir() else ""

    def versions(self) -> list[Path]:
        """Return what counts now and what counted before it, the newest first."""
        now = self.version()
        if now == RESTORED:
            return [self.current]
        kept = sorted((self.root / VERSIONS).glob("[0-9]*"), reverse=True)
        return [each for each in kept if each.name <= now]

    def replace(self, files: Mapping[str, bytes]) -> None:
        """Let exactly `files` count; a stop at any moment leaves these, or all that counted before."""
        ensure_folder(self.root)
        with folder_lock(self.root):
            before = self.version()
            if before == RESTORED:
                self._take_in()
            number = int(before.partition("-")[0] or 0) + 1
            fresh = self.root / VERSIONS / f"{number:012d}-{secrets.token_hex(4)}"
            fresh.mkdir(parents=True)
            self._write(fresh, files, self.root / VERSIONS / before if before else None)
            self._swap(fresh)
            self._sweep(fresh)

    def _take_in(self) -> None:
        """Put a restored copy among the versions, so that a link can stand in its place."""
        (self.root / VERSIONS).mkdir(exist_ok=True)
        shutil.rmtree(self.root / VERSIONS / RESTORED, ignore_errors=True)
        self.current.rename(self.root / VERSIONS / RESTORED)

    def _write(self, fresh: Path, files: Mapping[str, bytes], before: Path | None) -> None:
        """Write the files of a new version, each durably."""
        for path, content in files.items():
            target = fresh / path
            target.parent.mkdir(parents=True, exist_ok=True)
            old = before / path if before else None
            if old is None or not _same(old, content) or not _linked(old, target):
                _write_durably(target, content)
            self._probe("file-written")
        for folder in (*(each for each in fresh.rglob("*") if each.is_dir()), fresh, fresh.parent):
            _sync(folder)
        self._probe("version-written")

    def _swap(self, fresh: Path) -> None:
        """Let the new version count."""
        link = self.root / f".{CURRENT}.{secrets.token_hex(8)}"
        link.symlink_to(Path(VERSIONS) / fresh.name, target_is_directory=True)
        self._probe("link-made")
        link.replace(self.current)
        _sync(self.root)
        self._probe("swapped")

    def _sweep(self, fresh: Path) -> None:
        """Remove versions long gone and what stopped writers left."""
        kept = {each.name for each in self.versions()[:KEPT_VERSIONS]} | {fresh.name}
        for each in (self.root / VERSIONS).iterdir():
            if each.name not in kept:
                shutil.rmtree(each, ignore_errors=True)
                self._probe("version-removed")
        for link in self.root.glob(f".{CURRENT}.*"):
            link.unlink(missing_ok=True)


class Kept:
    """The configuration of this server on disk, read anew when another one was swapped in."""

    def __init__(self, root: Path, probe: Probe = unwatched) -> None:
        """Keep it in `root`."""
        self.folder = Swapped(root, probe)
        self._read: tuple[str, GlobalConfiguration] | None = None

    @property
    def path(self) -> Path:
        """Return the folder in security servers' own layout."""
        return self.folder.current

    def configuration(self) -> GlobalConfiguration:
        """Return what is kept; ConfigurationMissing before anything is."""
        version, read = self.folder.version(), self._read
        if not version:
            raise ConfigurationMissing("nothing was fetched yet")
        if read is None or read[0] != version:
            read = self._read = (version, read_folder(self.folder.current))
        return read[1]

    def files(self, instance: str) -> tuple[KeptFile, ...]:
        """Return the published parts that are kept of an instance."""
        return kept_files(self.folder.current.resolve() / folder_name(instance))

    def replace(self, instance: str, files: Mapping[str, tuple[KeptFile, ...]]) -> None:
        """Keep these files of each instance and no others."""
        self.folder.replace(layout(instance, files))


def _same(file: Path, content: bytes) -> bool:
    """Tell whether a file holds exactly these bytes."""
    try:
        return file.stat().st_size == len(content) and file.read_bytes() == content
    except OSError:
        return False


def _linked(old: Path, target: Path) -> bool:
    """Tell whether `target` could be made another name of `old`."""
    with suppress(OSError):
        os.link(old, target)
        return True
    return False


def _write_durably(target: Path, content: bytes) -> None:
    """Write a new file and wait until the disk has it."""
    with target.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _sync(folder: Path) -> None:
    """Wait until the disk has what a folder lists."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
