# SPDX-License-Identifier: EUPL-1.2
"""Identifiers as the wire writes them: percent-encoded segments in URLs and headers (PR-REST 4.2).

Each segment is UTF-8, percent-encoded, and joined by `/`. The decoder takes the characters of a path
segment (RFC 3986, 3.3: `pchar`) and nothing else; the encoder leaves letters, digits and
`-._~!$'()*,;&=@:+` as they are. Identifiers with control characters are refused.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

from flagstone.blocks.exchange.contract.faults import IdentifierInvalid
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId, ServiceId

SEGMENT_LENGTH_MAX = 255
ENCODED_LENGTH_MAX = 4096
UNESCAPED = "-._~!$'()*,;&=@:+"
_SEGMENT = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DOUBTFUL = re.compile("[%:;/\\\\\u200b\ufeff]")


def segment_decoded(text: str) -> str:
    """Return what the segment `text` encodes; IdentifierInvalid unless it is made of `pchar` and UTF-8."""
    if not _SEGMENT.fullmatch(text):
        raise IdentifierInvalid("a segment holds what must be percent-encoded")
    if "%" not in text:
        return text
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise IdentifierInvalid("a percent-encoded segment is not UTF-8") from None


def segment_encoded(text: str) -> str:
    """Return `text` as one segment of a URL or header."""
    return quote(text, safe=UNESCAPED)


def client_decoded(value: str) -> ClientId:
    """Return the client of a header `X-Road-Client`: 3 or 4 segments; IdentifierInvalid otherwise."""
    return ClientId(*segments(value, 3, 4))


def service_decoded(value: str) -> ServiceId:
    """Return the service of a header `X-Road-Service`: exactly 5 segments; IdentifierInvalid otherwise."""
    *provider, code = segments(value, 5, 5)
    return ServiceId(ClientId(*provider), code)


def server_decoded(value: str) -> ServerId:
    """Return the server of a header `X-Road-Security-Server`: exactly 4 segments."""
    *owner, code = segments(value, 4, 4)
    return ServerId(ClientId(*owner), code)


def party_decoded(value: str) -> tuple[str, str]:
    """Return class (may be empty) and code of a header `X-Road-Represented-Party`: `[class/]code`."""
    parts = segments(value, 1, 2)
    return ("", parts[0]) if len(parts) == 1 else (parts[0], parts[1])


@lru_cache(maxsize=2048)
def client_encoded(client: ClientId) -> str:
    """Return the value of a header `X-Road-Client`."""
    parts = (client.instance, client.member_class, client.member_code, client.subsystem)
    return "/".join(segment_encoded(part) for part in parts if part)


@lru_cache(maxsize=2048)
def service_encoded(service: ServiceId) -> str:
    """Return the value of a header `X-Road-Service`, which is also the path behind `/r1/`."""
    return f"{client_encoded(service.provider)}/{segment_encoded(service.code)}"


def server_encoded(server: ServerId) -> str:
    """Return the value of a header `X-Road-Security-Server`."""
    return f"{client_encoded(server.owner)}/{segment_encoded(server.code)}"


def is_doubtful(part: str) -> bool:
    r"""Tell whether `part` holds what deserves a warning: `% : ; / \`, U+200B or U+FEFF."""
    return _DOUBTFUL.search(part) is not None


def segments(value: str, least: int, most: int) -> tuple[str, ...]:
    """Return the decoded segments of `value`, at least and at most so many; IdentifierInvalid otherwise."""
    if len(value) > ENCODED_LENGTH_MAX:
        raise IdentifierInvalid("it is too long")
    return _segments(value, least, most)


@lru_cache(maxsize=2048)
def _segments(value: str, least: int, most: int) -> tuple[str, ...]:
    encoded = value.split("/", most)
    if not least <= len(encoded) <= most:
        raise IdentifierInvalid(
            f"it has {least} to {most} segments" if least < most else f"it has {most} segments"
        )
    decoded = tuple(segment_decoded(each) for each in encoded)
    for part in decoded:
        if not 0 < len(part) <= SEGMENT_LENGTH_MAX:
            raise IdentifierInvalid("a segment is empty or too long")
        if _CONTROL.search(part):
            raise IdentifierInvalid("a segment holds a control character")
    return decoded
