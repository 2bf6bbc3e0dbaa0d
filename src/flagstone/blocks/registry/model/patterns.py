# SPDX-License-Identifier: EUPL-1.2
"""Patterns written by analysts, admitted only when no input can make them slow.

Python's matcher goes back and tries again, so that a pattern such as `(a+)+` takes exponential time.
The rules below leave at most a cubic effort over at most `SUBJECT_LENGTH_MAX` characters.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache

PATTERN_LENGTH_MAX = 200
SUBJECT_LENGTH_MAX = 256
REPEATS_MAX = 3
OPTIONALS_MAX = 8
EXACT_COUNT_MAX = 256

_token = re.compile(
    r"(?P<escape>\\.)|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<open>\((?:\?:)?)|(?P<close>\))"
    r"|(?P<exact>\{(?P<count>\d+)\})|(?P<repeat>[*+]|\{\d*,\d*\})|(?P<maybe>\?)|(?P<either>\|)|(?P<plain>.)",
    re.DOTALL,
)


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return `pattern` compiled; ValueError when it is wrong, too long or could be slow."""
    if len(pattern) > PATTERN_LENGTH_MAX:
        raise ValueError(f"the pattern is longer than {PATTERN_LENGTH_MAX} characters")
    _check_shape(pattern)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python may read otherwise one day is refused today
            return re.compile(pattern)
    except (re.error, Warning, OverflowError, RecursionError) as error:
        raise ValueError("the pattern cannot be compiled") from error


def fits(pattern: str, text: str) -> bool:
    """Tell whether the whole of `text` has the form `pattern`; text over 256 characters never has."""
    return len(text) <= SUBJECT_LENGTH_MAX and compiled(pattern).fullmatch(text) is not None


def _check_shape(pattern: str) -> None:
    """Raise ValueError for look-around, back references, and repeats inside repeats."""
    open_groups: list[bool] = [False]  # for each open group: does it hold a choice?
    closed_holds_choice: bool | None = None  # set right after a group was closed
    repeats = optionals = 0
    for token in _token.finditer(pattern):
        kind = token.lastgroup if token.lastgroup != "count" else "exact"
        _check_token(kind or "", token, closed_holds_choice)
        repeats += kind == "repeat"
        optionals += kind == "maybe"
        if kind in {"repeat", "maybe", "either"}:
            open_groups[-1] = True
        closed_holds_choice = None
        if kind == "open":
            open_groups.append(False)
        elif kind == "close" and len(open_groups) > 1:
            closed_holds_choice = open_groups.pop()
            open_groups[-1] |= closed_holds_choice
    if repeats > REPEATS_MAX or optionals > OPTIONALS_MAX:
        raise ValueError(f"the pattern has more than {REPEATS_MAX} repeats or {OPTIONALS_MAX} optional parts")


def _check_token(kind: str, token: re.Match[str], closed_holds_choice: bool | None) -> None:
    """Raise ValueError for a token that may not stand at its place."""
    text = token.group()
    if kind == "open" and token.string[token.end() : token.end() + 1] == "?":
        raise ValueError("the pattern looks around or names a group")
    if kind == "escape" and text[1] in "123456789":
        raise ValueError("the pattern refers back")
    if kind in {"repeat", "exact"} and closed_holds_choice:
        raise ValueError("the pattern repeats a part that itself repeats or chooses")
    if kind == "exact" and int(token.group("count")) > EXACT_COUNT_MAX:
        raise ValueError(f"the pattern counts over {EXACT_COUNT_MAX}")
