# SPDX-License-Identifier: EUPL-1.2
"""A law's parameters for whoever changes them, from a worker; what was read lately is kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from threading import Lock
from typing import Any

from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.lawbook import Entry, LawPage, Words
from flagstone.blocks.rules.model.wire import from_wire

PAGES_KEPT = 4

Ask = Callable[[Mode, str, Mapping[str, Any]], Any]
"""Puts a question to a worker: a mode, the deed, and what it needs."""


class LawReader:
    """Keeps `contract.lawbook.LawBook`; safe to share between threads."""

    def __init__(self, ask: Ask, languages: Sequence[str]) -> None:
        """Read by `ask`, with words in `languages`."""
        self._ask, self._languages = ask, tuple(languages)
        self._kept: OrderedDict[date, LawPage] = OrderedDict()
        self._turn = Lock()

    def page(self, day: date) -> LawPage:
        """Return the law as it stands on a day; LawUnavailable, EngineBusy."""
        with self._turn:
            if day in self._kept:
                self._kept.move_to_end(day)
                return self._kept[day]
        page = self._read(day)
        with self._turn:
            self._kept[day] = page
            while len(self._kept) > PAGES_KEPT:
                self._kept.popitem(last=False)
        return page

    def _read(self, day: date) -> LawPage:
        said = self._ask(Mode.FAST, "law-page", {"day": day.isoformat(), "languages": list(self._languages)})
        entries = from_wire(tuple[Entry, ...], said["entries"])
        variables = from_wire(Mapping[str, Words], said["variables"])  # type: ignore[type-abstract]
        return LawPage(day, {each.name: each for each in entries}, variables)
