# SPDX-License-Identifier: EUPL-1.2
"""Text as registers keep it (Unicode NFC) and as full text compares it (folded words)."""

from __future__ import annotations

import re
import unicodedata

WORD_LENGTH_MAX = 64
"""Longer words are cut, in the index and in the question alike."""

_unfit = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_word = re.compile(r"[^\W_]+")


def clean(text: str) -> str:
    """Return `text` in Unicode NFC; ValueError for control characters but tab and line ends, and for
    lone surrogates, which no encoding can carry.
    """
    if text.isascii() and text.isprintable():
        return text
    if _unfit.search(text):
        raise ValueError("holds a character that text may not hold")
    return unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """Return `text` without regard to case, accents and presentation forms (NFKD, no marks, casefold)."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFKC", "".join(part for part in parts if not unicodedata.combining(part)))


def words(text: str) -> list[str]:
    """Return the folded words of `text` in order; letters and digits of any script make a word."""
    return [word[:WORD_LENGTH_MAX] for word in _word.findall(fold(text))]


def western_digits(text: str) -> str:
    """Return `text` with the decimal digits of any script as `0` to `9`."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(part)) if part.isdecimal() else part for part in text)
