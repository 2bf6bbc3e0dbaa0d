# SPDX-License-Identifier: EUPL-1.2
"""The data folder of a site: claimed by one process, marked as ours, never guessed at.

A folder that is not empty and has no mark is somebody else's; one whose mark says `made: false` was
left half-written and is completed; one that lacks a database it should have is refused, not refilled.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from flagstone.kernel.errors import SettingsFault
from flagstone.platform.crypto.keys import write_private

MARK = "flagstone.json"
DRAFT = f".{MARK}."  # how the name of an unfinished mark begins
DRAFT_NAME = re.compile(r"\..+\.[0-9a-f]{16}")
"""Names under which `write_private` writes before a file has its own."""

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

    def __init__(self, path: Path, mark: Mark, lock: int | None = None) -> None:
        """Hold the descriptor `lock`, if any, on `path`, which says `mark`."""
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
        """Let another process have the folder; no effect the second time."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def claim(path: Path, country: str, site: str, *, free_bytes_min: int = FREE_BYTES_MIN) -> Folder:
    """Return the folder, made and marked when it is new, and locked; a SettingsFault changes nothing."""
    with _explained(path):
        there = path.resolve()
        mark = _looked_at(there, country, site)
        _require_room(there, free_bytes_min)
        return _locked(there, country, site) if mark else _begun(there, country, site)


def claim_made(path: Path, country: str, site: str) -> Folder:
    """Return a folder that is made, locked; FolderNotMade, and nothing is created, when it is not."""
    visit(path, country, site)
    return claim(path, country, site)


def visit(path: Path, country: str, site: str) -> Folder:
    """Return a folder that is made, beside whoever serves it; FolderNotMade when it is not."""
    with _explained(path):
        there = path.resolve()
        mark = _looked_at(there, country, site)
        if mark is None or not mark.made:
            raise FolderNotMade(str(path))
        return Folder(there, mark)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the file system says into a SettingsFault that says what to do."""
    try:
        yield
    except PermissionError as error:
        raise FolderForbidden(str(path)) from error
    except NotADirectoryError as error:
        raise FolderForeign(f"{path} is not a folder") from error
    except RuntimeError as error:  # how `resolve` tells of a link that leads to itself
        raise FolderForeign(f"{path} is a link that leads to itself") from error
    except OSError as error:
        number = error.errno or errno.EIO
        fault = {errno.ENOSPC: FolderFull, errno.EDQUOT: FolderFull, errno.EROFS: FolderForbidden}
        raise fault.get(number, FolderDamaged)(f"{path}: {os.strerror(number)}") from error


def _looked_at(path: Path, country: str, site: str) -> Mark | None:
    """Return the mark of a folder, None for one that is absent or empty; a fault for any other."""
    try:
        names = {each.name for each in path.iterdir()}
    except FileNotFoundError:
        return None
    if MARK in names:
        return _checked(path, country, site)
    left_by_a_kill = {name for name in names if name == LOCK or name.startswith(DRAFT)}
    if names - left_by_a_kill:
        raise FolderForeign(str(path))
    return None


def _require_room(path: Path, free_bytes_min: int) -> None:
    """Raise FolderFull when the disk has less than the least room to start."""
    there = next(parent for parent in [path, *path.parents] if parent.exists())
    free = shutil.disk_usage(there).free
    if free < free_bytes_min:
        raise FolderFull(
            f"{free // 1_048_576} MB are free; at least {free_bytes_min // 1_048_576} are needed"
        )


def _begun(path: Path, country: str, site: str) -> Folder:
    """Make, lock and mark a new folder; what was made is taken back when that fails half-way."""
    fresh = not path.exists()
    path.mkdir(parents=True, exist_ok=True)
    lock = None
    try:
        path.chmod(stat.S_IRWXU)
        lock = _lock(path)
        if not (path / MARK).exists():
            _write_mark(path, Mark(FORMAT, country, site, made=False))
        return _swept(Folder(path, _checked(path, country, site), lock))
    except FolderInUse:
        raise
    except BaseException:
        _undo(path, lock, fresh=fresh)
        raise


def _undo(path: Path, lock: int | None, *, fresh: bool) -> None:
    """Remove what an unfinished beginning left."""
    if fresh:
        with suppress(OSError):
            (path / LOCK).unlink(missing_ok=True)
            path.rmdir()
    if lock is not None:
        os.close(lock)


def _locked(path: Path, country: str, site: str) -> Folder:
    """Lock a marked folder and read its mark again, which nobody changes from now on."""
    lock = _lock(path)
    try:
        return _swept(Folder(path, _checked(path, country, site), lock))
    except BaseException:
        os.close(lock)
        raise


def _swept(folder: Folder) -> Folder:
    """Remove the drafts that a killed making left; nobody else writes in a folder that is not made."""
    if not folder.mark.made:
        for path in folder.path.rglob(".*"):
            if DRAFT_NAME.fullmatch(path.name):
                path.unlink()
    return folder


def _lock(path: Path) -> int:
    """Return the descriptor that holds the folder's lock; FolderInUse when another process has it."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    lock = os.open(path / LOCK, flags, stat.S_IRUSR | stat.S_IWUSR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise FolderInUse(str(path)) from error
    return lock


def _checked(path: Path, country: str, site: str) -> Mark:
    """Return the folder's mark; FolderDamaged or FolderForeign when it cannot be used."""
    mark = _read(path)
    if mark.format != FORMAT:
        raise FolderDamaged(f"{MARK} has format {mark.format}; this program knows {FORMAT}")
    if (mark.country, mark.site) != (country, site):
        raise FolderForeign(f"the folder belongs to {mark.country}/{mark.site}, not to {country}/{site}")
    if path.stat().st_uid != os.geteuid():
        raise FolderForbidden(f"{path} belongs to another user")
    missing = [name for name in mark.databases if mark.made and not (path / name).is_file()]
    if missing:
        raise FolderDamaged(f"{', '.join(missing)} is missing")
    return mark


def _read(path: Path) -> Mark:
    """Return what the mark says; FolderDamaged when it is not one."""
    try:
        fields = json.loads((path / MARK).read_text(encoding="utf-8"))
        if not isinstance(fields["made"], bool) or not all(
            isinstance(one, str) for one in fields["databases"]
        ):
            raise TypeError
        return Mark(**{**fields, "databases": tuple(fields["databases"])})
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise FolderDamaged(f"{MARK} cannot be read") from error


def _write_mark(path: Path, mark: Mark) -> None:
    """Write the mark durably, so that it is whole or not there."""
    write_private(path / MARK, json.dumps(asdict(mark)).encode(), replace=True)
