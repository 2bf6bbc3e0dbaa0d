# SPDX-License-Identifier: EUPL-1.2
"""The token endpoint and what tokens are worth (RFC 6749, 7009, 7523, 7636, 7662, 9068, 9700)."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from tests.blocks.identity.site import (
    ASSERTED_KEY,
    ASSERTION_TYPE,
    BANK,
    BY,
    ISSUER,
    JAAN,
    MARI,
    PORTAL,
    SHOP,
    WHY,
    Site,
    assertion,
    terms,
)

from flagstone.blocks.identity.contract import Client, SubjectType
from flagstone.blocks.identity.service.provider import Provider


def error(response: Any) -> tuple[int, str]:
    assert response.headers["cache-control"] == "no-store"
    return response.status_code, response.json()["error"]


def test_a_code_works_once_and_its_second_use_takes_the_first_tokens_back(site: Site) -> None:
    party = site.party(PORTAL)
    code = party.sign_in()["code"]
    first = party.exchange(code).json()["access_token"]
    assert party.userinfo(first).status_code == 200
    assert error(party.exchange(code)) == (400, "invalid_grant")
    assert party.userinfo(first).status_code == 401


def test_of_many_exchanges_at_once_one_succeeds(site: Site) -> None:
    party = site.party(PORTAL)
    code = party.sign_in()["code"]
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(party.exchange(code).status_code)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 400, 400, 400, 400, 400]


def test_a_code_expires_after_thirty_seconds(site: Site) -> None:
    party = site.party(PORTAL)
    code = party.sign_in()["code"]
    site.clock.advance(timedelta(seconds=30))
    assert error(party.exchange(code)) == (400, "invalid_grant")


@pytest.mark.parametrize("verifier", [None, "short", "x" * 43, "x" * 129, "é" * 43])
def test_a_missing_or_wrong_verifier_is_refused_and_the_code_stays_good(
    site: Site, verifier: str | None
) -> None:
    party = site.party(PORTAL)
    code = party.sign_in()["code"]
    assert party.exchange(code, code_verifier=verifier).status_code == 400
    assert party.exchange(code).status_code == 200


def test_the_challenge_itself_is_no_verifier(site: Site) -> None:
    party = site.party(PORTAL)
    code = party.sign_in()["code"]
    challenge = party.asked()["code_challenge"]
    assert error(party.exchange(code, code_verifier=challenge)) == (400, "invalid_grant")


@pytest.mark.parametrize("address", [None, "https://shop.example/other", ISSUER + "/signed-in/"])
def test_the_redirect_address_must_be_the_one_of_the_request(site: Site, address: str | None) -> None:
    for client in (PORTAL, SHOP):
        party = site.party(client, site.another_browser())
        code = party.sign_in()["code"]
        assert error(party.exchange(code, redirect_uri=address)) == (400, "invalid_grant")


def test_a_code_of_one_client_is_nothing_to_another(site: Site) -> None:
    party = site.party(PORTAL)
    code = party.sign_in()["code"]
    thief = site.party(SHOP)
    thief.verifier = party.verifier
    assert error(thief.exchange(code, redirect_uri=PORTAL.redirect_uris[0])) == (400, "invalid_grant")
    assert party.exchange(code).status_code == 200


def test_a_code_of_a_session_that_ended_is_refused(site: Site) -> None:
    party = site.party(PORTAL)
    code = party.sign_in()["code"]
    assert site.provider.end_sessions_of(MARI, "test") == 1
    assert error(party.exchange(code)) == (400, "invalid_grant")


def test_a_wrong_secret_or_method_is_refused_with_a_challenge(site: Site) -> None:
    party = site.party(SHOP)
    code = party.sign_in()["code"]
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": party.verifier}
    secret = site.secrets["shop"]
    for auth in (("shop", "wrong"), ("shop", secret + "x"), ("shop", ""), ("nobody", "x"), ("", "")):
        response = site.browser.post("/oauth/token", data=form, auth=auth)
        assert error(response) == (401, "invalid_client")
        assert response.headers["www-authenticate"].startswith("Basic")
    by_post = form | {"client_id": "shop", "client_secret": secret}
    assert error(site.browser.post("/oauth/token", data=by_post)) == (401, "invalid_client")
    assert error(site.browser.post("/oauth/token", data=form | {"client_id": "shop"})) == (
        401,
        "invalid_client",
    )
    assert error(site.browser.post("/oauth/token", data=form)) == (401, "invalid_client")
    mixed = site.browser.post("/oauth/token", data=by_post, auth=("shop", secret))
    assert error(mixed) == (400, "invalid_request")
    other = site.browser.post("/oauth/token", data=form | {"client_id": "portal"}, auth=("shop", secret))
    assert error(other) == (400, "invalid_request")
    for header in ("Basic !!!", "Basic ", "Basic YQ==", "Bearer x", "Basic //8="):
        answer = site.browser.post("/oauth/token", data=form, headers={"Authorization": header})
        assert answer.status_code in (400, 401)


def test_a_client_proves_itself_by_its_key(site: Site) -> None:
    party = site.party(BANK)
    answer = party.exchange(party.sign_in()["code"])
    assert answer.status_code == 200


@pytest.mark.parametrize("audience", [ISSUER, ISSUER + "/oauth/token", ["x", ISSUER + "/oauth/token"]])
def test_an_assertion_may_name_the_issuer_or_the_endpoint(site: Site, audience: object) -> None:
    party = site.party(BANK)
    code = party.sign_in()["code"]
    assert party.exchange(code, client_assertion=assertion(site, aud=audience)).status_code == 200


def test_an_assertion_works_once_replay_is_refused(site: Site) -> None:
    party = site.party(BANK)
    code = party.sign_in()["code"]
    once = assertion(site)
    assert error(party.exchange("wrong", client_assertion=once)) == (400, "invalid_grant")
    assert error(party.exchange(code, client_assertion=once)) == (401, "invalid_client")
    assert party.exchange(code).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example"},
        {"aud": None},
        {"iss": "shop"},
        {"sub": "shop"},
        {"sub": None},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 300},
        {"jti": 7},
        {"exp": None},
        {"exp": 1},
        {"exp": 10**11},
        {"iat": 10**11},
        {"nbf": 10**11},
    ],
)
def test_an_assertion_that_does_not_hold_is_refused(site: Site, changes: dict[str, Any]) -> None:
    party = site.party(BANK)
    code = party.sign_in()["code"]
    assert party.exchange(code, client_assertion=assertion(site, **changes)).status_code in (400, 401)
    assert party.exchange(code).status_code == 200


def test_an_assertion_by_another_key_or_algorithm_is_refused(site: Site) -> None:
    party = site.party(BANK)
    code = party.sign_in()["code"]
    stranger = assertion(site, ECKey.generate_key("P-256"))
    assert error(party.exchange(code, client_assertion=stranger)) == (401, "invalid_client")
    confused = jwt.encode(
        {"alg": "HS256"},
        jwt.decode(assertion(site), ASSERTED_KEY, algorithms=["ES256"]).claims,
        OctKey.import_key(b"k" * 32),
        algorithms=["HS256"],
    )
    assert error(party.exchange(code, client_assertion=confused)) == (401, "invalid_client")
    unsigned = assertion(site).rsplit(".", 1)[0] + "."
    assert error(party.exchange(code, client_assertion=unsigned)) == (401, "invalid_client")
    assert party.exchange(code, client_assertion_type="other").status_code == 400
    assert ASSERTION_TYPE


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
    ],
)
def test_grants_that_are_not_served(site: Site, form: dict[str, str], expected: str) -> None:
    response = site.browser.post("/oauth/token", data=form | {"client_id": "portal"})
    assert error(response) == (400, expected)


def test_token_requests_must_be_forms_without_query_or_repetition(site: Site) -> None:
    post = site.browser.post
    assert error(post("/oauth/token", json={"grant_type": "x"})) == (400, "invalid_request")
    assert error(post("/oauth/token?code=1", data={"grant_type": "x"})) == (400, "invalid_request")
    form = {"content-type": "application/x-www-form-urlencoded"}
    for body in (
        b"client_id=portal&client_id=shop",
        b"a=%ff",
        b"\xff",
        b"&".join([b"a=b"] * 50),
        b"a=b" * 20_000,
    ):
        assert error(post("/oauth/token", content=body, headers=form)) == (400, "invalid_request")


def test_userinfo_needs_a_live_token_in_the_header(site: Site) -> None:
    party = site.party(PORTAL)
    token = party.tokens()["access_token"]
    assert party.userinfo(token).status_code == 200
    posted = site.browser.post("/oidc/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert posted.json() == party.userinfo(token).json()
    assert site.browser.get("/oidc/userinfo", params={"access_token": token}).status_code == 401
    assert 'error="invalid_token"' in party.userinfo(token + "x").headers["www-authenticate"]
    site.clock.advance(timedelta(minutes=5))
    assert party.userinfo(token).status_code == 401


def test_claims_follow_the_scopes(site: Site) -> None:
    party = site.party(PORTAL)
    assert set(party.userinfo(party.tokens(scope="openid")["access_token"]).json()) == {"sub"}
    shop = site.party(SHOP)
    found = shop.tokens()
    claims = shop.verified(found["id_token"], found["access_token"])
    assert (claims["name"], claims["acr"], claims["amr"]) == ("Mari Maasikas", "low", ["test"])
    assert "personal_code" not in claims


def test_each_sector_sees_another_subject_and_always_the_same(site: Site) -> None:
    portal, shop = site.party(PORTAL), site.party(SHOP, site.another_browser())
    subjects = [party.userinfo(party.tokens()["access_token"]).json()["sub"] for party in (portal, shop)]
    assert subjects[0] != subjects[1]
    again = site.party(PORTAL, site.another_browser())
    assert again.userinfo(again.tokens()["access_token"]).json()["sub"] == subjects[0]
    other = site.party(PORTAL, site.another_browser())
    assert other.userinfo(other.tokens(JAAN)["access_token"]).json()["sub"] != subjects[0]


def test_a_public_subject_and_the_code_are_for_clients_of_the_settings_alone(
    site: Site, tmp_path: Any
) -> None:
    from dataclasses import replace

    from flagstone.blocks.identity.contract import ClientInvalid

    for wrong in (
        replace(SHOP, id="x", subject_type=SubjectType.PUBLIC),
        replace(SHOP, id="x", scopes=frozenset({"openid", "personal_code"})),
    ):
        with pytest.raises(ClientInvalid):
            site.provider.clients.add(wrong, BY, WHY)
    allowed = terms(public_subject_clients=frozenset({"register"}))
    provider = Provider(site.database, tmp_path / "keys", allowed, site.clock)
    register: Client = replace(
        PORTAL, id="register", scopes=frozenset({"openid"}), subject_type=SubjectType.PUBLIC
    )
    provider.clients.add(register, BY, WHY)
    party = site.party(register)
    found = party.tokens()
    assert party.verified(found["id_token"], found["access_token"])["sub"] != f"XA{MARI}"  # the old terms
    session = provider.sessions.find(site.browser.cookies["provider-8080"])
    assert session is not None
    assert provider.tokens.subject_for(register, session) == f"XA{MARI}"
