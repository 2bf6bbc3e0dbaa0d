# SPDX-License-Identifier: EUPL-1.2
"""How the text of a file, variable or argument becomes an option's value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def fitted(value: Any, kind: Any, bounds: Mapping[str, Any]) -> Any:
    """Return `value` as `kind`; ValueError with words when it does not fit."""
    if kind is bool:
        return _truth(value)
    if kind is int:
        return _bounded(value, bounds)
    if kind == tuple[str, ...]:
        return _texts(value)
    text = _text(value)
    if kind is str:
        return text
    if not text and kind is Path:
        raise ValueError("it must name a file or folder")
    return _path(text) if text else None


def _text(value: Any) -> str:
    """Return text without control characters."""
    if isinstance(value, Path):
        return str(value)
    if not isinstance(value, str):
        raise ValueError("it must be text")  # noqa: TRY004 - what does not fit is one sort of error
    if any(ord(character) < 32 for character in value):
        raise ValueError("it must not hold control characters")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    """Return texts from a TOML list, or from a variable's text with commas between."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list):
        raise ValueError("it must be a list of texts")  # noqa: TRY004 - as above
    return tuple(part.strip() for part in map(_text, parts) if part.strip())


def _path(text: str) -> Path:
    """Return a path, `~` being the home folder."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ValueError("it begins with ~, and there is no such home folder") from error


def _truth(value: Any) -> bool:
    """Return a boolean from a TOML boolean or the words of a variable."""
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if str(value).lower() not in words:
        raise ValueError("it must be true or false")
    return words[str(value).lower()]


def _bounded(value: Any, bounds: Mapping[str, Any]) -> int:
    """Return a whole number within its bounds."""
    if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]{1,18}", str(value)):
        raise ValueError("it must be a whole number")
    number = int(value)
    low, high = bounds["minimum"], bounds["maximum"]
    if not low <= number <= high:
        raise ValueError(f"it must be between {low} and {high}")
    return number
