# SPDX-License-Identifier: EUPL-1.2
"""A query made definite: checked against the register and the caller's view, in terms of storage keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flagstone.blocks.registry.contract.faults import QueryInvalid
from flagstone.blocks.registry.contract.record import PAGE_SIZE_MAX, Query
from flagstone.blocks.registry.contract.register import Field, FieldType, Value
from flagstone.blocks.registry.model.lineage import Shape
from flagstone.blocks.registry.model.text import words
from flagstone.blocks.registry.model.values import Inspection, read_value
from flagstone.kernel.errors import Flaw

SEARCH_LENGTH_MAX = 200
SEARCH_WORDS_MAX = 8
FILTERS_MAX = 20
PAGE_MAX = 1_000_000
ID = "id"


@dataclass(frozen=True)
class Match:
    """One exact value: the storage key, its type, and the canonical value."""

    key: str
    type: FieldType
    value: Value


@dataclass(frozen=True)
class Order:
    """An order by one field; an empty `key` is the record's id."""

    key: str = ""
    type: FieldType = FieldType.TEXT
    descending: bool = False


@dataclass(frozen=True)
class Criteria:
    """What to select from one register; `person` limits it to the records that concern her."""

    register: str
    words: tuple[str, ...] = ()
    matches: tuple[Match, ...] = ()
    ids: tuple[str, ...] | None = None
    order: Order = Order()
    person: str | None = None
    impossible: bool = False


def criteria(shape: Shape, query: Query, visible: frozenset[str], *, person: str | None = None) -> Criteria:
    """Return `query` in terms of storage; QueryInvalid for what is not declared or cannot be seen."""
    _check_page(query)
    if len(query.search) > SEARCH_LENGTH_MAX:
        raise QueryInvalid(f"the search is longer than {SEARCH_LENGTH_MAX} characters")
    found = tuple(dict.fromkeys(words(query.search)))
    if len(found) > SEARCH_WORDS_MAX:
        raise QueryInvalid(f"the search has more than {SEARCH_WORDS_MAX} words")
    base = matching(shape, query.filters, visible, person=person, from_text=True)
    return Criteria(
        base.register,
        found,
        base.matches,
        base.ids,
        _order(shape, query.order_by, visible),
        person,
        base.impossible or bool(query.search.strip() and not found),
    )


def matching(
    shape: Shape,
    example: Mapping[str, object],
    visible: frozenset[str],
    *,
    person: str | None = None,
    from_text: bool = False,
) -> Criteria:
    """Return the criteria for records with all the values of `example`.

    A value that the field could never hold makes the criteria impossible; it is no error.
    """
    if len(example) > FILTERS_MAX:
        raise QueryInvalid(f"there are more than {FILTERS_MAX} filters")
    ids: tuple[str, ...] | None = None
    matches: list[Match] = []
    impossible = False
    for code, asked in example.items():
        if code == ID and ID not in shape.fields:
            ids = _narrowed(ids, str(asked))
            continue
        field = _usable(shape, code, visible, "filters")
        value = _value(field, asked, from_text=from_text)
        impossible |= value is None
        if code == shape.definition.key and value is not None:
            ids = _narrowed(ids, str(value))
        elif value is not None:
            matches.append(Match(shape.keys[code], field.type, value))
    return Criteria(shape.definition.code, (), tuple(matches), ids, Order(), person, impossible)


def _narrowed(ids: tuple[str, ...] | None, record_id: str) -> tuple[str, ...]:
    """Return the ids that are among `ids`, where None is every id, and equal to `record_id`."""
    return (record_id,) if ids is None or record_id in ids else ()


def is_indexed(shape: Shape, field: Field) -> bool:
    """Tell whether records can be found by `field`: the key, and what is declared filter or unique."""
    return field.filter or field.unique or field.code == shape.definition.key


def _usable(shape: Shape, code: str, visible: frozenset[str], place: str) -> Field:
    """Return a field that may be filtered or ordered by; QueryInvalid in the same words for all others."""
    field = shape.fields.get(code)
    if field is None or field.code not in visible or not is_indexed(shape, field):
        pointer = f"/{place}/{code[:64].encode('ascii', 'backslashreplace').decode()}"
        raise QueryInvalid("", flaws=(Flaw(pointer, "is not a field to find records by"),))
    return field


def _value(field: Field, asked: object, *, from_text: bool) -> Value:
    """Return the canonical value to look for, without bounds and checks; None when no record has it."""
    bare = Field(field.code, field.type, field.title, length_max=field.length_max, options=field.options)
    return read_value(bare, asked, Inspection({}, from_table=from_text))


def _order(shape: Shape, order_by: str, visible: frozenset[str]) -> Order:
    """Return the order that `order_by` names, `-` before it for descending."""
    code, descending = order_by.removeprefix("-"), order_by.startswith("-")
    if code in {"", ID, shape.definition.key} and (code not in shape.fields or code == shape.definition.key):
        return Order(descending=descending)
    field = _usable(shape, code, visible, "order_by")
    return Order(shape.keys[code], field.type, descending)


def _check_page(query: Query) -> None:
    """Raise QueryInvalid for a page that does not exist or is too long."""
    if not 1 <= query.page_size <= PAGE_SIZE_MAX:
        raise QueryInvalid(f"a page has 1 to {PAGE_SIZE_MAX} records")
    if not 1 <= query.page <= PAGE_MAX:
        raise QueryInvalid(f"pages count from 1 to {PAGE_MAX}")
