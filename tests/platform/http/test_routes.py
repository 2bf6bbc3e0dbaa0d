# SPDX-License-Identifier: EUPL-1.2
"""Who may call is said by each route and kept by the door."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from starlette.requests import Request

from flagstone.platform.http.routes import ANYONE, Routes, declared_access, local_path, role, sign_in_address

from .conftest import Maker, Site

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_a_route_without_access_cannot_be_made() -> None:
    with pytest.raises(TypeError):
        Routes().get("/x")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Routes().get("/x", access="anyone")  # type: ignore[arg-type]


def test_a_role_needs_a_name() -> None:
    for names in ((), ("",), ("clerk", "")):
        with pytest.raises(ValueError, match="role"):
            role(*names)


def test_every_route_of_an_assembled_app_declares_its_access(site: Site) -> None:
    ways = declared_access(site.app)
    assert len(ways) > 15
    assert [way for way in ways if way.access is None] == []
    assert {str(way.access) for way in ways} >= {"anyone", "signed-in", "client", "role: clerk, registrar"}


def test_a_route_added_past_the_door_shows(site: Site) -> None:
    def back_door() -> None:
        return None

    site.app.add_api_route("/back-door", back_door)
    assert [way.path for way in declared_access(site.app) if way.access is None] == ["/back-door"]


def test_a_mounted_app_without_access_shows() -> None:
    app = FastAPI(openapi_url=None)
    app.mount("/inner", FastAPI(openapi_url=None))
    assert [way.access for way in declared_access(app)] == [None]


def test_anyone_may_call_an_open_route(site: Site) -> None:
    assert site.client.get("/api/open").json() == {"open": "yes"}
    assert site.sessions.asked == 0


def test_a_page_sends_a_stranger_to_sign_in_and_back(site: Site) -> None:
    answer = site.client.get("/facts?part=a%20b", headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?return_to=/facts%3Fpart%3Da%2520b"


def test_a_form_of_an_ended_session_leads_back_to_its_page(site: Site) -> None:
    headers = {**HTML, "Referer": "http://testserver/facts"}
    assert site.client.post("/facts", headers=headers).headers["location"] == "/sign-in?return_to=/facts"
    headers["Referer"] = "https://elsewhere.example/facts"
    assert site.client.post("/facts", headers=headers).headers["location"] == "/sign-in?return_to=/"


def test_an_api_tells_a_stranger_401_with_a_challenge(site: Site) -> None:
    answer = site.client.get("/api/records/1")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="flagstone"'
    assert answer.json()["code"] == "http.unauthenticated"


def test_a_bad_bearer_token_is_named_as_such(site: Site) -> None:
    answer = site.client.get("/api/records/1", headers={"Authorization": "Bearer wrong"})
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_a_bad_bearer_token_is_not_made_good_by_a_cookie(site: Site) -> None:
    headers = {"Authorization": "Bearer wrong", "Cookie": "session=good"}
    assert site.client.get("/api/records/1", headers=headers).status_code == 401


def test_a_session_opens_pages_and_apis_and_is_looked_up_once(site: Site) -> None:
    headers = {"Cookie": "session=good"}
    assert site.client.get("/facts", headers=headers).text == "Mari Maasikas"
    assert site.sessions.asked == 1
    assert site.client.get("/api/records/1?limit=3", headers=headers).json()["limit"] == 3


def test_a_role_is_needed_where_one_is_named(site: Site) -> None:
    assert site.client.get("/desk", headers={"Cookie": "session=good"}).status_code == 403
    assert site.client.get("/desk", headers={"Cookie": "session=official"}).text == "desk"
    assert site.client.get("/desk", headers=HTML).status_code == 303


def test_a_machine_route_takes_no_cookie(site: Site) -> None:
    assert site.client.get("/api/machine", headers={"Cookie": "session=good"}).status_code == 401
    assert site.client.get("/api/machine", headers={"Authorization": "Bearer machine"}).status_code == 200
    special = site.client.get("/api/machine/special", headers={"Authorization": "bearer machine"})
    assert special.status_code == 403


def test_access_is_decided_before_the_body_is_read(site: Site) -> None:
    answer = site.client.post(
        "/api/records", content=b"{not json", headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 401


def test_an_open_api_takes_no_orders_from_a_cookie(site: Site) -> None:
    assert site.client.post("/api/open", headers={"Cookie": "session=good"}).json() == {"known": False}
    bearer = {"Authorization": "Bearer machine"}
    assert site.client.post("/api/open", headers=bearer).json() == {"known": True}


def test_a_cookie_sent_twice_counts_for_nothing(site: Site) -> None:
    assert (
        site.client.get("/api/records/1", headers={"Cookie": "session=bad; session=good"}).status_code == 401
    )


def test_on_https_only_the_host_cookie_counts(make_site: Maker) -> None:
    site = make_site(base_url="https://testserver")
    assert site.client.get("/api/records/1", headers={"Cookie": "session=good"}).status_code == 401
    assert site.client.get("/api/records/1", headers={"Cookie": "__Host-session=good"}).status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:x",
        "",
        "/a\nb",
        "/\t/evil",
        "/é",
    ],
)
def test_no_open_redirect(target: str) -> None:
    assert local_path(target) == "/"


def test_a_local_path_stays() -> None:
    assert local_path("/facts?a=1&b=%20") == "/facts?a=1&b=%20"


def test_a_path_that_looks_like_a_host_does_not_leave_the_site() -> None:
    scope = {"type": "http", "method": "GET", "path": "//evil.example/x", "query_string": b"", "headers": []}
    request = Request({**scope, "server": ("testserver", 80), "scheme": "http"})
    assert "evil" not in sign_in_address(request)


def test_a_prefix_is_checked() -> None:
    for prefix in ("x", "/x/"):
        with pytest.raises(ValueError, match="prefix"):
            Routes(prefix=prefix)
    assert str(ANYONE) == "anyone"
