# SPDX-License-Identifier: EUPL-1.2
"""How a report speaks: messages in a language, numbers as it writes them, and units that keep them short."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from flagstone.blocks.rules.model.plots.parts import Axis, digits
from flagstone.blocks.rules.model.plots.scale import unit_of

NOTHING = "–"  # noqa: RUF001 - an en dash, as in the tables of statistics


def marked(message: str) -> str:
    """Return `message` as it is: it marks a text, by `_ = marked`, for the catalogues."""
    return message


_ = marked

YEARLY = {
    1.0: _("%(currency)s a year"),
    1e3: _("thousand %(currency)s a year"),
    1e6: _("million %(currency)s a year"),
    1e9: _("billion %(currency)s a year"),
    1e12: _("trillion %(currency)s a year"),
}
COUNTED = {
    1.0: _("households"),
    1e3: _("thousand households"),
    1e6: _("million households"),
    1e9: _("billion households"),
    1e12: _("trillion households"),
}


class Speech(Protocol):
    """A language; `currency` is the code of what amounts are in, empty where nobody says it."""

    @property
    def code(self) -> str:
        """The language (BCP 47)."""
        ...

    @property
    def right_to_left(self) -> bool:
        """Tell whether it is read from right to left."""
        ...

    @property
    def currency(self) -> str:
        """The currency (ISO 4217), or empty."""
        ...

    def say(self, message: str, **variables: str) -> str:
        """Return a message in this language with its variables, as plain text."""
        ...

    def number(self, value: float, places: int) -> str:
        """Return a finite number with so many decimals."""
        ...


@dataclass(frozen=True)
class Told:
    """Numbers and amounts as a language tells them."""

    speech: Speech

    def number(self, value: float | None, places: int = 0) -> str:
        """Return a number, a dash for none."""
        if value is None or not math.isfinite(value):
            return NOTHING
        rounded = round(value, places)
        return self.speech.number(0.0 if rounded == 0 else rounded, places)

    def share(self, value: float | None, places: int = 1) -> str:
        """Return a share of 1 as per cent, the sign after a no-break space."""
        shown = self.number(None if value is None else value * 100, places)
        return shown if shown == NOTHING else f"{shown}\u00a0%"

    def signed(self, value: float | None, places: int = 0) -> str:
        """Return a change: with a plus where it is one."""
        shown = self.number(value, places)
        plus = value is not None and math.isfinite(value) and round(value, places) > 0
        return f"+{shown}" if plus else shown

    def amount(self, value: float) -> str:
        """Return an amount a year in three digits or more, `1.38 million XAM a year`."""
        unit = max((unit for unit in YEARLY if unit >= 1e6 and abs(value) >= unit), default=1.0)
        shown = self.number(value / unit, digits([value / unit], told=3) if unit > 1 else 0)
        return f"{self.apart(shown)}\u00a0{self.yearly(unit)}"

    def apart(self, number: str) -> str:
        """Return a number that keeps its sign before it among words from right to left (Unicode TR 9)."""
        return f"\u2066{number}\u2069" if self.speech.right_to_left else number

    def yearly(self, unit: float) -> str:
        """Return what amounts are in."""
        currency = self.speech.currency or self.speech.say(_("units of currency"))
        return self.speech.say(YEARLY[unit], currency=currency)

    def axis_of_amounts(self, values: Iterable[float], words: str) -> Axis:
        """Return the axis of amounts a year with its words, `Change, million XAM a year`."""
        unit = unit_of(values)
        return Axis(self.with_unit(words, self.yearly(unit)), unit)

    def axis_of_households(self, values: Iterable[float]) -> Axis:
        """Return the axis of counts of households."""
        unit = unit_of(values)
        return Axis(self.speech.say(COUNTED[unit]), unit)

    def with_unit(self, words: str, unit: str) -> str:
        """Return words with the unit behind them."""
        return self.speech.say(_("%(what)s, %(unit)s"), what=words, unit=unit)
