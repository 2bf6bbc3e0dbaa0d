# SPDX-License-Identifier: EUPL-1.2
"""What registers hold about a person, asked of every agency at once within a time that she waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from time import monotonic

from flagstone.blocks.portal.contract import PersonNeeded
from flagstone.blocks.portal.model import by_register, heading, is_sound, place
from flagstone.blocks.portal.service.links import LINKS_MAX, Asker, learn_names, targets
from flagstone.blocks.portal.service.sources import Known, Source, Target
from flagstone.blocks.registry.contract.faults import DefinitionInvalid
from flagstone.blocks.registry.contract.record import OWN_ACCESS, Record
from flagstone.blocks.registry.contract.register import Field, RegisterDefinition
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.asking import Asked, Asking, Outcome
from flagstone.platform.http.client import AnswerRefused
from flagstone.platform.http.principal import Principal


@dataclass(frozen=True)
class Patience:
    """How long a page waits: for each source, and in all for what it says and for names."""

    source_seconds_max: float = 2.0
    page_seconds_max: float = 3.0


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
    """A register, the source that answered for it, and its records about the person."""

    definition: RegisterDefinition
    source: Source
    records: tuple[HeldRecord, ...]

    @property
    def anchor(self) -> str:
        """Return the name of its section, which no other source's register has."""
        return f"{self.source.code}-{self.definition.code}"


@dataclass(frozen=True)
class Missing:
    """A source whose facts are not there: its name, and whether it was silent, late, broken or refused."""

    name: Mapping[str, str]
    outcome: Outcome


@dataclass(frozen=True)
class Facts:
    """All that was found, and every source whose facts are missing."""

    registers: tuple[HeldRegister, ...]
    missing: tuple[Missing, ...]


@dataclass(frozen=True)
class _Told:
    """What one source said about the person."""

    records: tuple[Record, ...]
    definitions: Mapping[str, RegisterDefinition]


class PersonFacts:
    """Gathers what concerns one person, in her own name and with her own rights only."""

    def __init__(
        self,
        sources: Sequence[Source],
        asking: Asking | None = None,
        *,
        patience: Patience | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Take the registries to ask; `clock` tells seconds."""
        self._sources = tuple(sources)
        self._asking = asking or Asking()
        self._patience = patience or Patience()
        self._clock = clock
        self._known = Known(clock)

    def about(self, who: Principal, message_reference: str) -> Facts:
        """Return the facts about the person who is signed in; PersonNeeded for a machine."""
        caller, person = _herself(who)
        until = self._clock() + self._patience.page_seconds_max
        asker = Asker(caller, Reason(OWN_ACCESS, message_reference=message_reference))
        questions = {source.code: partial(self._ask, source, person, asker) for source in self._sources}
        said = self._asking.ask_all(questions, seconds_max=self._patience.source_seconds_max)
        told = {code: asked.value for code, asked in said.items() if asked.value is not None}
        self._learn_names(told, person, asker, until)
        return Facts(self._held(told), self._missing(said))

    def _ask(self, source: Source, person: PersonCode, asker: Asker) -> _Told:
        """Ask one source; its definitions too, unless they are known and fit what it says.

        AnswerRefused when what it says makes no sense by its own definitions.
        """
        registry = source.registry(person, asker.reason)
        records = registry.facts_about(asker.caller, person, asker.reason)
        definitions = self._known.definitions(source.code)
        if definitions is None or not all(_fits(record, definitions) for record in records):
            try:
                definitions = self._known.ask(source.code, registry, asker.caller)
            except DefinitionInvalid as error:
                raise AnswerRefused("The definitions of its registers cannot be read.") from error
        for record in records:
            definition = definitions.get(record.register)
            if definition is None or not is_sound(record.data, definition.fields):
                raise AnswerRefused("A record is not as its register is defined.")
        return _Told(records, definitions)

    def _learn_names(self, told: Mapping[str, _Told], person: PersonCode, asker: Asker, until: float) -> None:
        """Ask for names that are not known yet, while there is time; what comes late helps the next page."""
        wanted: dict[str, dict[Target, RegisterDefinition]] = {}
        for target in islice(self._unknown(told), LINKS_MAX):
            if (home := self._known.home(target[0], self._sources)) is not None and home[0] in told:
                wanted.setdefault(home[0], {})[target] = home[1]
        left = min(until - self._clock(), self._patience.source_seconds_max)
        if not wanted or left <= 0:
            return
        by_code = {source.code: source for source in self._sources}
        questions = {
            code: partial(self._learn, by_code[code], person, asker, some) for code, some in wanted.items()
        }
        self._asking.ask_all(questions, seconds_max=left)

    def _learn(
        self, source: Source, person: PersonCode, asker: Asker, some: Mapping[Target, RegisterDefinition]
    ) -> int:
        return learn_names(self._known, source.registry(person, asker.reason), asker, some)

    def _unknown(self, told: Mapping[str, _Told]) -> list[Target]:
        """Return what the facts point to and has no known name, each once."""
        found = {target: None for each in told.values() for target in targets(each.records, each.definitions)}
        return [target for target in found if self._known.name(target) is None]

    def _held(self, told: Mapping[str, _Told]) -> tuple[HeldRegister, ...]:
        """Return the registers in the order in which they are shown: by kind, then as the sources come."""
        held = [
            HeldRegister(definition, source, tuple(self._record(one, definition) for one in records))
            for source in self._sources
            if source.code in told
            for definition, records in by_register(told[source.code].records, told[source.code].definitions)
        ]
        return tuple(sorted(held, key=lambda each: place(each.definition)))

    def _record(self, record: Record, definition: RegisterDefinition) -> HeldRecord:
        fields = tuple(
            field for field in definition.fields if record.data.get(field.code) not in (None, "", [], {})
        )
        pointed = {link.field: (link.register, record.data.get(link.field)) for link in definition.links}
        linked = {
            field: name
            for field, (register, target) in pointed.items()
            if isinstance(target, str) and (name := self._known.name((register, target)))
        }
        return HeldRecord(record, heading(record, definition), fields, linked)

    def _missing(self, said: Mapping[str, Asked[_Told]]) -> tuple[Missing, ...]:
        """Return the sources that did not say what they know, in their order."""
        return tuple(
            Missing(source.name, said[source.code].outcome)
            for source in self._sources
            if said[source.code].outcome is not Outcome.ANSWERED
        )


def _fits(record: Record, definitions: Mapping[str, RegisterDefinition]) -> bool:
    """Tell whether a record's definition is there, in the version that the record is shown by."""
    return record.register in definitions and definitions[record.register].version == record.version


def _herself(who: Principal) -> tuple[Caller, PersonCode]:
    """Return the person without any office: in her own matter she has her own rights."""
    if who.person is None:
        raise PersonNeeded
    actor = Actor(ActorKind.PERSON, who.person, who.name)
    return Caller(actor, frozenset({"signed-in"})), who.person
