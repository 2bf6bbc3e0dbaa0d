# SPDX-License-Identifier: EUPL-1.2
"""What a law can be changed at: its parameters as they stand on a day, and what its variables are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from flagstone.blocks.rules.contract.calculation import JsonValue

Words = Mapping[str, str]
"""The same words by language (BCP 47)."""


@dataclass(frozen=True)
class Entry:
    """A parameter, or a part of a scale's bracket, by the name that a reform gives it.

    `words` are those of the parameter, or of the whole scale. `value` holds since the day `since`
    (`YYYY-MM-DD`); both are empty where the parameter is not in force. `unit` is as the law writes it.
    """

    name: str
    words: Words
    value: JsonValue
    since: str = ""
    unit: str = ""


@dataclass(frozen=True)
class LawPage:
    """The law as it stands on a day: its parameters by name, and its variables' words by theirs."""

    day: date
    entries: Mapping[str, Entry] = field(repr=False)
    variables: Mapping[str, Words] = field(repr=False)

    def find(self, text: str, most: int) -> Sequence[Entry]:
        """Return the first parameters that have every word of `text` in their name or their words."""
        wanted = text.casefold().split()
        found = (each for each in self.entries.values() if _holds(each, wanted))
        return [each for each, _number in zip(found, range(most), strict=False)]


class LawBook(Protocol):
    """Opens a law at a day."""

    def page(self, day: date) -> LawPage:
        """Return the law as it stands on a day; LawUnavailable, EngineBusy."""
        ...


def _holds(entry: Entry, wanted: Sequence[str]) -> bool:
    text = " ".join((entry.name, *entry.words.values())).casefold()
    return all(each in text for each in wanted)
