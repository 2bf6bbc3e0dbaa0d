# SPDX-License-Identifier: EUPL-1.2
"""Names of containers and archives, and `linkinginfo`, which chains the containers of all archives.

The first line is `PREVIOUS-DIGEST PREVIOUS-FILE SHA-512`, both `-` for the very first archive; each line
after it is `DIGEST FILE`, where the digest is lower-case hex of SHA-512 over the digest before it (empty for
the first of all) followed by the lower-case hex SHA-512 of the file, both as ASCII text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

LINKING_INFO = "linkinginfo"
TITLE = "SHA-512"
NOTHING = "-"
BYTES_MAX = 32 * 1024 * 1024
LINES_MAX = 200_000
NAME_LENGTH_MAX = 226
_DIGEST = re.compile(r"[0-9a-f]{128}")
_NAME = re.compile(r"[^\s/\\\x00-\x1f]{1,512}")
_ARCHIVE = re.compile(r"mlog-(?:(?P<group>.+)-)?[0-9]{14}-[0-9]{14}-[0-9a-f]{1,128}\.zip(?:\.gpg)?")
_DIGITS = "0123456789abcdefghijklmnopqrstuv"


class LinkingInvalid(ValueError):
    """A `linkinginfo` cannot be read; the words say the line and why."""


@dataclass(frozen=True)
class Link:
    """Where a chain stands: its last digest and the file that it came with, empty before the first."""

    digest: str = ""
    file: str = ""


@dataclass(frozen=True)
class LinkingInfo:
    """A parsed `linkinginfo`: where it goes on from, and its links in order."""

    before: Link
    links: tuple[Link, ...]

    @property
    def last(self) -> Link:
        """Return where the chain stands after it."""
        return self.links[-1] if self.links else self.before


def file_digest(content: bytes) -> str:
    """Return what a link is made of for a file of `content`."""
    return hashlib.sha512(content).hexdigest()


def next_digest(before: str, digest_of_file: str) -> str:
    """Return the chain's digest after a file; both arguments are hex, `before` empty at the beginning."""
    return hashlib.sha512((before + digest_of_file).encode("ascii")).hexdigest()


def chained(before: Link, files: Iterable[tuple[str, str]]) -> LinkingInfo:
    """Return the chain that goes on from `before` over `(name, file_digest)` in order."""
    digest, links = before.digest, []
    for name, of_file in files:
        digest = next_digest(digest, of_file)
        links.append(Link(digest, name))
    return LinkingInfo(before, tuple(links))


def written(info: LinkingInfo, archive_before: str) -> bytes:
    """Return the file; `archive_before` is the name of the archive before, empty for the first of all."""
    first = f"{info.before.digest or NOTHING} {archive_before or NOTHING} {TITLE}\n"
    return (first + "".join(f"{link.digest} {link.file}\n" for link in info.links)).encode()


def read(data: bytes) -> LinkingInfo:
    """Return what a `linkinginfo` says; LinkingInvalid for anything else, and for more than 32 MiB."""
    if len(data) > BYTES_MAX:
        raise LinkingInvalid(f"it has more than {BYTES_MAX} bytes")
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise LinkingInvalid("it is not UTF-8 text") from error
    if lines and not lines[-1]:
        lines.pop()
    if not lines or len(lines) > LINES_MAX:
        raise LinkingInvalid(f"it has {len(lines)} lines; 1 to {LINES_MAX} are possible")
    return LinkingInfo(_first(lines[0]), _links(lines[1:]))


def _first(line: str) -> Link:
    parts = line.split(" ")
    if len(parts) != 3 or parts[2] != TITLE:
        raise LinkingInvalid(f"line 1 is not `DIGEST FILE {TITLE}`")
    digest, file, _ = parts
    if digest == NOTHING and file == NOTHING:
        return Link()
    if not _DIGEST.fullmatch(digest) or (file != NOTHING and not _NAME.fullmatch(file)):
        raise LinkingInvalid("line 1 names no archive before it")
    return Link(digest, "" if file == NOTHING else file)


def _links(lines: Sequence[str]) -> tuple[Link, ...]:
    links, seen = [], set()
    for number, line in enumerate(lines, 2):
        digest, _, name = line.partition(" ")
        if not _DIGEST.fullmatch(digest) or not _NAME.fullmatch(name):
            raise LinkingInvalid(f"line {number} is not `DIGEST FILE`")
        if name in seen:
            raise LinkingInvalid(f"line {number} names a file for the second time")
        seen.add(name)
        links.append(Link(digest, name))
    return tuple(links)


def container_name(message_id: str, *, is_response: bool, number: int) -> str:
    """Return the file name of a container; `number` is the record's."""
    side = "response" if is_response else "request"
    return f"{_encoded(message_id)}-{side}-{_base32(number)}.asice"


def archive_name(first: datetime, last: datetime, digest: str, group: str = "") -> str:
    """Return the file name of an archive of records from `first` to `last` whose chain ends in `digest`."""
    span = "-".join(f"{each:%Y%m%d%H%M%S}" for each in (first, last))
    parts = ("mlog", quote(group, safe="")[: NAME_LENGTH_MAX - 60], span, digest[:16])
    return "-".join(part for part in parts if part) + ".zip"


def archive_group(file: str) -> str:
    """Return the group whose archive a file is by its name, as it is written there; empty for none."""
    match = _ARCHIVE.fullmatch(file.rpartition("/")[2])
    return (match["group"] or "") if match else ""


def _encoded(text: str) -> str:
    """Return `text` percent-encoded, cut before 226 characters at a whole character."""
    encoded = ""
    for each in text:
        more = quote(each, safe="")
        if len(encoded) + len(more) > NAME_LENGTH_MAX:
            break
        encoded += more
    return encoded


def _base32(number: int) -> str:
    if number < 0:
        raise ValueError("a record's number is not negative")
    digits = ""
    while True:
        number, rest = divmod(number, 32)
        digits = _DIGITS[rest] + digits
        if number == 0:
            return digits
