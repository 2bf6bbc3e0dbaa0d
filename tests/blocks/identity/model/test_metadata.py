# SPDX-License-Identifier: EUPL-1.2
"""Client metadata (RFC 7591, 2): it comes back as it was, and anything else is named and refused."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.blocks.identity.site import BANK

from flagstone.blocks.identity.contract import ClientInvalid
from flagstone.blocks.identity.model.metadata import client_of, metadata_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def bank(**changes: Any) -> dict[str, Any]:
    return {**metadata_of(BANK), **changes}


def test_a_client_comes_back() -> None:
    assert client_of(json.loads(json.dumps(metadata_of(BANK)))) == BANK


def test_a_name_without_a_language_is_english() -> None:
    metadata = {key: value for key, value in bank().items() if not key.startswith("client_name#")}
    assert client_of(metadata).name == {"en": "A bank"}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"token_endpoint_auth_method": "none"}, "/token_endpoint_auth_method"),
        ({"grant_types": ["client_credentials"]}, "/grant_types"),
        ({"client_name": " "}, "/client_name"),
        ({"client_name#et": 7}, "/client_name#et"),
        ({"client_name": "x" * 201}, "/client_name"),
        ({"scope": ""}, "/scope"),
        ({"scope": ["openid"]}, "/scope"),
        ({"scope": "x" * 2_001}, "/scope"),
        ({"jwks": {"keys": []}}, "/jwks"),
        ({"jwks": {"keys": [{}] * 11}}, "/jwks"),
        ({"jwks": [{}]}, "/jwks"),
        ({"jwks": {"keys": [{"kty": 7}]}}, "/jwks"),
        ({"redirect_uris": "https://bank.example/cb"}, "/redirect_uris"),
        ({"client_id": None}, "/id"),
        ({"software_statement": "x"}, ""),
    ],
)
def test_what_cannot_be_taken_is_named(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(ClientInvalid) as found:
        client_of(bank(**changes))
    assert place in {flaw.pointer for flaw in found.value.flaws}


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ClientInvalid) as found:
        client_of({})
    places = {flaw.pointer for flaw in found.value.flaws}
    assert places == {"/client_id", "/client_name", "/redirect_uris", "/scope", "/jwks"}


@given(st.dictionaries(st.sampled_from([*metadata_of(BANK), "more", "client_name#xx"]), VALUES, max_size=6))
def test_anything_is_a_client_or_refused(changes: dict[str, Any]) -> None:
    with suppress(ClientInvalid):
        assert client_of(bank(**changes)).id == bank(**changes)["client_id"]
