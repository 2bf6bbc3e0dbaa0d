# SPDX-License-Identifier: EUPL-1.2
"""One register through its versions: under which key a field is stored, and how each version shows it.

A field keeps the key of the first version that had it, also when it is renamed. A field whose type
changes gets a new key, so that no version ever meets a value of another type. Records are therefore
never rewritten when a version is published, and every version reads and writes the same ones (DRS-4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from flagstone.blocks.registry.contract.faults import RegisterMissing
from flagstone.blocks.registry.contract.register import Data, Field, RegisterDefinition, Status, Value


@dataclass(frozen=True)
class Shape:
    """One version of a register and the storage key of each of its fields, by code."""

    definition: RegisterDefinition
    keys: Mapping[str, str]

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """Return the fields by code."""
        return {one.code: one for one in self.definition.fields}

    @cached_property
    def secrets(self) -> frozenset[str]:
        """Return the codes of the fields that are encrypted at rest."""
        return frozenset(one.code for one in self.definition.fields if one.secret)

    @cached_property
    def searched(self) -> tuple[str, ...]:
        """Return the codes of the fields that are in the full text: never secret or limited ones."""
        fields = self.definition.fields
        return tuple(one.code for one in fields if one.search and not (one.secret or one.read_roles))

    @cached_property
    def _defaults(self) -> tuple[tuple[str, str, Value], ...]:
        """Return code, storage key and default of each field."""
        return tuple((code, key, self.fields[code].default) for code, key in self.keys.items())

    @cached_property
    def _own_keys(self) -> frozenset[str]:
        """Return the storage keys that this version knows."""
        return frozenset(self.keys.values())

    def shown(self, stored: Data) -> dict[str, Value]:
        """Return stored content as this version shows it: its own codes, its defaults, nothing else."""
        shown: dict[str, Value] = {}
        for code, key, default in self._defaults:
            value = stored.get(key, default)
            if value is not None:
                shown[code] = value
        return shown

    def stored(self, data: Data, before: Data) -> dict[str, Value]:
        """Return what to store for `data` of this version; what it does not know stays as it was `before`."""
        kept = {key: value for key, value in before.items() if key not in self._own_keys}
        return kept | {self.keys[code]: value for code, value in data.items() if value is not None}


@dataclass(frozen=True)
class Lineage:
    """All versions of a register in the order in which they were published; drafts are not among them."""

    shapes: tuple[Shape, ...]

    @property
    def newest(self) -> Shape:
        """Return the newest published version; RegisterMissing when all are archived."""
        for shape in reversed(self.shapes):
            if shape.definition.status is Status.PUBLISHED:
                return shape
        raise RegisterMissing

    def at(self, version: str) -> Shape:
        """Return one version, the newest for an empty `version`; RegisterMissing when there is none."""
        if not version:
            return self.newest
        for shape in self.shapes:
            if shape.definition.version == version and shape.definition.status is not Status.DRAFT:
                return shape
        raise RegisterMissing(f"there is no version {version[:20]} of this register")


def lineage(versions: Sequence[RegisterDefinition]) -> Lineage:
    """Return the lineage of `versions`, the oldest first."""
    shapes: list[Shape] = []
    taken: dict[str, Field] = {}
    for definition in versions:
        keys = _keys(definition, shapes[-1] if shapes else None, taken)
        taken |= {keys[one.code]: one for one in definition.fields}
        shapes.append(Shape(definition, keys))
    return Lineage(tuple(shapes))


def _keys(definition: RegisterDefinition, before: Shape | None, taken: Mapping[str, Field]) -> dict[str, str]:
    """Return the storage key of each field of `definition`."""
    renamed = {one.renamed_to: one.field for one in definition.breaking if one.renamed_to}
    keys: dict[str, str] = {}
    for one in definition.fields:
        key = before.keys.get(renamed.get(one.code, one.code), one.code) if before else one.code
        given_away = key in keys.values()
        while given_away or (key in taken and not same_type(taken[key], one)):
            key = f"{key}_"
            given_away = key in keys.values()
        keys[one.code] = key
    return keys


def same_type(left: Field, right: Field) -> bool:
    """Tell whether two fields hold values of one type, items included."""
    if left.type is not right.type or left.secret is not right.secret:
        return False
    if left.items is None or right.items is None:
        return left.items is right.items
    return same_type(left.items, right.items)
