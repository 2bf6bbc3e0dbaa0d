# SPDX-License-Identifier: EUPL-1.2
"""Life events with the services that help then, named as the register of services names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from flagstone.blocks.portal.contract import LifeEvent, LifeEventMissing
from flagstone.blocks.portal.service.sources import KEPT_SECONDS
from flagstone.blocks.registry.contract.record import PAGE_SIZE_MAX, Query, Record
from flagstone.blocks.registry.contract.register import RegisterDefinition, RegisterKind
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason
from flagstone.kernel.errors import Fault

ANYBODY = Caller(Actor(ActorKind.SYSTEM, "portal", "Portal"))
SHOWN = Reason("Showing the state's services")
PAGES_MAX = 10
SILENT_SECONDS = 10.0
"""How long what was heard before serves when the registry does not answer, until it is asked again."""


@dataclass(frozen=True)
class NamedService:
    """A service: its name by language, and whether it is offered without an application."""

    code: str
    name: Mapping[str, str]
    proactive: bool


class LifeEvents:
    """The life events of a country and the services they lead to."""

    def __init__(
        self,
        events: Sequence[LifeEvent],
        registry: Registry | None,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Take the country's events; services are looked up in the public registers of `registry`.

        They are remembered for a few minutes, and longer while the registry does not answer.
        """
        self.all = tuple(events)
        self._registry = registry
        self._clock = clock
        self._kept: tuple[float, Mapping[str, NamedService]] = (0.0, {})

    def find(self, code: str) -> tuple[LifeEvent, tuple[NamedService, ...]]:
        """Return one event and its services that the register knows; LifeEventMissing."""
        event = next((each for each in self.all if each.code == code), None)
        if event is None:
            raise LifeEventMissing
        known = self._services()
        return event, tuple(known[each] for each in event.services if each in known)

    def _services(self) -> Mapping[str, NamedService]:
        """Return all services by code; as last heard when the register does not answer."""
        until, known = self._kept
        if self._registry is None or (known and self._clock() < until):
            return known
        try:
            registers = self._registry.definitions(ANYBODY)
            definition = next(each for each in registers if each.kind is RegisterKind.PROCESSES)
            known = {each.id: _named(each, definition) for each in _all(self._registry, definition)}
        except (Fault, StopIteration):
            pause = SILENT_SECONDS
        else:
            pause = KEPT_SECONDS
        self._kept = (self._clock() + pause, known)
        return known


def _all(registry: Registry, definition: RegisterDefinition) -> list[Record]:
    """Return every record of a small register."""
    found: list[Record] = []
    for number in range(1, PAGES_MAX + 1):
        query = Query(page=number, page_size=PAGE_SIZE_MAX)
        page = registry.find(ANYBODY, definition.code, query, SHOWN)
        found += page.records
        if number * PAGE_SIZE_MAX >= page.total:
            break
    return found


def _named(record: Record, definition: RegisterDefinition) -> NamedService:
    """Return a service named by its display field, and by `FIELD_LANGUAGE` where the register has that."""
    field = definition.display[0] if definition.display else "name"
    name = {"en": str(record.data.get(field) or record.id)}
    prefix = f"{field}_"
    for code, value in record.data.items():
        if code.startswith(prefix) and isinstance(value, str) and value:
            name[code.removeprefix(prefix)] = value
    return NamedService(record.id, name, record.data.get("proactive") is True)
