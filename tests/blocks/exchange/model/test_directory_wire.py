# SPDX-License-Identifier: EUPL-1.2
"""The directory as plain data: there and back, and nothing else is taken for one."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.exchange.contract.directory import Directory, GlobalGroup, Member, Server, Subsystem
from flagstone.blocks.exchange.contract.faults import DirectoryInvalid
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId
from flagstone.blocks.exchange.model.directory_wire import as_mapping, parse_directory

MEMBER = ClientId("XA", "GOV", "10000001")
SYSTEM = ClientId("XA", "GOV", "10000001", "registry")
DIRECTORY = Directory(
    "XA",
    7,
    datetime(2026, 11, 22, 8, tzinfo=UTC),
    (Member(MEMBER, {"en": "Interior", "ar": "الداخلية"}),),
    (Subsystem(SYSTEM, {"en": "Registers"}),),
    (Server(ServerId(MEMBER, "s"), "http://127.0.0.1:5500", frozenset({SYSTEM}), in_maintenance=True),),
    (GlobalGroup("g", {"en": "Group"}, frozenset({SYSTEM, MEMBER})),),
)


def whole() -> Any:
    return json.loads(json.dumps(as_mapping(DIRECTORY)))


def test_there_and_back() -> None:
    assert parse_directory(whole()) == DIRECTORY


@pytest.mark.parametrize("data", [None, [], "x", 7, {}, {"instance": "XA"}])
def test_what_is_no_directory_is_refused(data: object) -> None:
    with pytest.raises(DirectoryInvalid):
        parse_directory(data)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["instance"], "X/A"),
        (["revision"], "7"),
        (["revision"], True),
        (["revision"], -1),
        (["revision"], 2**60),
        (["made_at"], "yesterday"),
        (["members"], {}),
        (["members", 0, "id"], "XA/GOV"),
        (["members", 0, "id"], "XA/GOV/1/x"),
        (["members", 0, "id"], 7),
        (["members", 0, "name"], "Interior"),
        (["members", 0, "name"], {"en": 7}),
        (["members", 0, "name"], {"en": "x" * 501}),
        (["members", 0, "name"], {"en": "<\x00>"}),
        (["members", 0, "name"], dict.fromkeys(map(str, range(21)), "x")),
        (["subsystems", 0, "id"], "XA/GOV/10000001"),
        (["subsystems", 0, "id"], "XA/GOV/10000001/\u202e"),
        (["servers", 0, "address"], 5500),
        (["servers", 0, "address"], "http://" + "x" * 300),
        (["servers", 0, "clients"], ["XA"]),
        (["servers", 0, "clients"], [None]),
        (["servers", 0, "in_maintenance"], "no"),
        (["groups", 0, "code"], ""),
        (["groups", 0, "members"], "XA/GOV/10000001"),
    ],
)
def test_each_wrong_place_is_refused(path: list[Any], value: object) -> None:
    data = whole()
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(DirectoryInvalid):
        parse_directory(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@given(st.sampled_from(sorted(as_mapping(DIRECTORY))), JSON)
def test_anything_in_any_place_is_read_or_refused(place: str, value: object) -> None:
    with suppress(DirectoryInvalid):
        assert parse_directory({**whole(), place: value}).instance
