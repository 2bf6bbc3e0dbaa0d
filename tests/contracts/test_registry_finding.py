# SPDX-License-Identifier: EUPL-1.2
"""What the registry promises of finding records, on every form of it."""

from __future__ import annotations

import pytest

from flagstone.blocks.registry.contract.faults import QueryInvalid
from flagstone.blocks.registry.contract.record import Query
from flagstone.blocks.registry.contract.registry import Registry
from tests.contracts.registers import (
    NOBODY,
    REGISTRAR,
    WHY,
    ids,
    place,
)


def test_finds_words_by_their_beginning_without_case_and_accents(registry: Registry) -> None:
    place(registry, "a", name="Põlva Vald")
    place(registry, "b", name="مدينة النور")
    place(registry, "c", name="Põltsamaa")
    assert ids(registry, NOBODY, "places", search="POL") == ["a", "c"]
    assert ids(registry, NOBODY, "places", search="val põlv") == ["a"]
    assert ids(registry, NOBODY, "places", search="النو") == ["b"]
    assert ids(registry, NOBODY, "places", search="\"x' OR *") == []
    assert ids(registry, NOBODY, "places", search="***") == []
    registry.update(REGISTRAR, "places", "a", {"name": "Tartu"}, WHY)
    assert ids(registry, NOBODY, "places", search="polva") == []
    assert ids(registry, NOBODY, "places", search="tartu") == ["a"]


def test_filters_by_values_of_every_type(registry: Registry) -> None:
    place(registry, "a", residents=5, area="1.50", is_town=True)
    place(registry, "b", residents=12, area="10", is_town=False)
    assert ids(registry, NOBODY, "places", filters={"residents": "5"}) == ["a"]
    assert ids(registry, NOBODY, "places", filters={"area": "1.5"}) == ["a"]
    assert ids(registry, NOBODY, "places", filters={"is_town": "false"}) == ["b"]
    assert ids(registry, NOBODY, "places", filters={"code": "b"}) == ["b"]
    assert ids(registry, NOBODY, "places", filters={"name": "Place a", "is_town": "true"}) == ["a"]
    assert ids(registry, NOBODY, "places", filters={"residents": "many"}) == []
    assert ids(registry, NOBODY, "places", filters={"residents": "5"}, search="place") == ["a"]


def test_orders_by_value_and_counts_pages(registry: Registry) -> None:
    for code, residents, area in (("a", 9, "9"), ("b", 10, "10.5"), ("c", 100, "1")):
        place(registry, code, residents=residents, area=area)
    place(registry, "d")
    assert ids(registry, NOBODY, "places", order_by="residents") == ["a", "b", "c", "d"]
    assert ids(registry, NOBODY, "places", order_by="-residents") == ["c", "b", "a", "d"]
    assert ids(registry, NOBODY, "places", order_by="-area") == ["b", "a", "c", "d"]
    assert ids(registry, NOBODY, "places", order_by="-id") == ["d", "c", "b", "a"]
    page = registry.find(NOBODY, "places", Query(page=2, page_size=3), WHY)
    assert ([one.id for one in page.records], page.total) == (["d"], 4)
    assert registry.find(NOBODY, "places", Query(page=9, page_size=3), WHY).total == 4


@pytest.mark.parametrize(
    "query",
    [
        Query(page_size=201),
        Query(page=0),
        Query(filters={"longitude": "1"}),
        Query(filters={"ghost": "1"}),
        Query(filters={"survey": "1"}),
        Query(order_by="survey"),
        Query(order_by="name; DROP TABLE record"),
        Query(search="x" * 201),
    ],
)
def test_refuses_what_is_not_declared_or_not_to_be_seen(registry: Registry, query: Query) -> None:
    with pytest.raises(QueryInvalid):
        registry.find(NOBODY, "places", query, WHY)


def test_exists_by_example(registry: Registry) -> None:
    place(registry, "a", residents=5)
    assert registry.exists(NOBODY, "places", {"residents": 5, "name": "Place a"}, WHY)
    assert not registry.exists(NOBODY, "places", {"residents": 6}, WHY)
    with pytest.raises(QueryInvalid):
        registry.exists(NOBODY, "places", {"survey": "x"}, WHY)
