# SPDX-License-Identifier: EUPL-1.2
"""The data folder of a site: claimed by one process, marked as ours, never guessed at.

A folder that is not empty and has no mark is somebody else's; one whose mark says `made: false` was
left half-written and is completed; one that lacks a database it should have is refused, not refilled.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

from flagstone.kernel.errors import SettingsFault

MARK = "flagstone.json"
LOCK = "lock"
FORMAT = 1
FREE_BYTES_MIN = 200 * 1024 * 1024


class FolderForeign(SettingsFault):
    """The data folder holds something that Flagstone did not make."""

    code = "flagstone.folder-foreign"
    title = "The data folder holds other things"
    remedy = "Name an empty folder with --data, or the folder of an earlier start."


class FolderDamaged(SettingsFault):
    """The data folder is ours, but a part of it is missing or unreadable."""

    code = "flagstone.folder-damaged"
    title = "The data folder is damaged"
    remedy = "Restore it from a backup, or name another folder; nothing was changed."


class FolderNotMade(SettingsFault):
    """The data folder has no site in it yet, or one whose making was interrupted."""

    code = "flagstone.folder-not-made"
    title = "There is no site in the data folder yet"
    remedy = "Run `flagstone up` or `flagstone make` first, or name another folder with --data."


class FolderInUse(SettingsFault):
    """Another process works on the data folder."""

    code = "flagstone.folder-in-use"
    title = "Another process uses the data folder"
    remedy = "Stop it first, or name another folder with --data."


class FolderFull(SettingsFault):
    """The disk of the data folder has too little room to start."""

    code = "flagstone.folder-full"
    title = "The disk is full"
    remedy = "Free some room, or name a folder on another disk with --data; nothing was changed."


class FolderForbidden(SettingsFault):
    """The data folder cannot be written by this user."""

    code = "flagstone.folder-forbidden"
    title = "The data folder cannot be written"
    remedy = "Give this user the right to write there, or name another folder with --data."


@dataclass(frozen=True)
class Mark:
    """What the folder says of itself; `databases` are the files it must hold once it is made."""

    format: int
    country: str
    site: str
    made: bool
    databases: tuple[str, ...] = ()


class Folder:
    """The folder of one site; `lock` is held by whoever makes or serves it, not by visitors."""

    def __init__(self, path: Path, mark: Mark, lock: IO[str]) -> None:
        """Hold `lock` on `path`, which says `mark`."""
        self.path = path
        self.mark = mark
        self._lock = lock

    @property
    def keys(self) -> Path:
        """Return the folder of the site's keys."""
        return self.path / "keys"

    @property
    def checkpoints(self) -> Path:
        """Return the folder of the journals' signed heads."""
        return self.path / "checkpoints"

    def complete(self, databases: tuple[str, ...]) -> None:
        """Mark the folder as made, with the databases that it must hold from now on."""
        self.mark = replace(self.mark, made=True, databases=databases)
        _write_mark(self.path, self.mark)

    def release(self) -> None:
        """Let another process have the folder."""
        self._lock.close()


def claim(path: Path, country: str, site: str, *, free_bytes_min: int = FREE_BYTES_MIN) -> Folder:
    """Return the folder, made and marked when it is new, and locked; a SettingsFault changes nothing."""
    with _explained(path):
        return _claimed(path, country, site, free_bytes_min)


def visit(path: Path, country: str, site: str) -> Folder:
    """Return a folder that is made, beside whoever serves it; FolderNotMade when it is not."""
    with _explained(path):
        if not (path / MARK).exists():
            raise FolderNotMade(str(path))
        mark = _checked(path, country, site)
        if not mark.made:
            raise FolderNotMade(str(path))
        return Folder(path, mark, (path / MARK).open(encoding="utf-8"))


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the file system says into a SettingsFault that says what to do."""
    try:
        yield
    except PermissionError as error:
        raise FolderForbidden(str(path)) from error
    except NotADirectoryError as error:
        raise FolderForeign(f"{path} is not a folder") from error
    except OSError as error:
        if error.errno in (28, 122):  # ENOSPC, EDQUOT
            raise FolderFull(str(path)) from error
        raise FolderDamaged(f"{path}: {os.strerror(error.errno or 0)}") from error


def _claimed(path: Path, country: str, site: str, free_bytes_min: int) -> Folder:
    """Check, lock, and only then write."""
    known = path.exists()
    if known and not path.is_dir():
        raise FolderForeign(f"{path} is not a folder")
    if known and not (path / MARK).exists() and {each.name for each in path.iterdir()} - {LOCK}:
        raise FolderForeign(str(path))
    _require_room(path, free_bytes_min)
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (path / LOCK).open("w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise FolderInUse(str(path)) from error
    if not (path / MARK).exists():
        _write_mark(path, Mark(FORMAT, country, site, made=False))
    return Folder(path, _checked(path, country, site), lock)


def _require_room(path: Path, free_bytes_min: int) -> None:
    """Raise FolderFull when the disk has less than the least room to start."""
    there = next(parent for parent in [path, *path.resolve().parents] if parent.exists())
    free = shutil.disk_usage(there).free
    if free < free_bytes_min:
        raise FolderFull(
            f"{free // 1_048_576} MB are free; at least {free_bytes_min // 1_048_576} are needed"
        )


def _checked(path: Path, country: str, site: str) -> Mark:
    """Return the folder's mark; FolderDamaged or FolderForeign when it cannot be used."""
    try:
        fields = json.loads((path / MARK).read_text(encoding="utf-8"))
        mark = Mark(**{**fields, "databases": tuple(fields["databases"])})
    except (ValueError, TypeError, KeyError) as error:
        raise FolderDamaged(f"{MARK} cannot be read") from error
    if mark.format != FORMAT:
        raise FolderDamaged(f"{MARK} has format {mark.format}; this program knows {FORMAT}")
    if (mark.country, mark.site) != (country, site):
        raise FolderForeign(f"the folder belongs to {mark.country}/{mark.site}, not to {country}/{site}")
    missing = [name for name in mark.databases if mark.made and not (path / name).is_file()]
    if missing:
        raise FolderDamaged(f"{', '.join(missing)} is missing")
    return mark


def _write_mark(path: Path, mark: Mark) -> None:
    """Write the mark so that it is whole or not there."""
    draft = path / f"{MARK}.new"
    with draft.open("w", encoding="utf-8") as stream:
        json.dump(asdict(mark), stream)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path / MARK)
