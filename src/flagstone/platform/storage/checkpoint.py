# SPDX-License-Identifier: EUPL-1.2
"""Checkpoints: signed heads of a journal, kept outside the database, that no one can take back.

A chain alone cannot show that its newest entries were replaced or cut off; a head that was signed and
put elsewhere can. One line a checkpoint is appended to a file; copies belong on other machines.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from flagstone.kernel.clock import rfc3339
from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.storage.database import Database

Sign = Callable[[Mapping[str, str | int]], str]
"""Return the signed text of a payload, on one line."""

Check = Callable[[str], Mapping[str, object]]
"""Return the payload of a signed text; a Fault when the signature does not hold."""

LINES_MAX = 1_000_000


class CheckpointUnreadable(Fault):
    """A line of a checkpoint file is not a checkpoint of this journal, or its signature is wrong."""

    code = "storage.checkpoint-unreadable"
    kind = Kind.INVALID
    title = "A checkpoint cannot be trusted"
    remedy = "Compare the file with its copy on another machine."


def append(database: Database, file: Path, sign: Sign) -> bool:
    """Sign the journal's head and add it to `file` unless it is the newest there; tell whether it was."""
    sequence, head = database.journal.head()
    _drop_unfinished(file)
    newest = _newest_line(file)
    payload: dict[str, str | int] = {"origin": database.origin, "sequence": sequence, "hash": head.hex()}
    if sequence == 0 or newest.startswith(f"{sequence} {head.hex()} "):
        return False
    line = f"{sequence} {head.hex()} {sign({**payload, 'at': rfc3339(database.clock.now())})}\n"
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return True


def anchors(database: Database, file: Path, check: Check) -> list[tuple[int, bytes]]:
    """Return the heads of `file` for `verify`; CheckpointUnreadable names the first bad line.

    A last line without its end was cut by a crash and is passed over.
    """
    if not file.exists():
        return []
    heads = []
    for number, line in enumerate(file.read_text(encoding="ascii").splitlines(keepends=True)[:LINES_MAX], 1):
        if line.endswith("\n"):
            heads.append(_anchor(database, line, number, check))
    return heads


def _anchor(database: Database, line: str, number: int, check: Check) -> tuple[int, bytes]:
    """Return the head of one line."""
    try:
        sequence, head, signed = line.split()
        payload = check(signed)
        said = (payload["origin"], payload["sequence"], payload["hash"])
        if said != (database.origin, int(sequence), head):
            raise CheckpointUnreadable(f"line {number} says other than what was signed")
        return int(sequence), bytes.fromhex(head)
    except (ValueError, KeyError) as error:
        raise CheckpointUnreadable(f"line {number} is not a checkpoint") from error
    except Fault as error:
        raise CheckpointUnreadable(f"line {number}: {error.title}") from error


def _drop_unfinished(file: Path) -> None:
    """Cut off a last line without its end, left by a crash or a full disk, so that the next is whole."""
    try:
        with file.open("r+b") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - 4_096))
            rest = stream.read()
            if rest and not rest.endswith(b"\n"):
                stream.truncate(size - len(rest) + rest.rfind(b"\n") + 1)
    except FileNotFoundError:
        return


def _newest_line(file: Path) -> str:
    """Return the last line of `file`, empty when there is none."""
    try:
        with file.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - 4_096))
            return (stream.read().decode("ascii", "replace").splitlines() or [""])[-1]
    except FileNotFoundError:
        return ""
