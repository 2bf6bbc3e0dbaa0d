# SPDX-License-Identifier: EUPL-1.2
"""What the pages say in each language: from the catalogues, and from the registers' own titles."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from babel.messages.pofile import read_po

import aralia
import flagstone

LANGUAGES = ("en", "et", "ar")
_SOURCE = Path(flagstone.__path__[0])
_REGISTERS = Path(aralia.__path__[0]) / "registers"


@cache
def _catalogue(language: str) -> dict[str, str]:
    """Return every message and its translation, whole: an untranslated one is not there."""
    found: dict[str, str] = {}
    for path in sorted(_SOURCE.rglob(f"locale/{language}/LC_MESSAGES/messages.po")):
        with path.open("rb") as stream:
            messages = list(read_po(stream, locale=language))
        found |= {str(one.id): str(one.string) for one in messages if isinstance(one.id, str) and one.string}
    return found


def say(message: str, language: str) -> str:
    """Return `message` in `language`; KeyError when no catalogue has it."""
    return message if language == "en" else _catalogue(language)[message]


@cache
def _register(code: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((_REGISTERS / f"{code}.yaml").read_text("utf-8"))
    return found


def register_title(code: str, language: str) -> str:
    """Return the title of a register."""
    return str(_register(code)["title"][language])


def owner_name(code: str, language: str) -> str:
    """Return the name of the organisation that keeps a register."""
    return str(_register(code)["owner_name"][language])


def field_title(register: str, field: str, language: str) -> str:
    """Return the title of a register's field."""
    fields = {each["code"]: each for each in _register(register)["fields"]}
    return str(fields[field]["title"][language])
