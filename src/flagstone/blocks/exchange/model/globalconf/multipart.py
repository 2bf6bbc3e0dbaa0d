# SPDX-License-Identifier: EUPL-1.2
"""The multipart text that a signed directory is: strict, bounded, and exact to the byte.

Only what RFC 2046 allows and directories use is taken: CRLF everywhere, no preamble, no epilogue, header
lines that are not folded. Whatever else stands there is refused, not skipped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMalformed

BYTES_MAX = 1024 * 1024
HEADERS_MAX = 16
LINE_BYTES_MAX = 4096
PARTS_MAX = 200

CRLF = b"\r\n"
_HEADER = re.compile(rb"([A-Za-z][A-Za-z0-9-]{0,63}):[ \t]*([\x20-\x7e]*)")
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=?-]{1,70}")
_PARAMETER = re.compile(r"""\s*([A-Za-z-]{1,40})=(?:"([^"]*)"|'([^']*)'|([^\s;"']*))\s*(?:;|$)""")

Headers = Mapping[str, str]
"""Header values by name in lower case."""


def headers_and_rest(text: bytes) -> tuple[Headers, bytes]:
    """Return the headers that a text begins with and what follows the blank line."""
    head, separator, rest = text.partition(CRLF + CRLF)
    if not separator:
        raise ConfigurationMalformed("a part has no blank line after its headers")
    return headers_of(head), rest


def headers_of(head: bytes) -> Headers:
    """Return the headers of a block of lines; a name that comes twice is refused."""
    found: dict[str, str] = {}
    lines = head.split(CRLF, HEADERS_MAX + 1)
    if len(lines) > HEADERS_MAX:
        raise ConfigurationMalformed(f"a part has more than {HEADERS_MAX} headers")
    for line in lines:
        match = _HEADER.fullmatch(line) if len(line) <= LINE_BYTES_MAX else None
        if match is None:
            raise ConfigurationMalformed("a header line is not `Name: value`")
        name = match[1].decode().lower()
        if name in found:
            raise ConfigurationMalformed(f"the header {name} comes twice")
        found[name] = match[2].decode().strip()
    return found


def value_and_parameters(text: str) -> tuple[str, Headers]:
    """Return a header's value and its parameters by name in lower case; either quote, or none, is taken."""
    value, _, rest = text.partition(";")
    parameters: dict[str, str] = {}
    position = 0
    while position < len(rest):
        match = _PARAMETER.match(rest, position)
        if match is None or match[1].lower() in parameters:
            raise ConfigurationMalformed("a header's parameters are not `name=value`, each once")
        parameters[match[1].lower()] = next(part for part in (*match.groups()[1:], "") if part is not None)
        position = match.end()
    return value.strip(), parameters


def boundary_of(headers: Headers, kind: str) -> bytes:
    """Return the boundary of a part that must be of content type `kind`."""
    value, parameters = value_and_parameters(headers.get("content-type", ""))
    boundary = parameters.get("boundary", "")
    if value.lower() != kind or not _BOUNDARY.fullmatch(boundary):
        raise ConfigurationMalformed(f"a part is not {kind} with a boundary")
    return boundary.encode()


def parts_between(body: bytes, boundary: bytes) -> list[bytes]:
    """Return the bytes between the lines of `boundary`: each without the CRLF that belongs to the line."""
    delimiter = CRLF + b"--" + boundary
    pieces = (CRLF + body).split(delimiter, PARTS_MAX + 2)
    if len(pieces) > PARTS_MAX + 2:
        raise ConfigurationMalformed(f"there are more than {PARTS_MAX} parts")
    if pieces[0] or len(pieces) < 3:
        raise ConfigurationMalformed("the parts do not begin and end with their boundary")
    if pieces[-1] not in {b"--", b"--" + CRLF}:
        raise ConfigurationMalformed("something follows the last part")
    return [_after_line(piece) for piece in pieces[1:-1]]


def _after_line(piece: bytes) -> bytes:
    """Return a part without the end of its boundary's line."""
    if not piece.startswith(CRLF):
        raise ConfigurationMalformed("a boundary's line does not end after the boundary")
    return piece.removeprefix(CRLF)
