# SPDX-License-Identifier: EUPL-1.2
"""Names of the records that facts point to, at whichever agency they are kept: an address, an employer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from flagstone.blocks.portal.model import heading
from flagstone.blocks.portal.service.sources import Known, Target
from flagstone.blocks.registry.contract.record import Query, Record
from flagstone.blocks.registry.contract.register import RegisterDefinition
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.errors import Fault, Kind

LINKS_MAX = 50
"""Records whose names are asked for to make one page."""

_NO = frozenset({Kind.INVALID, Kind.FORBIDDEN, Kind.MISSING})


@dataclass(frozen=True)
class Asker:
    """In whose name and why names are asked for."""

    caller: Caller
    reason: Reason


def targets(records: Iterable[Record], definitions: Mapping[str, RegisterDefinition]) -> Iterator[Target]:
    """Yield what the fields of records point to."""
    for record in records:
        definition = definitions.get(record.register)
        for link in definition.links if definition else ():
            if isinstance(target := record.data.get(link.field), str) and target:
                yield link.register, target


def learn_names(
    known: Known, registry: Registry, asker: Asker, wanted: Mapping[Target, RegisterDefinition]
) -> int:
    """Ask `registry` for names, one by one, and remember each at once; return how many were asked for.

    A record that is not there or not shown has no name. Raises the Fault of a source that does not answer.
    """
    for target, definition in wanted.items():
        try:
            name = _name(registry, asker, definition, target[1])
        except Fault as fault:
            if fault.kind not in _NO:
                raise
            name = ""
        known.learn(target, name)
    return len(wanted)


def _name(registry: Registry, asker: Asker, definition: RegisterDefinition, record_id: str) -> str:
    """Return the name of one record without seeing anything personal of it; empty when it cannot be had."""
    personal = {field.code for field in definition.fields if field.personal}
    shown = frozenset(definition.display)
    if not shown or shown & personal:
        return ""
    if not definition.key:
        return (
            "" if definition.persons else heading(_read(registry, asker, definition, record_id), definition)
        )
    query = Query(filters={definition.key: record_id}, page_size=1, fields=shown)
    found = registry.find(asker.caller, definition.code, query, asker.reason).records
    return heading(found[0], definition) if found else ""


def _read(registry: Registry, asker: Asker, definition: RegisterDefinition, record_id: str) -> Record:
    return registry.read(asker.caller, definition.code, record_id, asker.reason)
