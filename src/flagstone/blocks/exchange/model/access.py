# SPDX-License-Identifier: EUPL-1.2
r"""Who may call what: paths in normal form, path globs, and exact subjects (X-Road access control).

In a glob `*` is any run without `/`, `**` is anything, `\*` and `\\` are the sign itself. A path is decoded
and its dot segments taken out before it is compared; where that leaves `..`, or where two readers of the
path could disagree about it, nobody may call it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from flagstone.blocks.exchange.contract.directory import Directory
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.service import Endpoint, LocalGroup, Right, Snapshot

GLOB_LENGTH_MAX = 1024
PATH_LENGTH_MAX = 8192
_PIECES = re.compile(r"\*+|\\[*\\]|[^*\\]+|\\")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HYPHEN = re.compile(rb"%2[dD]")
_SLASH = re.compile(rb"%2[fF]|//")


@lru_cache(maxsize=4096)
def glob_compiled(glob: str) -> re.Pattern[str]:
    """Return the pattern that `glob` stands for; to be matched whole. ValueError when it is too long."""
    if len(glob) > GLOB_LENGTH_MAX:
        raise ValueError(f"a path glob has at most {GLOB_LENGTH_MAX} characters")
    return re.compile(_translated(glob), re.DOTALL)


def glob_matches(glob: str, path: str) -> bool:
    """Tell whether `glob` matches the whole of `path`."""
    return glob_compiled(glob).fullmatch(path) is not None


def path_normal(path: bytes) -> str | None:
    """Return the service's part of a raw path in normal form, or None when nobody may call it.

    Percent signs are decoded once (an encoded hyphen stays `%2D`, as X-Road has it), dot segments taken out,
    empty segments dropped. None: not UTF-8, control characters, `..` that is left, and dot segments beside
    encoded or doubled slashes.
    """
    if len(path) > PATH_LENGTH_MAX:
        return None
    if b"%" not in path and b"/." not in path and b"//" not in path and b".." not in path:
        return path.decode("ascii", "replace")
    try:
        decoded = unquote_to_bytes(_HYPHEN.sub(b"%252D", path)).decode()
    except UnicodeDecodeError:
        return None
    if _CONTROL.search(decoded) or (".." in decoded and _SLASH.search(path)):
        return None
    normal = _without_dots(decoded)
    return None if ".." in normal else normal


def _without_dots(path: str) -> str:
    """Take out `.`, `..` (RFC 3986, 5.2.4) and empty segments; a `..` with nothing before it stays."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == ".." and kept and kept[-1] != "..":
            kept.pop()
        elif segment not in {"", "."}:
            kept.append(segment)
    lead = "/" if path.startswith("/") else ""
    tail = "/" if kept and segments[-1] in {"", ".", ".."} else ""
    return f"{lead}{'/'.join(kept)}{tail}"


def _translated(glob: str) -> str:
    """Return a regular expression for `glob` that never goes back further than one `**`.

    Behind a star the first place where the following text stands is as good as any later one, so each star
    and its text are atomic; no path can make the match slow.
    """
    chunks: list[list[str]] = [[""]]
    for piece in _PIECES.findall(glob):
        if piece == "*":
            chunks[-1].append("")
        elif piece[0] == "*":
            chunks.append([""])
        else:
            chunks[-1][-1] += re.escape(piece[1:] if piece in {"\\*", "\\\\"} else piece)
    chunks[-1][-1] += r"\Z"
    texts = ["".join([first, *(f"(?>[^/]*?{text})" for text in others)]) for first, *others in chunks]
    return "".join([texts[0], *(f"(?>.*?{text})" for text in texts[1:])])


@dataclass(frozen=True)
class Entry:
    """A right in the form in which it is asked: whom it is for, and which methods and paths."""

    subjects: frozenset[ClientId]
    endpoint: Endpoint
    right: Right

    def covers(self, client: ClientId, method: str, path: str) -> bool:
        """Tell whether `client` may call `method` on `path`, which is in normal form."""
        return (
            client in self.subjects
            and self.endpoint.method in {"*", method}
            and (self.endpoint.path == "**" or glob_matches(self.endpoint.path, path))
        )


def entries(snapshot: Snapshot, service: ServiceId) -> tuple[Entry, ...]:
    """Return the rights to `service`, with the members of groups as they stand in `snapshot`."""
    return tuple(
        Entry(_subjects(right, snapshot.directory, snapshot.local_groups), right.endpoint, right)
        for right in snapshot.rights.get(service, ())
    )


def allowing(granted: Iterable[Entry], client: ClientId, method: str, path: str) -> Entry | None:
    """Return an entry that lets `client` call, rather one with a declared purpose; None denies."""
    covering = [entry for entry in granted if entry.covers(client, method, path)]
    return next((entry for entry in covering if entry.right.purpose.words), covering[0] if covering else None)


def _subjects(right: Right, directory: Directory, local_groups: Iterable[LocalGroup]) -> frozenset[ClientId]:
    subject = right.subject
    if isinstance(subject, ClientId):
        return frozenset({subject})
    if subject.local:
        own = (group for group in local_groups if group.provider == right.service.provider)
        return next((group.members for group in own if group.code == subject.code), frozenset())
    return next((group.members for group in directory.groups if group.code == subject.code), frozenset())
