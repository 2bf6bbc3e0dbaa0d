# SPDX-License-Identifier: EUPL-1.2
"""What a well-formed definition may still not ask for: slow patterns, unknown checks, leaks, odd bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flagstone.blocks.registry.contract.register import Field, FieldType, RegisterDefinition
from flagstone.blocks.registry.model import patterns
from flagstone.blocks.registry.model.values import Checks, Inspection, read_value
from flagstone.kernel.errors import Flaw

SECRET_LENGTH_MAX = 4_000
ID = "id"


def unusable(definition: RegisterDefinition, checks: Checks) -> Iterator[Flaw]:
    """Yield each flaw of `definition` by its JSON pointer; `checks` are the named checks there are."""
    for place, field in enumerate(definition.fields):
        here = f"/fields/{place}"
        yield from _field(field, here, checks)
        if field.search and field.read_roles:
            yield Flaw(f"{here}/search", "would let roles find what they may not read")
        if field.secret and not field.read_roles:
            yield Flaw(f"{here}/read_roles", "must name who may read the secret")
        if field.code == ID:
            yield Flaw(f"{here}/code", "is the name of the record's own id")
    roots = {path.split(".", maxsplit=1)[0] for path in definition.persons}
    roots |= {link.field.split(".", maxsplit=1)[0] for link in definition.links}
    for place, field in enumerate(definition.fields):
        if field.code in roots and field.secret:
            yield Flaw(f"/fields/{place}/secret", "cannot be, where persons or links are named")
        if field.code == definition.key and field.read_roles:
            yield Flaw(f"/fields/{place}/read_roles", "cannot limit the key, which every record shows")


def _field(field: Field, here: str, checks: Checks) -> Iterator[Flaw]:
    """Yield the flaws of one field and of what lies below it."""
    try:
        if field.pattern:
            patterns.compiled(field.pattern)
    except ValueError as error:
        yield Flaw(f"{here}/pattern", str(error))
        return
    if field.check and field.check not in checks:
        yield Flaw(f"{here}/check", "is not a check that this country has")
        return
    if field.secret and field.type is FieldType.TEXT and field.length_max > SECRET_LENGTH_MAX:
        yield Flaw(f"{here}/length_max", f"is over {SECRET_LENGTH_MAX}, the most for a secret")
    yield from _examples(field, here, checks)
    if field.items is not None:
        yield from _field(field.items, f"{here}/items", checks)
    for place, part in enumerate(field.properties):
        yield from _field(part, f"{here}/properties/{place}", checks)


def _examples(field: Field, here: str, checks: Checks) -> Iterator[Flaw]:
    """Yield a flaw for a default and bounds that the field itself would refuse."""
    unbounded = replace(field, minimum=None, maximum=None)
    for name, bound in (("minimum", field.minimum), ("maximum", field.maximum)):
        if bound is not None:
            inspection = Inspection(checks, from_table=True)
            read_value(unbounded, bound, inspection)
            yield from (Flaw(f"{here}/{name}", flaw.message) for flaw in inspection.flaws)
    if field.default is not None:
        inspection = Inspection(checks)
        if read_value(field, field.default, inspection) != field.default:
            yield Flaw(f"{here}/default", "is not in the form in which the field keeps it")
