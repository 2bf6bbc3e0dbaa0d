# SPDX-License-Identifier: EUPL-1.2
"""The languages of pages as reports speak them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from flagstone.blocks import rules
from flagstone.kernel.errors import SettingsFault
from flagstone.platform.http.language import SOURCE, Language, read_language

LOCALE = Path(rules.__file__).parent / "locale"


@dataclass(frozen=True)
class Spoken:
    """Keeps `model.report.speech.Speech` by a language of the pages."""

    language: Language
    currency: str = ""

    @property
    def code(self) -> str:
        """The language (BCP 47)."""
        return self.language.code

    @property
    def right_to_left(self) -> bool:
        """Tell whether it is read from right to left."""
        return self.language.direction == "rtl"

    def say(self, message: str, **variables: str) -> str:
        """Return a message in this language with its variables, as plain text."""
        text = self.language.catalogue.gettext(message)
        return text % variables if variables else text

    def number(self, value: float, places: int) -> str:
        """Return a finite number with so many decimals."""
        return self.language.formats.number(Decimal(f"{value:.{places}f}"))


def spoken(code: str, currency: str = "") -> Spoken:
    """Return how reports speak language `code`; SettingsFault for one that nobody knows."""
    return Spoken(_language(code), currency)


@lru_cache(maxsize=16)
def _language(code: str) -> Language:
    known = {SOURCE, *(each.name for each in LOCALE.iterdir())}
    if code not in known:
        raise SettingsFault(f"language: reports are in {', '.join(sorted(known))}")
    return read_language(code, (LOCALE,), "UTC")
