# SPDX-License-Identifier: EUPL-1.2
"""What a new version of a register breaks for the users of the version before (DRS-4)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from flagstone.blocks.registry.contract.register import Field, RegisterDefinition
from flagstone.blocks.registry.model.lineage import same_type
from flagstone.kernel.errors import Flaw


def undeclared_breaks(old: RegisterDefinition, new: RegisterDefinition) -> tuple[Flaw, ...]:
    """Return each break of `old` by `new` that `new.breaking` does not declare, by field code or path.

    A declaration for a field covers what lies below it.
    """
    declared = {one.field for one in new.breaking}
    return tuple(
        Flaw(f"/fields/{path.replace('.', '/')}", what)
        for path, what in breaks(old, new)
        if path not in declared and path.split(".")[0] not in declared
    )


def breaks(old: RegisterDefinition, new: RegisterDefinition) -> Iterator[tuple[str, str]]:
    """Yield each break as the dotted path of the field and what happens to it."""
    renamed = {one.field: one.renamed_to for one in new.breaking if one.renamed_to}
    yield from _fields(old.fields, new.fields, "", renamed)
    if renamed.get(old.key, old.key) != new.key:
        yield new.key or old.key, "the key changes"
    if {renamed.get(path, path) for path in old.persons} != set(new.persons):
        for path in sorted(set(old.persons) ^ set(new.persons)):
            yield path, "the persons concerned change"
    known = {(renamed.get(link.field, link.field), link.register) for link in old.links if link.hard}
    for link in new.links:
        if link.hard and (link.field, link.register) not in known and _had(old, link.field, renamed):
            yield link.field, "must name an existing record now"


def _had(old: RegisterDefinition, code: str, renamed: dict[str, str]) -> bool:
    """Tell whether `old` had the field that is now called `code`."""
    root = code.split(".", maxsplit=1)[0]
    return any(renamed.get(one.code, one.code) == root for one in old.fields)


def _fields(
    old: tuple[Field, ...], new: tuple[Field, ...], prefix: str, renamed: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the breaks between two lists of fields."""
    after = {one.code: one for one in new}
    before = {renamed.get(one.code, one.code) for one in old}
    for one in old:
        path = prefix + one.code
        code = renamed.get(one.code, one.code)
        if code not in after:
            yield path, "is removed"
            continue
        if code != one.code:
            yield path, f"is renamed to {code}"
        yield from _field(one, after[code], path)
    for one in new:
        if one.code not in before and one.required and one.default is None:
            yield prefix + one.code, "is new and required, without a default"


def _field(old: Field, new: Field, path: str) -> Iterator[tuple[str, str]]:
    """Yield how one field becomes narrower or another."""
    if not same_type(old, new):
        yield path, "changes its type"
        return
    for what, narrower in (
        ("becomes required", new.required and not old.required and new.default is None),
        ("becomes unique", new.unique and not old.unique),
        ("has a new pattern", bool(new.pattern) and new.pattern != old.pattern),
        ("has a new check", bool(new.check) and new.check != old.check),
        ("becomes shorter", new.length_max < old.length_max),
        ("has a higher minimum", _tighter(old.minimum, new.minimum, 1)),
        ("has a lower maximum", _tighter(old.maximum, new.maximum, -1)),
        ("loses options", bool({o.code for o in old.options} - {o.code for o in new.options})),
        ("can no longer be filtered by", (old.filter or old.unique) and not (new.filter or new.unique)),
        ("is hidden from roles", _hides(old.read_roles, new.read_roles)),
    ):
        if narrower:
            yield path, what
    if old.items is not None and new.items is not None:
        yield from _field(old.items, new.items, path)
    yield from _fields(old.properties, new.properties, f"{path}.", {})


def _hides(old: frozenset[str], new: frozenset[str]) -> bool:
    """Tell whether some role that saw the field no longer does."""
    return bool(new) and (not old or not old <= new)


def _tighter(old: str | None, new: str | None, sign: int) -> bool:
    """Tell whether a bound moved inwards; bounds are numbers or dates."""
    if new is None or old == new:
        return False
    if old is None:
        return True
    if "-" in old[1:] or "-" in new[1:]:
        return (new > old) if sign > 0 else (new < old)
    return (Decimal(new) - Decimal(old)) * sign > 0
