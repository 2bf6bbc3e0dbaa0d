# SPDX-License-Identifier: EUPL-1.2
"""A logged header block for the operator's eyes: what may carry a person is covered unless uncovered.

The block is the one that is hashed and signed: a verb and a path, or a status and a phrase, then one
`name:value` line for each header (X-Road message protocol for REST, header block).
"""

from __future__ import annotations

from dataclasses import dataclass

COVERED = "••••••"
LINES_MAX = 200
OPEN_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "flagstone-hidden-until",
        "flagstone-legal-basis",
        "flagstone-purpose",
        "flagstone-usage-count",
        "server",
        "user-agent",
        "x-road-client",
        "x-road-error",
        "x-road-id",
        "x-road-issue",
        "x-road-represented-party",
        "x-road-request-hash",
        "x-road-request-id",
        "x-road-security-server",
        "x-road-service",
    }
)
"""Headers that never carry a person; whatever is not named here is covered."""
_PATH_PARTS_OPEN = 7  # "", r1 and the five parts of a service


@dataclass(frozen=True)
class HeaderLine:
    """One header, or the first lines of the block; `covered` where the value is not shown."""

    name: str
    value: str
    covered: bool = False


@dataclass(frozen=True)
class HeaderBlock:
    """A header block in two: its first lines as one text, and its headers."""

    start: HeaderLine
    headers: tuple[HeaderLine, ...]


def header_block(head: bytes, *, uncovered: bool) -> HeaderBlock | None:
    """Return `head` for showing, None when there is none; with `uncovered` every value is shown."""
    lines = head.decode("utf-8", "replace").split("\r\n")
    if len(lines) < 2 or not lines[0]:
        return None
    verb, rest = lines[0], lines[1]
    is_request = not verb[:1].isdigit()
    shown = rest if uncovered or not is_request else covered_path(rest)
    start = HeaderLine("", f"{verb} {shown}".strip(), covered=shown != rest)
    headers = tuple(_header(line, uncovered=uncovered) for line in lines[2 : 2 + LINES_MAX] if line)
    return HeaderBlock(start, headers)


def covered_path(target: str) -> str:
    """Return the path up to the service; what follows it and the query may name a person."""
    path, question, _query = target.partition("?")
    parts = path.split("/")
    beyond = len(parts) > _PATH_PARTS_OPEN and any(parts[_PATH_PARTS_OPEN:])
    shown = "/".join(parts[:_PATH_PARTS_OPEN]) + (f"/{COVERED}" if beyond else "")
    return shown + (f"?{COVERED}" if question else "")


def _header(line: str, *, uncovered: bool) -> HeaderLine:
    name, _colon, value = line.partition(":")
    if uncovered or name.strip().lower() in OPEN_HEADERS:
        return HeaderLine(name, value.strip())
    return HeaderLine(name, COVERED, covered=True)
