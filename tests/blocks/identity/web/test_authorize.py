# SPDX-License-Identifier: EUPL-1.2
"""The authorisation endpoint: what is asked, what is refused, and where refusals go."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.blocks.identity.site import ISSUER, JAAN, MARI, PORTAL, SHOP, Site


def told(response: object, site: Site) -> dict[str, str]:
    """Return the error that a client is told."""
    return site.party(PORTAL).answered(response)


def test_a_person_signs_in_and_the_client_learns_who_she_is(site: Site) -> None:
    party = site.party(PORTAL)
    found = party.tokens(MARI)
    claims = party.userinfo(found["access_token"]).json()
    assert claims["personal_code"] == MARI
    assert claims["name"] == "Mari Maasikas"
    assert claims["roles"] == []
    assert claims["sub"] == party.verified(found["id_token"], found["access_token"])["sub"]
    assert MARI not in claims["sub"]


def test_an_official_signs_in_in_her_office_or_as_herself(site: Site) -> None:
    party = site.party(PORTAL)
    official = party.userinfo(party.tokens(JAAN, 0)["access_token"]).json()
    assert official["roles"] == ["clerk", "registrar"]
    assert official["organisation"] == "XA/GOV/1"
    private = site.party(PORTAL, site.another_browser())
    assert private.userinfo(private.tokens(JAAN)["access_token"]).json()["roles"] == []


def test_the_second_client_of_a_session_shows_no_page(site: Site) -> None:
    site.party(PORTAL).tokens()
    shop = site.party(SHOP)
    found = shop.answered(shop.authorize())
    assert shop.exchange(found["code"]).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        None,
        "https://attacker.example/cb",
        ISSUER + "/signed-in/",
        ISSUER + "/signed-in?x=1",
        ISSUER + "/signed-in#f",
        ISSUER + "/SIGNED-IN",
        ISSUER + "/signed-in/../cb",
        "http://127.0.0.1:8080@attacker.example/signed-in",
        "//attacker.example",
        "javascript:alert(1)",
        "http://127.0.0.1:8081/signed-in",
    ],
)
def test_an_unregistered_redirect_address_is_shown_and_never_followed(
    site: Site, address: str | None
) -> None:
    response = site.party(PORTAL).authorize(redirect_uri=address)
    assert response.status_code == 400
    assert "location" not in response.headers


@pytest.mark.parametrize("client", [None, "nobody", "x" * 1000, "portal ", "PORTAL", "portal\x00"])
def test_an_unknown_client_is_shown_and_never_followed(site: Site, client: str | None) -> None:
    response = site.party(PORTAL).authorize(client_id=client)
    assert response.status_code == 400
    assert "location" not in response.headers


def test_a_closed_client_signs_nobody_in(site: Site) -> None:
    from tests.blocks.identity.site import BY, WHY

    site.provider.clients.close("portal", BY, WHY)
    assert site.party(PORTAL).authorize().status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"request": "x.y.z"}, "invalid_request"),
        ({"request_uri": "https://attacker.example/r"}, "invalid_request"),
        ({"scope": None}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"scope": "openid registrar"}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "x" * 44}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "1e3"}, "invalid_request"),
        ({"nonce": "x" * 600}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_other_refusals_go_to_the_client_with_state_and_issuer(
    site: Site, changes: dict[str, str | None], error: str
) -> None:
    party = site.party(PORTAL)
    assert party.answered(party.authorize(**changes))["error"] == error


@pytest.mark.parametrize("state", ["a\r\nSet-Cookie: x=1", "a\nb", "\x00", "x" * 2000, "é"])
def test_a_state_with_control_characters_is_not_echoed(site: Site, state: str) -> None:
    response = site.party(PORTAL).authorize(state=state)
    assert response.status_code in (303, 400)
    location = response.headers.get("location", "")
    assert "state" not in parse_qs(urlsplit(location).query)
    assert not response.headers.get("set-cookie")


def test_a_state_that_looks_like_parameters_comes_back_as_it_was(site: Site) -> None:
    party = site.party(PORTAL)
    party.state = "a&code=evil&iss=x#f%0d%0a=\"'<>"
    assert party.sign_in()["code"] != "evil"


def test_a_repeated_parameter_is_refused(site: Site) -> None:
    query = "&".join(f"{k}={v}" for k, v in site.party(PORTAL).asked(state="s").items())
    assert site.browser.get(f"/authorize?{query}&client_id=shop").status_code == 400
    assert site.browser.get(f"/authorize?{query}&redirect_uri=https://attacker.example").status_code == 400


def test_a_request_may_come_by_form(site: Site) -> None:
    party = site.party(PORTAL)
    asked = site.browser.post("/authorize", data=party.asked())
    assert "code" in party.answered(party.choose(asked.headers["location"], MARI))
    assert (
        site.browser.post(
            "/authorize", content=b"{}", headers={"content-type": "application/json"}
        ).status_code
        == 400
    )


def test_the_query_of_a_redirect_address_is_kept(site: Site) -> None:
    party = site.party(SHOP)
    response = party.choose(party.authorize().headers["location"], MARI)
    assert parse_qs(urlsplit(response.headers["location"]).query)["kind"] == ["state"]


def test_prompt_login_and_max_age_ask_again_and_none_says_so(site: Site) -> None:
    party = site.party(PORTAL)
    first = party.verified(*ids(party.tokens()))
    site.clock.advance(timedelta(seconds=100))
    for changes in ({"prompt": "login"}, {"max_age": "99"}, {"prompt": "select_account"}, {"max_age": "0"}):
        assert party.authorize(**changes).headers["location"].startswith("/authenticate/test?")
    assert "code" in party.answered(party.authorize(max_age="101"))
    assert party.answered(party.authorize(max_age="99", prompt="none"))["error"] == "login_required"
    assert "code" in party.answered(party.authorize(prompt="none"))
    again = party.verified(*ids(party.tokens(prompt="login")))
    assert again["auth_time"] == first["auth_time"] + 100
    assert again["sid"] == first["sid"]


def test_signing_in_changes_the_cookie_so_that_a_planted_one_is_worthless(site: Site) -> None:
    party = site.party(PORTAL)
    party.tokens()
    planted = site.browser.cookies["provider-8080"]
    party.tokens(prompt="login")
    assert site.browser.cookies["provider-8080"] != planted
    thief = site.another_browser()
    thief.cookies.set("provider-8080", planted)
    assert site.party(PORTAL, thief).authorize().headers["location"].startswith("/authenticate/test?")


def test_another_person_in_the_same_browser_ends_the_first_session(site: Site) -> None:
    party = site.party(PORTAL)
    first = party.tokens(MARI)
    party.tokens(JAAN, prompt="login")
    assert party.userinfo(first["access_token"]).status_code == 401


def test_turning_back_tells_the_client(site: Site) -> None:
    party = site.party(PORTAL)
    page = site.browser.get(party.authorize().headers["location"])
    from tests.blocks.identity.site import hidden

    response = site.browser.post("/authenticate/test/give-up", data=hidden(page.text))
    assert party.answered(response)["error"] == "access_denied"


def test_a_session_ends_when_idle_and_at_the_latest_after_twelve_hours(site: Site) -> None:
    party = site.party(PORTAL)
    party.tokens()
    site.clock.advance(timedelta(minutes=29))
    assert "code" in party.answered(party.authorize())
    site.clock.advance(timedelta(minutes=29))
    assert "code" in party.answered(party.authorize())
    site.clock.advance(timedelta(minutes=30))
    assert party.authorize().headers["location"].startswith("/authenticate/test?")
    party.tokens()
    for _ in range(28):
        site.clock.advance(timedelta(minutes=25))
        assert "code" in party.answered(party.authorize())
    site.clock.advance(timedelta(minutes=25))
    assert party.authorize().headers["location"].startswith("/authenticate/test?")


def test_the_clients_wish_chooses_the_language_of_the_page_but_not_over_the_persons(site: Site) -> None:
    party = site.party(PORTAL)
    page = site.browser.get(party.authorize(ui_locales="fi et").headers["location"])
    assert 'lang="et"' in page.text
    page = site.browser.get(party.authorize(ui_locales="ar").headers["location"])
    assert 'lang="et"' in page.text


def ids(found: dict[str, str]) -> tuple[str, str]:
    return found["id_token"], found["access_token"]
