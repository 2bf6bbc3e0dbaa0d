# SPDX-License-Identifier: EUPL-1.2
"""Signing out: at a client's wish, everywhere, and telling every client (RP-Initiated, Back-Channel)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from tests.blocks.identity.site import ISSUER, JAAN, MARI, PORTAL, SHOP, Post, Site, hidden

from flagstone.blocks.identity import jobs
from flagstone.blocks.identity.service.signing_out import ClientUnreachable


def owed(site: Site) -> list[dict[str, Any]]:
    """Return the news that clients are owed, from the outbox."""
    site.database.outbox.subscribe("ClientSignedOut", ("identity.tell-client",))
    return [
        dict(found.payload) for found in site.database.outbox.pending(100) if found.event == "ClientSignedOut"
    ]


def test_a_valid_hint_signs_out_and_goes_back_with_state(site: Site) -> None:
    party = site.party(PORTAL)
    found = party.tokens()
    site.clock.advance(timedelta(minutes=10))  # the hint may have expired
    asked = {"id_token_hint": found["id_token"], "post_logout_redirect_uri": ISSUER + "/", "state": "s&x"}
    response = site.browser.get("/logout", params=asked)
    assert (response.status_code, response.headers["location"]) == (303, ISSUER + "/?state=s%26x")
    assert party.authorize().headers["location"].startswith("/authenticate/test?")
    assert party.userinfo(found["access_token"]).status_code == 401


def test_without_a_hint_the_person_is_asked_first(site: Site) -> None:
    party = site.party(PORTAL)
    token = party.tokens()["access_token"]
    page = site.browser.get(
        "/logout", params={"client_id": "portal", "post_logout_redirect_uri": ISSUER + "/"}
    )
    assert page.status_code == 200
    assert "The portal asks to sign you out" in page.text
    assert f"form-action 'self' {ISSUER};" in page.headers["content-security-policy"]  # where it leads
    assert party.userinfo(token).status_code == 200
    response = site.browser.post("/logout/confirm", data=hidden(page.text))
    assert response.headers["location"] == ISSUER + "/"
    assert party.userinfo(token).status_code == 401


def test_another_sites_form_cannot_sign_a_person_out(site: Site) -> None:
    party = site.party(PORTAL)
    token = party.tokens()["access_token"]
    assert site.browser.post("/logout", data={"client_id": "portal"}).status_code == 200
    assert site.browser.post("/logout/confirm", data={"kept": ""}).status_code == 403
    assert party.userinfo(token).status_code == 200


def test_the_hint_of_another_person_does_not_sign_out_without_asking(site: Site) -> None:
    stranger = site.party(SHOP, site.another_browser()).tokens(JAAN)
    party = site.party(PORTAL)
    token = party.tokens()["access_token"]
    response = site.browser.get("/logout", params={"id_token_hint": stranger["id_token"]})
    assert response.status_code == 200
    assert party.userinfo(token).status_code == 200


@pytest.mark.parametrize(
    "asked",
    [
        {"post_logout_redirect_uri": "https://attacker.example/"},
        {"client_id": "portal", "post_logout_redirect_uri": "https://attacker.example/"},
        {"client_id": "portal", "post_logout_redirect_uri": "https://shop.example/bye"},
        {"client_id": "nobody", "post_logout_redirect_uri": ISSUER + "/"},
        {"id_token_hint": "x.y.z", "post_logout_redirect_uri": ISSUER + "/"},
    ],
)
def test_nobody_is_sent_to_an_unregistered_address_after_signing_out(
    site: Site, asked: dict[str, str]
) -> None:
    response = site.browser.get("/logout", params=asked)
    assert response.status_code == 400
    assert "location" not in response.headers


def test_a_hint_and_a_client_must_agree(site: Site) -> None:
    token = site.party(PORTAL).tokens()["id_token"]
    assert (
        site.browser.get("/logout", params={"id_token_hint": token, "client_id": "shop"}).status_code == 400
    )


def test_every_client_of_the_session_is_told_by_a_signed_token(site: Site) -> None:
    portal, shop = site.party(PORTAL), site.party(SHOP)
    first = portal.verified(*pair(portal.tokens()))
    shop.verified(*pair(shop_tokens(shop)))
    site.provider.end_session(first["sid"], "test")
    post = Post()
    news = owed(site)
    assert {each["client"] for each in news} == {"portal", "shop"}
    for each in news:
        jobs.tell_client(site.provider, post, each)
    addresses = {address for address, _ in post.sent}
    assert addresses == {PORTAL.backchannel_logout_uri, SHOP.backchannel_logout_uri}
    form = next(form for address, form in post.sent if address == PORTAL.backchannel_logout_uri)
    keys = KeySet.import_key_set(site.browser.get("/.well-known/jwks.json").json())
    token = jwt.decode(form["logout_token"], keys, algorithms=["ES256"])
    assert token.header["typ"] == "logout+jwt"
    assert token.claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert (token.claims["sid"], token.claims["sub"], token.claims["aud"]) == (
        first["sid"],
        first["sub"],
        "portal",
    )
    assert "nonce" not in token.claims


def test_a_client_that_does_not_answer_is_told_again(site: Site) -> None:
    party = site.party(PORTAL)
    party.tokens()
    site.provider.end_sessions_of(MARI, "test")
    post = Post(status=503)
    with pytest.raises(ClientUnreachable):
        jobs.tell_client(site.provider, post, owed(site)[0])


def test_signing_out_everywhere_ends_every_session_of_the_person_and_of_nobody_else(site: Site) -> None:
    parties = [site.party(PORTAL, site.another_browser()) for _ in range(3)]
    tokens = [party.tokens(MARI)["access_token"] for party in parties]
    other = site.party(PORTAL, site.another_browser())
    others = other.tokens(JAAN)["access_token"]
    assert [each.clients for each in site.provider.sign_ins_of(MARI)] == [("portal",)] * 3
    assert site.provider.end_sessions_of(MARI, "signed out everywhere") == 3
    assert site.provider.end_sessions_of(MARI, "signed out everywhere") == 0
    assert site.provider.sign_ins_of(MARI) == ()
    assert {party.userinfo(token).status_code for party, token in zip(parties, tokens, strict=True)} == {401}
    assert other.userinfo(others).status_code == 200
    assert len(owed(site)) == 3


def test_signing_out_without_a_session_just_says_so(site: Site) -> None:
    page = site.browser.get("/logout")
    assert page.status_code == 200
    assert "You are signed out" in page.text


def test_what_is_over_is_erased_a_month_later(site: Site) -> None:
    site.party(PORTAL).tokens()
    assert jobs.erase_old(site.provider) == 0
    site.clock.advance(timedelta(days=31))
    assert jobs.erase_old(site.provider) == 3


def pair(found: dict[str, Any]) -> tuple[str, str]:
    return found["id_token"], found["access_token"]


def shop_tokens(shop: Any) -> dict[str, Any]:
    found: dict[str, Any] = shop.exchange(shop.answered(shop.authorize())["code"]).json()
    return found
