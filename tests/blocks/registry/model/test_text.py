# SPDX-License-Identifier: EUPL-1.2
"""Text: what is refused, how words are folded."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.registry.model.text import WORD_LENGTH_MAX, clean, fold, western_digits, words


@given(st.text())
def test_clean_text_is_nfc_and_stays_so(text: str) -> None:
    try:
        kept = clean(text)
    except ValueError:
        assert any(unicodedata.category(part) in {"Cc", "Cs"} for part in text)
        return
    assert kept == unicodedata.normalize("NFC", text)
    assert clean(kept) == kept
    kept.encode()


@given(st.text())
def test_folding_folded_text_changes_nothing(text: str) -> None:
    for word in words(text):
        assert word == word[:WORD_LENGTH_MAX]
        assert not any(part.isspace() or part in "\"'*&|!:()-_" for part in word)
    assert fold(fold(text)) == fold(fold(fold(text)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Põlva  VALD", ["polva", "vald"]),
        ("Straße-12", ["strasse", "12"]),
        ("ﬁne", ["fine"]),
        ("مَدِينَة", ["مدينة"]),
        ("İstanbul", ["istanbul"]),
        ("a_b", ["a", "b"]),
        ("...", []),
    ],
)
def test_words(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_digits_of_every_script() -> None:
    assert western_digits("٢٠٢٦-۱۲") == "2026-12"
