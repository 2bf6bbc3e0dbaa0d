# SPDX-License-Identifier: EUPL-1.2
"""Signing in and out as a client of a real provider, and every way in which that must fail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient
from tests.blocks.identity.site import ISSUER, JAAN, MARI
from tests.blocks.portal.site import Site, hidden

from flagstone.blocks.identity.model.claims import LOGOUT_EVENT
from flagstone.platform.crypto.jose import sign_jwt
from flagstone.platform.http.client import Answer


def begun(site: Site, browser: TestClient | None = None) -> tuple[str, str]:
    """Begin a sign-in and let the person choose; return the state and the address that leads back."""
    browser = browser or site.browser
    asked = browser.get("/sign-in").headers["location"]
    page = browser.get(browser.get(asked).headers["location"])
    form = {"choice": MARI, **hidden(page.text)}
    back = browser.post("/authenticate/test/choose", data=form).headers["location"]
    return parse_qs(urlsplit(asked).query)["state"][0], back


def test_a_person_signs_in_and_is_led_back(site: Site) -> None:
    answer = site.sign_in(to="/me?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/me?x=1")
    page = site.browser.get("/me").text
    assert "<bdi>Mari Maasikas</bdi>" in page
    assert site.browser.get("/sign-in?return_to=/sessions").headers["location"] == "/sessions"


def test_the_question_is_an_ordinary_clients(site: Site) -> None:
    asked = site.browser.get("/sign-in", headers={"accept-language": "et"})
    query = parse_qs(urlsplit(asked.headers["location"]).query)
    assert query["redirect_uri"] == [ISSUER + "/sign-in/return"]
    assert query["code_challenge_method"] == ["S256"]
    assert query["ui_locales"] == ["et"]
    assert {"state", "nonce", "code_challenge"} <= query.keys()
    cookie = asked.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "max-age=600" in cookie


def test_a_page_behind_sign_in_leads_there_and_back(site: Site) -> None:
    answer = site.browser.get("/sessions?x=1")
    assert answer.headers["location"] == "/sign-in?return_to=/sessions%3Fx%3D1"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_nobody_is_led_to_another_site(site: Site, target: str) -> None:
    assert site.sign_in(to=target).headers["location"] == "/"


def test_a_very_long_way_back_leads_home(site: Site) -> None:
    assert site.sign_in(to="/me?" + "x" * 3_000).headers["location"] == "/"


def test_the_answer_is_good_once_and_for_the_browser_that_asked(site: Site) -> None:
    _, back = begun(site)
    stranger = site.another_browser()
    assert stranger.get(back).status_code == 400  # forced sign-in: no cookie of its own
    stranger.get("/sign-in")
    assert stranger.get(back).status_code == 400  # a cookie, but of another sign-in
    assert site.browser.get(back).status_code == 303
    assert site.browser.get(back).status_code == 400
    assert "Mari" not in stranger.get("/").text


def test_an_answer_that_comes_late_is_refused(site: Site) -> None:
    _, back = begun(site)
    site.clock.advance(timedelta(minutes=10))
    answer = site.browser.get(back, headers={"accept": "text/html"})
    assert answer.status_code == 400
    assert "portal.sign-in-outdated" in answer.text


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"state": "guess"},
        {"state": None},
        {"code": "guess"},
        {"code": None},
        {"error": "server_error"},
    ],
)
def test_an_answer_that_does_not_fit_signs_nobody_in(site: Site, changes: dict[str, str | None]) -> None:
    _, back = begun(site)
    parameters: dict[str, Any] = {k: v[0] for k, v in parse_qs(urlsplit(back).query).items()} | changes
    sent = {name: value for name, value in parameters.items() if value is not None}
    assert site.browser.get("/sign-in/return", params=sent).status_code == 400
    assert site.browser.get("/me").status_code == 303


def test_a_parameter_given_twice_signs_nobody_in(site: Site) -> None:
    _, back = begun(site)
    assert site.browser.get(back + "&code=other").status_code == 400


def test_turning_back_says_so(site: Site) -> None:
    state, _ = begun(site)
    sent = {"error": "access_denied", "state": state, "iss": ISSUER}
    answer = site.browser.get("/sign-in/return", params=sent, headers={"accept": "text/html"})
    assert "You did not sign in" in answer.text


def test_another_persons_id_token_is_refused(site: Site) -> None:
    _, first = begun(site)
    stranger = site.another_browser()
    _, second = begun(site, stranger)
    codes = [parse_qs(urlsplit(back).query)["code"][0] for back in (first, second)]
    swapped = second.replace(codes[1], codes[0])
    assert stranger.get(swapped).status_code == 400  # the verifier is the other browser's


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/oidc/userinfo", Answer(200, {}, b'{"sub": "somebody else", "personal_code": "1"}')),
        ("/oidc/userinfo", Answer(401, {}, b"{}")),
        ("/oauth/token", Answer(200, {}, b'{"access_token": "x"}')),
        ("/oauth/token", Answer(200, {}, b'{"access_token": "x", "id_token": "a.b.c"}')),
        ("/oauth/token", Answer(400, {}, b'{"error": "invalid_grant"}')),
    ],
)
def test_a_provider_that_answers_wrongly_signs_nobody_in(site: Site, path: str, answer: Answer) -> None:
    _, back = begun(site)
    site.door.changes[path] = answer
    assert site.browser.get(back).status_code == 400


def test_a_new_sign_in_takes_a_new_session(site: Site) -> None:
    site.sign_in()
    first = site.browser.cookies["session-8080"]
    site.browser.cookies.delete("provider-8080")
    _, back = begun_again(site)
    site.browser.get(back)
    assert site.browser.cookies["session-8080"] != first
    assert site.sessions.find(first) is None


def begun_again(site: Site) -> tuple[str, str]:
    """Begin a sign-in although somebody is signed in, as with a page left open in another window."""
    kept = site.browser.cookies["session-8080"]
    site.browser.cookies.delete("session-8080")
    found = begun(site)
    site.browser.cookies.set("session-8080", kept, domain="127.0.0.1")
    return found


def test_signing_out_ends_both_sessions(site: Site) -> None:
    site.sign_in()
    token = site.browser.cookies["session-8080"]
    form = hidden(site.browser.get("/me").text)
    answer = site.browser.post("/sign-out", data=form)
    assert answer.headers["location"].startswith(ISSUER + "/logout?")
    assert MARI not in answer.headers["location"]
    back = site.browser.get(answer.headers["location"])
    assert back.headers["location"] == ISSUER + "/signed-out"
    assert "You are signed out" in site.browser.get(back.headers["location"]).text
    assert site.sessions.find(token) is None
    asked = site.browser.get("/sign-in").headers["location"]
    assert site.browser.get(asked).headers["location"].startswith("/authenticate")


def test_signing_out_needs_our_own_form(site: Site) -> None:
    site.sign_in()
    assert site.browser.post("/sign-out", data={"csrf": "guess"}).status_code == 403
    assert site.browser.get("/me").status_code == 200


def notice(site: Site, **changes: Any) -> str:
    """Return a logout token of the provider with some claims changed."""
    now = site.clock.now()
    key = site.provider.vault.signing_key("ES256", now)
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": "portal",
        "iat": int(now.timestamp()),
        "exp": int(now.timestamp()) + 60,
        "jti": "1",
        "events": {LOGOUT_EVENT: {}},
    } | changes
    kind = claims.pop("typ", "logout+jwt")
    return sign_jwt(key, claims, type=str(kind))


def provider_session(site: Site) -> str:
    [found] = site.provider.sign_ins_of(MARI)
    return found.id


def test_the_provider_tells_of_a_sign_out(site: Site) -> None:
    site.sign_in()
    token = notice(site, sid=provider_session(site))
    answer = site.another_browser().post("/sign-out/notice", data={"logout_token": token})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert site.browser.get("/me").status_code == 303


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "shop"},
        {"iss": "https://evil.example"},
        {"events": {}},
        {"nonce": "x"},
        {"typ": "JWT"},
        {"exp": 1},
        {"sid": 7},
    ],
)
def test_a_false_notice_ends_nothing(site: Site, changes: dict[str, Any]) -> None:
    site.sign_in()
    token = notice(site, **({"sid": provider_session(site)} | changes))
    assert site.browser.post("/sign-out/notice", data={"logout_token": token}).status_code == 400
    assert site.browser.get("/me").status_code == 200


def test_an_empty_notice_is_refused(site: Site) -> None:
    assert site.browser.post("/sign-out/notice", data={}).status_code == 400
    assert site.browser.post("/sign-out/notice", data={"logout_token": notice(site)}).status_code == 400


def test_an_official_signs_in_to_her_office(site: Site) -> None:
    site.sign_in(JAAN, office=0)
    who = site.sessions.find(site.browser.cookies["session-8080"])
    assert who is not None
    assert who.holds("registrar")
    assert who.caller.actor.organisation == "XA/GOV/1"
    assert "48001015712" not in repr(who)


def test_the_provider_is_asked_for_its_keys_again_after_a_turn(site: Site) -> None:
    site.sign_in()
    before = site.door.calls.count("/.well-known/jwks.json")
    site.browser.cookies.clear()
    site.sign_in()
    assert site.door.calls.count("/.well-known/jwks.json") == before
    site.clock.advance(timedelta(minutes=6))
    site.browser.cookies.clear()
    site.sign_in()
    assert site.door.calls.count("/.well-known/jwks.json") == before + 1
