# SPDX-License-Identifier: EUPL-1.2
"""Distinguished names: ordered pairs, RFC 4514 text, and a key to compare them by (RFC 5280 section 7.1)."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TypeAlias

from flagstone.platform.crypto import der
from flagstone.platform.crypto.der import Element

Names: TypeAlias = tuple[tuple[str, str], ...]
"""Pairs of (short name or dotted OID, value) in the order of the certificate."""

SHORT_NAMES = {
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "street",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.15": "businessCategory",
    "2.5.4.17": "postalCode",
    "2.5.4.42": "GN",
    "2.5.4.46": "dnQualifier",
    "2.5.4.65": "pseudonym",
    "2.5.4.97": "organizationIdentifier",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
}
OIDS = {short: oid for oid, short in SHORT_NAMES.items()}
_ENCODINGS = dict.fromkeys((0x0C, 0x12, 0x13, 0x16), "utf-8") | {0x14: "latin-1", 0x1E: "utf-16-be"}
VALUE_CHARACTERS_MAX = 4096
NAMES_MAX = 64
NAMES_KEPT = 2048


@lru_cache(NAMES_KEPT)
def names_of(name: bytes) -> Names:
    """Return the pairs of a name in DER; DerRefused or ValueError when it is none.

    More than 64 pairs, or a value of over 4096 characters, are a ValueError too.
    """
    pairs = []
    for several in der.read(name).of(der.SEQUENCE).children():
        for pair in several.of(der.SET).children():
            kind, value = pair.of(der.SEQUENCE).children()
            dotted = kind.oid()
            pairs.append((SHORT_NAMES.get(dotted, dotted), _decoded(value)))
    if len(pairs) > NAMES_MAX or any(len(value) > VALUE_CHARACTERS_MAX for _, value in pairs):
        raise ValueError("the name is too long")
    return tuple(pairs)


@lru_cache(NAMES_KEPT)
def text_of(names: Names) -> str:
    """Return RFC 4514 text, the last pair first; characters that would mislead are escaped."""
    return ",".join(f"{name}={_escaped(value)}" for name, value in reversed(names))


@lru_cache(NAMES_KEPT)
def name_key(names: Names) -> bytes:
    """Return bytes that are equal for names that RFC 5280 section 7.1 holds equal."""
    return repr([(name, " ".join(_folded(value).split())) for name, value in names]).encode()


@lru_cache(NAMES_KEPT)
def loose_key(names: Names) -> bytes:
    """Return bytes that are equal for names of the same pairs in whatever order.

    Some signers write their name backwards, and peers find them all the same. Good only for finding a
    candidate whose signature is verified then.
    """
    return name_key(tuple(sorted(names)))


def _folded(value: str) -> str:
    """Return `value` without differences of case and of composition."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())


def _decoded(value: Element) -> str:
    """Return a directory string as text (X.690 section 8.23); other values as hexadecimal."""
    if value.tag in _ENCODINGS:
        return value.body.decode(_ENCODINGS[value.tag])
    return f"#{value.body.hex()}"


def _escaped(value: str) -> str:
    """Return `value` escaped as RFC 4514 section 2.4 says, and control characters with it."""
    made = "".join(_character(each) for each in value)
    if value[:1] in {" ", "#"}:
        made = "\\" + made
    return made[:-1] + "\\ " if value[-1:] == " " and len(value) > 1 else made


def _character(each: str) -> str:
    """Return one character, escaped where RFC 4514 or a reader's screen asks for it."""
    if each in '"+,;<>\\':
        return "\\" + each
    if unicodedata.category(each) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return "".join(f"\\{octet:02X}" for octet in each.encode("utf-8", "surrogatepass"))
    return each
