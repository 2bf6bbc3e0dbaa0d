# SPDX-License-Identifier: EUPL-1.2
"""Registrations of clients: what is refused, and where."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.blocks.identity.site import BANK, MACHINE, PORTAL, SHOP

from flagstone.blocks.identity.contract import ClientAuthentication, ClientInvalid, Grant, SubjectType
from flagstone.blocks.identity.model.clients import check_client, is_loopback, sector_of


@pytest.mark.parametrize("client", [PORTAL, SHOP, BANK, MACHINE])
def test_good_registrations(client: Any) -> None:
    check_client(client)


@pytest.mark.parametrize(
    "uri",
    [
        "http://shop.example/cb",
        "https://shop.example/cb#f",
        "https://shop.example/cb#",
        "https://user@shop.example/cb",
        "https://*.example/cb",
        "https:///cb",
        "https://shop.example/c b",
        "https://shop.example/\r\nx",
        "https://shop.example/õ",
        "https://shop.example\\@x/",
        "javascript:alert(1)",
        "/cb",
        "",
        "https://shop.example:port/cb",
        "https://shop.example/" + "x" * 2000,
        "http://localhost.attacker.example/cb",
    ],
)
def test_unsafe_addresses(uri: str) -> None:
    for change in ({"redirect_uris": (uri,)}, {"post_logout_redirect_uris": (uri,)}):
        with pytest.raises(ClientInvalid) as found:
            check_client(replace(SHOP, **change))  # type: ignore[arg-type]
        assert found.value.flaws[0].pointer == "/" + next(iter(change))


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"id": ""}, "/id"),
        ({"id": "a/b"}, "/id"),
        ({"id": "x" * 51}, "/id"),
        ({"name": {}}, "/name"),
        ({"grants": frozenset()}, "/grants"),
        ({"redirect_uris": ()}, "/redirect_uris"),
        ({"scopes": frozenset({"profile"})}, "/scopes"),
        ({"scopes": frozenset({"openid", "registrar"})}, "/scopes"),
        ({"id_token_algorithm": "HS256"}, "/id_token_algorithm"),
        ({"id_token_algorithm": "none"}, "/id_token_algorithm"),
        ({"authentication": ClientAuthentication.PRIVATE_KEY_JWT}, "/jwks"),
        ({"redirect_uris": ("https://a.example/", "https://b.example/")}, "/sector"),
    ],
)
def test_contradictions(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(ClientInvalid) as found:
        check_client(replace(SHOP, **changes))
    assert pointer in {flaw.pointer for flaw in found.value.flaws}


def test_a_public_client_is_no_machine() -> None:
    with pytest.raises(ClientInvalid):
        check_client(replace(MACHINE, authentication=ClientAuthentication.NONE))
    with pytest.raises(ClientInvalid):
        check_client(replace(MACHINE, grants=frozenset({Grant.AUTHORIZATION_CODE})))


@pytest.mark.parametrize("role", ["exchange", "tracker"])
def test_no_machine_takes_a_role_of_the_site_itself(role: str) -> None:
    with pytest.raises(ClientInvalid):
        check_client(replace(MACHINE, scopes=frozenset({"registrar", role})))


def test_sectors() -> None:
    assert sector_of(SHOP) == "shop.example"
    assert sector_of(replace(SHOP, sector="trade")) == "trade"
    several = ("https://a.example/", "https://b.example/")
    check_client(replace(SHOP, redirect_uris=several, sector="trade"))
    check_client(replace(SHOP, redirect_uris=several, subject_type=SubjectType.PUBLIC))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://127.0.0.1:80/", True),
        ("http://[::1]/", True),
        ("http://localhost/", True),
        ("http://127.0.0.1.example/", False),
        ("http://10.0.0.1/", False),
    ],
)
def test_loopback(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected
