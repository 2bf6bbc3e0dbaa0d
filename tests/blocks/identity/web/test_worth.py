# SPDX-License-Identifier: EUPL-1.2
"""What tokens are worth: machines, revocation, introspection, keys, what is kept (RFC 7009, 7662)."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from tests.blocks.identity.site import (
    BY,
    ISSUER,
    MACHINE,
    MARI,
    PORTAL,
    SHOP,
    WHY,
    Site,
)

from flagstone.platform.storage.sql import select


def error(response: Any) -> tuple[int, str]:
    assert response.headers["cache-control"] == "no-store"
    return response.status_code, response.json()["error"]


def machine_token(site: Site, **changes: str) -> Any:
    form = {
        "grant_type": "client_credentials",
        "client_id": "machine",
        "client_secret": site.secrets["machine"],
    }
    return site.browser.post("/oauth/token", data=form | changes)


def test_a_machine_gets_a_short_lived_token_whose_scope_is_its_roles(site: Site) -> None:
    found = machine_token(site).json()
    assert (found["scope"], found["expires_in"]) == ("analyst registrar", 600)
    keys = KeySet.import_key_set(site.browser.get("/.well-known/jwks.json").json())
    token = jwt.decode(found["access_token"], keys, algorithms=["ES256"])
    assert token.header["typ"] == "at+jwt"
    assert (token.claims["sub"], token.claims["client_id"], token.claims["aud"]) == (
        "machine",
        "machine",
        ISSUER,
    )
    call = {"Authorization": f"Bearer {found['access_token']}"}
    assert site.browser.get("/machine", headers=call).json() == {
        "id": "machine",
        "roles": ["analyst", "registrar"],
    }
    narrow = machine_token(site, scope="analyst").json()["access_token"]
    answer = site.browser.get("/machine", headers={"Authorization": f"Bearer {narrow}"})
    assert answer.json()["roles"] == ["analyst"]
    site.clock.advance(timedelta(minutes=10))
    assert site.browser.get("/machine", headers=call).status_code == 401


@pytest.mark.parametrize("scope", ["operator", "openid", "registrar operator"])
def test_a_machine_gets_no_scope_beyond_its_own(site: Site, scope: str) -> None:
    assert error(machine_token(site, scope=scope)) == (400, "invalid_scope")


def test_no_other_token_is_a_machines(site: Site) -> None:
    found = site.party(PORTAL).tokens()
    for token in (
        found["access_token"],
        found["id_token"],
        "x.y.z",
        "a" * 5000,
        machine_token(site).json()["access_token"][:-2] + "xx",
    ):
        assert site.browser.get("/machine", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_machine_loses_its_token_when_it_is_revoked_or_the_client_closed(site: Site) -> None:
    first, second = (machine_token(site).json()["access_token"] for _ in range(2))
    proof = {"client_id": "machine", "client_secret": site.secrets["machine"]}
    for _ in range(2):
        assert site.browser.post("/oauth/revoke", data=proof | {"token": first}).status_code == 200
    assert site.provider.bearers.find(first) is None
    assert site.provider.bearers.find(second) is not None
    site.provider.clients.close("machine", BY, WHY)
    assert site.provider.bearers.find(second) is None


def test_a_client_revokes_only_its_own_tokens(site: Site) -> None:
    party = site.party(PORTAL)
    token = party.tokens()["access_token"]
    shop = ("shop", site.secrets["shop"])
    assert site.browser.post("/oauth/revoke", data={"token": token}, auth=shop).status_code == 200
    assert party.userinfo(token).status_code == 200
    own = {"token": token, "client_id": "portal"}
    assert site.browser.post("/oauth/revoke", data=own).status_code == 200
    assert party.userinfo(token).status_code == 401
    assert (
        site.browser.post("/oauth/revoke", data={"token": "unknown", "client_id": "portal"}).status_code
        == 200
    )


def test_introspection_tells_only_those_it_concerns(site: Site) -> None:
    def introspected(token: str, client: str = "shop") -> Any:
        proof = (client, site.secrets[client])
        return site.browser.post("/oauth/introspect", data={"token": token}, auth=proof).json()

    shop = site.party(SHOP)
    token = shop.tokens()["access_token"]
    assert introspected(token)["active"] is True
    assert introspected(site.party(PORTAL).tokens()["access_token"]) == {"active": False}
    assert introspected("unknown") == {"active": False}
    machine = introspected(machine_token(site).json()["access_token"])
    assert (machine["active"], machine["client_id"], machine["scope"]) == (
        True,
        "machine",
        "analyst registrar",
    )
    public = site.browser.post("/oauth/introspect", data={"token": token, "client_id": "portal"})
    assert error(public) == (400, "unauthorized_client")
    site.clock.advance(timedelta(minutes=11))
    assert introspected(token) == {"active": False}


def test_keys_turn_without_a_gap(site: Site) -> None:
    keys = site.browser.get("/.well-known/jwks.json").json()["keys"]
    assert [key["kty"] for key in keys] == ["RSA", "EC"]
    first = machine_token(site).json()["access_token"]
    site.provider.rotate_keys()
    published = site.browser.get("/.well-known/jwks.json").json()["keys"]
    assert [key["kty"] for key in published] == ["RSA", "RSA", "EC", "EC"]
    site.party(PORTAL).tokens()
    site.clock.advance(timedelta(minutes=5))
    assert site.provider.bearers.find(first) is not None
    site.clock.advance(timedelta(minutes=55))
    party = site.party(SHOP)
    party.tokens()
    new = {key["kid"] for key in published} - {key["kid"] for key in keys}
    header = machine_token(site).json()["access_token"].split(".")[0]
    assert json.loads(base64.urlsafe_b64decode(header + "=="))["kid"] in new


def test_nothing_secret_or_personal_is_in_the_tables_or_the_journal(site: Site) -> None:
    from flagstone.blocks.identity import store

    party = site.party(PORTAL)
    code = party.sign_in()["code"]
    found = party.exchange(code).json()
    hidden = [
        code,
        found["access_token"],
        found["id_token"],
        site.browser.cookies["provider-8080"],
        MARI,
        "Maasikas",
    ]
    hidden += [secret for secret in site.secrets.values() if secret]
    with site.database.reading() as view:
        rows = [row for table in store.metadata.sorted_tables for row in view.rows(select(table))]
    kept = repr([dict(row) for row in rows]) + repr(list(site.database.journal.entries(0, 1000)))
    assert "portal" in kept
    for text in hidden:
        assert text not in kept


def test_machine_is_not_asked_for_persons(site: Site) -> None:
    assert site.party(PORTAL).authorize(client_id=MACHINE.id, redirect_uri="").status_code == 400
