# SPDX-License-Identifier: EUPL-1.2
"""The look of a country as data: its name and words in each language, colours, emblem and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from flagstone.kernel.errors import SettingsFault

Words = Mapping[str, str]
"""The same words by language code."""

FILES = ("theme.css", "emblem.svg")


@dataclass(frozen=True)
class Look:
    """What a country puts into `look/`: `look.yaml`, `theme.css`, `emblem.svg` and pictures.

    `notice_tag` and `notice` are the banner that says what a person should know first, such as that
    the country is made up; empty words leave it out. `contact` is where to write to about the site.
    """

    folder: Path
    state: Words
    motto: Words
    notice_tag: Words
    notice: Words
    contact: str = ""


def read_look(folder: Path) -> Look:
    """Return the look kept in `folder`; SettingsFault when a file is missing or a key is unknown."""
    for name in FILES:
        if not (folder / name).is_file():
            raise SettingsFault(f"The look of the country lacks {name}.")
    try:
        read = yaml.safe_load((folder / "look.yaml").read_text(encoding="utf-8"))
        return Look(folder, **{key: _words(value) for key, value in read.items()})
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, AttributeError) as error:
        raise SettingsFault(f"The country's look.yaml cannot be used: {type(error).__name__}.") from error


def _words(value: Any) -> Any:
    """Return a mapping of texts, or a text, as it is; TypeError for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and all(isinstance(text, str) for pair in value.items() for text in pair):
        return value
    raise TypeError("words are a text or texts by language")
