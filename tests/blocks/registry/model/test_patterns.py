# SPDX-License-Identifier: EUPL-1.2
"""Patterns: useful ones are admitted, and none that is admitted can be slow."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.blocks.registry.model.patterns import SUBJECT_LENGTH_MAX, compiled, fits


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("H[0-9]{5}", "H12345"),
        ("[A-Z]{2}", "EE"),
        (r"\d{4}(-\d{2}){2}", "2026-01-31"),
        (r"[^@\s]+@[^@\s]+\.[a-z]+", "mari@example.org"),
        (r"\+[0-9]{7,15}", "+3725551234"),
        (r"(?:red|green)( light)?", "green light"),
        (r"\d+(\.\d+)?", "12.5"),
        (r"[]a]+", "]a"),
    ],
)
def test_useful_patterns(pattern: str, text: str) -> None:
    assert fits(pattern, text)
    assert not fits(pattern, text + "\x7f")


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a|a)*",
        "(a?){30}",
        "((a+))+",
        "(x|y+)*",
        "a*a*a*a*",
        "(?=a)",
        "(?P<x>a)",
        r"(a)\1",
        "a?" * 9,
        "(",
        "[",
        "a{1000}",
        "x" * 201,
        "(?i)a",
        "((a{1,9}){1,9}){1,9}",
    ],
)
def test_slow_and_odd_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        compiled(pattern)


def test_long_text_never_fits() -> None:
    assert fits("a*", "a" * SUBJECT_LENGTH_MAX)
    assert not fits("a*", "a" * (SUBJECT_LENGTH_MAX + 1))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab()|*+?{}1,2[]\\.^-", max_size=24), st.sampled_from(["a", "b", "ab", "aab"]))
def test_whatever_is_admitted_is_quick(pattern: str, part: str) -> None:
    try:
        compiled(pattern)
    except ValueError:
        return
    text = (part * SUBJECT_LENGTH_MAX)[: SUBJECT_LENGTH_MAX - 1] + "!"
    start = time.process_time()
    fits(pattern, text)
    assert time.process_time() - start < 2
