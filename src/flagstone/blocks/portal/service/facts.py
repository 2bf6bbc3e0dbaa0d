# SPDX-License-Identifier: EUPL-1.2
"""What registers hold about a person and who looked at it, asked of every source there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flagstone.blocks.portal.contract import PersonNeeded
from flagstone.blocks.portal.model import by_register, heading
from flagstone.blocks.registry.contract.record import OWN_ACCESS, Reading, Record
from flagstone.blocks.registry.contract.register import Field, RegisterDefinition
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason
from flagstone.kernel.errors import Fault
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.principal import Principal

LINKS_MAX = 100
READINGS_PAGE_SIZE = 25


@dataclass(frozen=True)
class Source:
    """A registry that may know something about persons; `name` is shown when it does not answer."""

    name: Mapping[str, str]
    registry: Registry


@dataclass(frozen=True)
class HeldRecord:
    """One record about the person: its name, and the fields that have a value, in the register's order.

    `linked` names, by field, the public record that the field's value points to, such as an address.
    """

    record: Record
    heading: str
    fields: tuple[Field, ...]
    linked: Mapping[str, str]


@dataclass(frozen=True)
class HeldRegister:
    """A register and its records about the person."""

    definition: RegisterDefinition
    records: tuple[HeldRecord, ...]


@dataclass(frozen=True)
class Facts:
    """All that was found, and the names of the sources that did not answer."""

    registers: tuple[HeldRegister, ...]
    silent: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class Looks:
    """One page of who looked at the person's data, the newest first, and all that matched."""

    readings: tuple[Reading, ...]
    total: int
    page: int
    definitions: Mapping[str, RegisterDefinition]
    silent: tuple[Mapping[str, str], ...]


class PersonFacts:
    """Gathers what concerns one person, in her own name and with her own rights only."""

    def __init__(self, sources: Sequence[Source]) -> None:
        """Take the registries to ask."""
        self._sources = tuple(sources)

    def about(self, who: Principal, message_reference: str) -> Facts:
        """Return the facts about the person who is signed in; PersonNeeded for a machine."""
        caller, person = _herself(who)
        reason = Reason(OWN_ACCESS, message_reference=message_reference)
        registers: list[HeldRegister] = []
        silent: list[Mapping[str, str]] = []
        for source in self._sources:
            try:
                definitions = {each.code: each for each in source.registry.definitions(caller)}
                records = source.registry.facts_about(caller, person, reason)
            except Fault:
                silent.append(source.name)
                continue
            named = _Links(source.registry, definitions, caller, reason)
            registers += [_held(*group, named) for group in by_register(records, definitions)]
        return Facts(tuple(registers), tuple(silent))

    def looks(self, who: Principal, register: str, page: int) -> Looks:
        """Return one page of who looked at the person's data, in one register or in all (DRS-8)."""
        caller, person = _herself(who)
        found: list[Reading] = []
        definitions: dict[str, RegisterDefinition] = {}
        silent: list[Mapping[str, str]] = []
        for source in self._sources:
            try:
                definitions |= {each.code: each for each in source.registry.definitions(caller)}
                found += source.registry.readings_of(caller, person, register)
            except Fault:
                silent.append(source.name)
        found.sort(key=lambda reading: reading.at, reverse=True)
        last = max(1, -(-len(found) // READINGS_PAGE_SIZE))
        shown = min(page, last)
        part = found[(shown - 1) * READINGS_PAGE_SIZE : shown * READINGS_PAGE_SIZE]
        return Looks(tuple(part), len(found), shown, definitions, tuple(silent))


def _herself(who: Principal) -> tuple[Caller, PersonCode]:
    """Return the person without any office: in her own matter she has her own rights."""
    if who.person is None:
        raise PersonNeeded
    actor = Actor(ActorKind.PERSON, who.person, who.name)
    return Caller(actor, frozenset({"signed-in"})), who.person


class _Links:
    """Names the public records that facts point to, each asked for once."""

    def __init__(
        self,
        registry: Registry,
        definitions: Mapping[str, RegisterDefinition],
        caller: Caller,
        reason: Reason,
    ) -> None:
        """Ask `registry` in the person's name."""
        self._registry, self._definitions, self._caller, self._reason = registry, definitions, caller, reason
        self._names: dict[tuple[str, str], str] = {}

    def of(self, record: Record, definition: RegisterDefinition) -> dict[str, str]:
        """Return the names of what a record's fields point to, of registers that concern no person."""
        return {
            link.field: name
            for link in definition.links
            if isinstance(target := record.data.get(link.field), str)
            and (name := self._name(link.register, target))
        }

    def _name(self, register: str, record_id: str) -> str:
        """Return the name of one record, empty when it cannot be had."""
        definition, key = self._definitions.get(register), (register, record_id)
        if definition is None or definition.persons:
            return ""
        if key not in self._names and len(self._names) < LINKS_MAX:
            try:
                found = self._registry.read(self._caller, register, record_id, self._reason)
                self._names[key] = heading(found, definition)
            except Fault:
                self._names[key] = ""
        return self._names.get(key, "")


def _held(definition: RegisterDefinition, records: Sequence[Record], links: _Links) -> HeldRegister:
    return HeldRegister(definition, tuple(_record(record, definition, links) for record in records))


def _record(record: Record, definition: RegisterDefinition, links: _Links) -> HeldRecord:
    fields = tuple(
        field for field in definition.fields if record.data.get(field.code) not in (None, "", [], {})
    )
    return HeldRecord(record, heading(record, definition), fields, links.of(record, definition))
