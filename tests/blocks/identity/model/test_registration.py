# SPDX-License-Identifier: EUPL-1.2
"""Registrations as plain data: they come back as they were, and anything else is named."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.blocks.identity.site import BANK, MACHINE, PORTAL, SHOP

from flagstone.blocks.identity.contract import Client, ClientInvalid
from flagstone.blocks.identity.model.registration import client_from, registration_document

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("client", [PORTAL, SHOP, BANK, MACHINE])
def test_a_registration_comes_back(client: Client) -> None:
    assert client_from(json.loads(json.dumps(registration_document(client)))) == client


@given(st.dictionaries(st.sampled_from([*registration_document(SHOP), "more"]), VALUES, max_size=8))
def test_any_data_is_a_client_or_refused(document: dict[str, Any]) -> None:
    with suppress(ClientInvalid):
        assert client_from(document).id == document["id"]


def test_each_wrong_field_is_named() -> None:
    with pytest.raises(ClientInvalid) as found:
        client_from({"id": 7, "name": {"en": "x"}, "grants": ["password"], "secret": "x"})
    places = {flaw.pointer for flaw in found.value.flaws}
    assert places == {"/id", "/grants", "/secret", "/authentication"}
