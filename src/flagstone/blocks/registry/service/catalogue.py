# SPDX-License-Identifier: EUPL-1.2
"""The registers that there are, and the publication of their versions (DRS-1, DRS-4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from threading import Lock

from flagstone.blocks.registry.contract.events import RegisterPublished
from flagstone.blocks.registry.contract.faults import (
    BreakingChangeUndeclared,
    DefinitionInvalid,
    NotPermitted,
    RegisterMissing,
    VersionPublished,
)
from flagstone.blocks.registry.contract.register import RegisterDefinition, Status
from flagstone.blocks.registry.model import permits
from flagstone.blocks.registry.model.breaks import undeclared_breaks
from flagstone.blocks.registry.model.definition_reader import as_mapping, contradictions, parse_definition
from flagstone.blocks.registry.model.definitions import unusable
from flagstone.blocks.registry.model.lineage import Lineage, lineage
from flagstone.blocks.registry.model.values import Checks
from flagstone.blocks.registry.store import catalogue as stored
from flagstone.blocks.registry.store import derived
from flagstone.blocks.registry.store.expressions import ensure_indexes
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.errors import Flaw
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.faults import AlreadyThere
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.writing import Writing


class Catalogue:
    """Knows every version of every register; published versions never change, so it remembers them."""

    def __init__(self, database: Database, checks: Checks) -> None:
        """Keep the catalogue in `database`; `checks` are the checks that fields may name."""
        self._database = database
        self._checks = checks
        self._lock = Lock()
        self._state = (0, 0)
        self._lineages: Mapping[str, Lineage] = {}

    def lineages(self) -> Mapping[str, Lineage]:
        """Return the lineage of each register by its code, as storage has it now."""
        with self._database.reading() as view:
            return self.seen_by(view)

    def seen_by(self, view: Reading) -> Mapping[str, Lineage]:
        """Return the lineage of each register by its code, as `view` has it."""
        state = stored.state(view)
        with self._lock:
            if state == self._state:
                return self._lineages
        lineages = _read(view)
        with self._lock:
            self._state, self._lineages = state, lineages
        return lineages

    def lineage(self, register: str, view: Reading | None = None) -> Lineage:
        """Return the lineage of one register, as `view` has it; RegisterMissing when there is none."""
        found = (self.seen_by(view) if view else self.lineages()).get(register)
        if found is None:
            raise RegisterMissing
        return found

    def definitions(self, caller: Caller) -> tuple[RegisterDefinition, ...]:
        """Return the newest published version of each register that `caller` may use, by code."""
        newest = (one.newest.definition for one in published(self.lineages()))
        return tuple(one for one in newest if permits.may_see_any(one, caller))

    def publish(self, caller: Caller, definition: RegisterDefinition, reason: Reason) -> None:
        """Publish, archive or keep as a draft one version; nothing happens when it is there already."""
        if not (permits.is_site(caller) or caller.holds(permits.ANALYST)):
            raise NotPermitted("publishing a register")
        flaws = [*contradictions(definition), *unusable(definition, self._checks)]
        if flaws:
            raise DefinitionInvalid(f"{len(flaws)} places are wrong", flaws=tuple(flaws))
        if self._is_there(definition):
            return
        try:
            with self._database.writing(caller.actor, reason) as write:
                self._write(write, definition)
        except AlreadyThere as error:
            if not self._is_there(definition):
                raise DefinitionInvalid(
                    "a field is to be unique, but records share a value", flaws=(Flaw("/fields", "shared"),)
                ) from error

    def _is_there(self, definition: RegisterDefinition) -> bool:
        """Tell whether this very version is stored; VersionPublished when another content is published."""
        with self._database.reading() as view:
            row = stored.version(view, definition.code, definition.version)
        if row is None:
            return False
        mapping = as_mapping(definition)
        if row["definition"] == mapping:
            return True
        alike = {**row["definition"], "status": None} == {**mapping, "status": None}
        if row["status"] != Status.DRAFT.value and not alike:
            raise VersionPublished(f"{definition.code} {definition.version}")
        return False

    def _write(self, write: Writing, definition: RegisterDefinition) -> None:
        """Store a version and make its records findable by it."""
        names = (definition.code, definition.version)
        before = self.seen_by(write).get(definition.code)
        keep = stored.add if stored.version(write, *names) is None else stored.replace
        if definition.status is Status.PUBLISHED and before is not None:
            _refuse_breaks(before, definition)
        keep(write, names, as_mapping(definition), definition.status.value)
        if definition.status is not Status.DRAFT:
            after = _read(write)[definition.code]
            ensure_indexes(write, after.at(definition.version))
            if definition.status is Status.PUBLISHED:
                derived.rebuild(write, after.newest)
                write.publish(RegisterPublished(*names))


def published(lineages: Mapping[str, Lineage]) -> Iterator[Lineage]:
    """Yield the lineages that have a published version, by code."""
    for one in lineages.values():
        if any(shape.definition.status is Status.PUBLISHED for shape in one.shapes):
            yield one


def _refuse_breaks(before: Lineage, definition: RegisterDefinition) -> None:
    """Raise BreakingChangeUndeclared when `definition` silently breaks the version before it."""
    others = [one for one in before.shapes if one.definition.version != definition.version]
    flaws = undeclared_breaks(others[-1].definition, definition) if others else ()
    if flaws:
        raise BreakingChangeUndeclared(f"{len(flaws)} breaks are not declared", flaws=flaws)


def _read(view: Reading) -> dict[str, Lineage]:
    """Return the lineage of each register by its code; drafts are left out."""
    found: dict[str, Lineage] = {}
    rows = [row for row in stored.versions(view) if row["status"] != Status.DRAFT.value]
    for register, own in groupby(rows, key=lambda row: str(row["register"])):
        found[register] = lineage([parse_definition(row["definition"]) for row in own])
    return found
