# SPDX-License-Identifier: EUPL-1.2
"""Why a message is sent: our own headers, and what was declared beforehand where they say nothing.

`Flagstone-Purpose`, `Flagstone-Legal-Basis`, `Flagstone-Case` and `Flagstone-Hidden-Until` are
percent-encoded UTF-8; they pass, are hashed and logged like any other header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote_to_bytes

from flagstone.blocks.exchange.contract.service import Purpose
from flagstone.blocks.exchange.model import faults
from flagstone.blocks.exchange.model.faults import MessageFault
from flagstone.kernel.audit import Reason
from flagstone.kernel.clock import parse_rfc3339

Said = Mapping[bytes, bytes]
"""The last value of each header by its name in lower case."""

WORDS_LENGTH_MAX = 500
PURPOSE, LEGAL_BASIS = b"flagstone-purpose", b"flagstone-legal-basis"
CASE, HIDDEN_UNTIL = b"flagstone-case", b"flagstone-hidden-until"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Why:
    """Why a message was sent; empty text and None where nothing was said."""

    purpose: str = ""
    legal_basis: str = ""
    case: str = ""
    hidden_until: datetime | None = None

    def reason(self, message_id: str) -> Reason | None:
        """Return the reason that the registers record, None when no purpose is known."""
        if not self.purpose:
            return None
        return Reason(self.purpose, self.legal_basis, message_id, self.case, self.hidden_until)


def why(said: Said, *declared: Purpose) -> Why:
    """Return why the message that said this in its headers was sent (`Request.said`).

    Purpose and legal basis belong together: they are the message's own where it names a purpose, else
    those of the first of `declared` that has one. MessageFault bad_request when a header is malformed.
    """
    own = Purpose(_words(said, PURPOSE), _words(said, LEGAL_BASIS))
    chosen = next((each for each in (own, *declared) if each.words), Purpose("", own.legal_basis))
    return Why(chosen.words, chosen.legal_basis, _words(said, CASE), _hidden_until(said))


def encoded(words: str) -> bytes:
    """Return `words` as the value of one of these headers."""
    return quote(words, safe="").encode()


def header_text(said: Said, name: bytes) -> str:
    """Return the header `name` as UTF-8 text, empty where it is absent; MessageFault bad_request."""
    try:
        return said.get(name, b"").decode()
    except UnicodeDecodeError:
        raise _malformed(name) from None


def _words(said: Said, name: bytes) -> str:
    value = said.get(name)
    if not value:
        return ""
    try:
        words = unquote_to_bytes(value).decode().strip()
    except UnicodeDecodeError:
        raise _malformed(name) from None
    if len(words) > WORDS_LENGTH_MAX or _CONTROL.search(words):
        raise _malformed(name)
    return words


def _hidden_until(said: Said) -> datetime | None:
    text = _words(said, HIDDEN_UNTIL)
    if not text:
        return None
    try:
        return parse_rfc3339(text)
    except ValueError:
        raise _malformed(HIDDEN_UNTIL) from None


def _malformed(name: bytes) -> MessageFault:
    return MessageFault(faults.BAD_REQUEST, f"The header {name.decode()} is malformed.")
