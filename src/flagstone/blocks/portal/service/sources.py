# SPDX-License-Identifier: EUPL-1.2
"""The agencies that may know something about a person, and what is remembered of them between pages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from flagstone.blocks.registry.contract.register import RegisterDefinition
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.ids import PersonCode

KEPT_SECONDS = 300.0
"""How long definitions and names are taken for what they were."""

NAMES_MAX = 20_000
Target = tuple[str, str]
"""A register's code and the id of one of its records."""


@dataclass(frozen=True)
class Source:
    """A registry that may know something about persons: its site's code, and its name as pages show it.

    `registry` gives the registry as one person asks it for one reason: over the exchange each call says both.
    """

    code: str
    name: Mapping[str, str]
    registry: Callable[[PersonCode, Reason], Registry]

    @classmethod
    def here(cls, code: str, name: Mapping[str, str], registry: Registry) -> Source:
        """Return a source that is a part of this very site."""
        return cls(code, name, lambda _person, _reason: registry)


class Known:
    """What sources say that concerns nobody and rarely changes: definitions, and names of public records."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        """Begin with nothing; `clock` tells seconds."""
        self._clock = clock
        self._lock = threading.Lock()
        self._definitions: dict[str, tuple[float, Mapping[str, RegisterDefinition]]] = {}
        self._names: dict[Target, tuple[float, str]] = {}

    def definitions(self, source: str) -> Mapping[str, RegisterDefinition] | None:
        """Return the definitions of a source by code; None when they are not known or too old."""
        with self._lock:
            until, found = self._definitions.get(source, (0.0, {}))
        return found if self._clock() < until else None

    def ask(self, source: str, registry: Registry, caller: Caller) -> Mapping[str, RegisterDefinition]:
        """Return a source's definitions, asked for anew."""
        found = {each.code: each for each in registry.definitions(caller)}
        with self._lock:
            self._definitions[source] = (self._clock() + KEPT_SECONDS, found)
        return found

    def home(self, register: str, sources: Sequence[Source]) -> tuple[str, RegisterDefinition] | None:
        """Return which source has a register, as last heard, and its definition."""
        with self._lock:
            heard = {source: found for source, (_, found) in self._definitions.items()}
        for source in sources:
            if register in heard.get(source.code, {}):
                return source.code, heard[source.code][register]
        return None

    def name(self, target: Target) -> str | None:
        """Return the name of a record, empty when it has none to show; None when it is not known."""
        with self._lock:
            until, name = self._names.get(target, (0.0, ""))
        return name if self._clock() < until else None

    def names(self, targets: Iterable[Target]) -> dict[Target, str]:
        """Return the names of those records that are known to have one."""
        return {target: name for target in targets if (name := self.name(target))}

    def learn(self, target: Target, name: str) -> None:
        """Remember the name of a record."""
        with self._lock:
            if len(self._names) >= NAMES_MAX:
                self._names.clear()
            self._names[target] = (self._clock() + KEPT_SECONDS, name)
