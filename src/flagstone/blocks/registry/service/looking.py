# SPDX-License-Identifier: EUPL-1.2
"""Showing records to a caller: only the fields she may see, and every person shown is recorded (DRS-8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from flagstone.blocks.registry.contract.faults import NotPermitted
from flagstone.blocks.registry.contract.record import OWN_ACCESS, Record
from flagstone.blocks.registry.contract.register import RegisterDefinition, Service
from flagstone.blocks.registry.model import permits
from flagstone.blocks.registry.model.lineage import Lineage, Shape
from flagstone.blocks.registry.model.persons import personal_fields, persons_of
from flagstone.blocks.registry.model.values import Checks
from flagstone.blocks.registry.service.catalogue import Catalogue, published
from flagstone.blocks.registry.service.secrets import Secrets
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.clock import parse_rfc3339
from flagstone.kernel.ids import PersonCode
from flagstone.platform.storage.database import Database, PersonReading
from flagstone.platform.storage.reading import Reading


@dataclass(frozen=True)
class Means:
    """What every use case works with."""

    database: Database
    catalogue: Catalogue
    secrets: Secrets
    checks: Checks

    def today(self) -> date:
        """Return the present day in UTC."""
        return self.database.clock.now().date()


@dataclass(frozen=True)
class Lens:
    """One version of a register as one caller may see it.

    Rights and persons are those of the newest version, so that an old version opens nothing.
    """

    shape: Shape
    newest: Shape
    caller: Caller
    secrets: Secrets

    @property
    def definition(self) -> RegisterDefinition:
        """Return the definition whose rights hold."""
        return self.newest.definition

    @cached_property
    def codes(self) -> frozenset[str]:
        """Return the codes that the caller sees of everybody's records."""
        return self._codes(concerned=False)

    @cached_property
    def own_codes(self) -> frozenset[str]:
        """Return the codes that the caller sees of records that concern herself."""
        return self._codes(concerned=True)

    @cached_property
    def personal(self) -> frozenset[str]:
        """Return the codes of this version that are personal data."""
        keys = {self.newest.keys[code] for code in personal_fields(self.newest.definition)}
        return frozenset(code for code, key in self.shape.keys.items() if key in keys)

    def persons(self, row: Mapping[str, Any]) -> tuple[PersonCode, ...]:
        """Return whom a stored record concerns."""
        return persons_of(self.definition, self.newest.shown(row["data"])) if self.definition.persons else ()

    def concerns(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a stored record concerns the caller."""
        return permits.person_of(self.caller) in self.persons(row)

    def record(self, row: Mapping[str, Any], needed: frozenset[str] = frozenset()) -> Record:
        """Return a stored record with the fields that the caller may see, of those `needed` if any are."""
        codes = self.own_codes if self.concerns(row) else self.codes
        codes = codes & needed if needed else codes
        data = self.secrets.opened(self.shape, row["id"], self.shape.shown(row["data"]), codes)
        return Record(
            register=row["register"],
            id=row["id"],
            version=self.shape.definition.version,
            revision=row["revision"],
            data=data,
            valid_from=date.fromisoformat(row["valid_from"]),
            recorded_at=parse_rfc3339(row["recorded_at"]),
            archived=row["deleted_at"] is not None,
        )

    def _codes(self, *, concerned: bool) -> frozenset[str]:
        """Return the codes of this version that both its own and the newest version's rights admit."""
        now = permits.visible(self.newest.definition, self.caller, concerned=concerned)
        open_keys = {self.newest.keys[code] for code in now}
        known = set(self.newest.keys.values())
        then = permits.visible(self.shape.definition, self.caller, concerned=concerned)
        keys = self.shape.keys
        return frozenset(code for code in then if keys[code] in open_keys or keys[code] not in known)


def lens(means: Means, lineage: Lineage, caller: Caller, version: str = "") -> Lens:
    """Return one version of a register, the newest by default, as `caller` may see it."""
    return Lens(lineage.at(version), lineage.newest, caller, means.secrets)


class Look:
    """An open view in which records are shown and remembered."""

    def __init__(self, view: Reading) -> None:
        """Read through `view`."""
        self.view = view
        self._seen: dict[tuple[str, str, PersonCode], set[str]] = {}

    def show(self, through: Lens, row: Mapping[str, Any], needed: frozenset[str] = frozenset()) -> Record:
        """Return a record and remember whose data it shows; nothing is remembered of impersonal fields."""
        record = through.record(row, needed)
        if through.personal & record.data.keys():
            self.saw(through, row, record.data.keys())
        return record

    def saw(self, through: Lens, row: Mapping[str, Any], codes: Iterator[str] | Any) -> None:
        """Remember that the fields `codes` of a record are shown."""
        for person in through.persons(row):
            self._seen.setdefault((row["register"], row["id"], person), set()).update(codes)

    def record_in(self, view: PersonReading) -> None:
        """Tell the storage door whose data was shown."""
        for (register, record_id, person), codes in self._seen.items():
            view.saw(person, register, record_id, sorted(codes))
        if not self._seen:
            view.saw_nobody()


class Ask(Look):
    """A look that begins with the register's name: what it is and who asks is found in the same view."""

    def __init__(self, means: Means, view: PersonReading, caller: Caller) -> None:
        """Read through `view` for `caller`."""
        super().__init__(view)
        self._means = means
        self._view = view
        self._caller = caller

    def through(self, register: str, service: Service, version: str = "") -> tuple[Lens, bool]:
        """Return the caller's view of a register, and whether `service` is hers on every record.

        NotPermitted, RegisterMissing, and PurposeMissing when the reason says too little for it.
        """
        lineage = self._means.catalogue.lineage(register, self._view)
        everywhere = permits.require(lineage.newest.definition, self._caller, service)
        through = lens(self._means, lineage, self._caller, version)
        self._view.reason = reason_to_record(through, self._view.reason, own=not everywhere)
        return through, everywhere

    def own(self, service: Service) -> Mapping[str, Lens]:
        """Return the caller's view of each register with persons that permits her `service` on her own."""
        self._view.reason = replace(self._view.reason, purpose=OWN_ACCESS, hidden_until=None)
        return {
            one.newest.definition.code: lens(self._means, one, self._caller)
            for one in published(self._means.catalogue.seen_by(self._view))
            if one.newest.definition.persons
            and permits.may_as_self(one.newest.definition, self._caller, service)
        }


@contextmanager
def asking(means: Means, caller: Caller, reason: Reason) -> Iterator[Ask]:
    """Open a view in which a register is looked up and read; whom it showed is committed before it ends."""
    with means.database.reading_person(caller.actor, reason) as view:
        ask = Ask(means, view, caller)
        yield ask
        ask.record_in(view)


@contextmanager
def looking(means: Means, definition: RegisterDefinition, caller: Caller, reason: Reason) -> Iterator[Look]:
    """Open a view of a register; if it has persons, whom it showed is committed before the block is left."""
    if not definition.persons:
        with means.database.reading() as view:
            yield Look(view)
        return
    with means.database.reading_person(caller.actor, reason) as person_view:
        look = Look(person_view)
        yield look
        look.record_in(person_view)


def reason_to_record(through: Lens, reason: Reason, *, own: bool) -> Reason:
    """Return the reason that a reading is recorded with; PurposeMissing when it says nothing.

    A person who reads what concerns herself needs no purpose. Without a legal basis the register's holds.
    NotPermitted to who wants to hide a reading and may not.
    """
    definition = through.definition
    basis = reason.legal_basis or definition.legal_basis
    if own:
        return replace(reason, purpose=OWN_ACCESS, legal_basis=basis, hidden_until=None)
    if definition.persons:
        permits.require_purpose(reason)
    if reason.hidden_until is not None and not permits.may_hide(through.caller):
        raise NotPermitted("hiding a reading from the person concerned")
    return replace(reason, legal_basis=basis)
