# SPDX-License-Identifier: EUPL-1.2
"""Identifiers as text: there and back, and nothing that could be read in two ways."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.exchange.contract.faults import IdentifierInvalid
from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId, ServerId, ServiceId
from flagstone.blocks.exchange.model import names

MEMBER = ClientId("XA", "GOV", "10000001")
SYSTEM = ClientId("XA", "GOV", "10000001", "registry")


def test_each_kind_is_read_from_its_text() -> None:
    assert names.member_named("XA/GOV/10000001") == MEMBER
    assert names.subsystem_named("XA/GOV/10000001/registry") == SYSTEM
    assert [names.client_named(str(each)) for each in (MEMBER, SYSTEM)] == [MEMBER, SYSTEM]
    assert names.service_named("XA/GOV/10000001/registry/x") == ServiceId(SYSTEM, "x")
    assert names.server_named("XA/GOV/10000001/s1") == ServerId(MEMBER, "s1")


@pytest.mark.parametrize("subject", [MEMBER, SYSTEM, GroupId("g"), GroupId("g", local=True)])
def test_holders_of_rights_go_there_and_back(subject: ClientId | GroupId) -> None:
    assert names.subject_named(names.named_subject(subject)) == subject


@pytest.mark.parametrize(
    "part",
    ["", " x", "x ", ".", "..", "a/b", "a%2Fb", "a:b", "a;b", "a\\b", "a\x00b", "a\nb", "a\u200bb", "\ufeffa",
     "a\u202eb", "a\ud800", "a\ue000b", "a\u2028b", "x" * 256],
)  # fmt: skip
def test_parts_that_could_mislead_are_refused(part: str) -> None:
    with pytest.raises(IdentifierInvalid):
        names.part(part)
    with pytest.raises(IdentifierInvalid):
        names.subsystem_named(f"XA/GOV/1/{part}")
    with pytest.raises(IdentifierInvalid):
        names.require_named(ServiceId(SYSTEM, part))


@pytest.mark.parametrize("part", ["x", "A.B-c_d", "õäöü", "سجل", "a b", "a+b,c=d'(e)?", "...x"])
def test_parts_of_every_language_are_taken(part: str) -> None:
    assert names.subsystem_named(f"XA/GOV/1/{part}").subsystem == part


@pytest.mark.parametrize("text", ["", "/", "XA", "XA/GOV", "XA/GOV/1/2/3", "XA//1", "/XA/GOV/1", "x" * 5_000])
def test_a_wrong_count_of_parts_is_refused(text: str) -> None:
    with pytest.raises(IdentifierInvalid):
        names.client_named(text)


@given(st.lists(st.text(max_size=8), min_size=4, max_size=4))
def test_what_is_taken_names_the_same_again(parts: list[str]) -> None:
    client = ClientId(*parts)
    with suppress(IdentifierInvalid):
        names.require_named(client)
        assert names.client_named(str(client)) == client
