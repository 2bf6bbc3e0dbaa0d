# SPDX-License-Identifier: EUPL-1.2
"""RFC 9457: every error has one shape, as JSON or as a page."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, field_validator
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from flagstone.kernel.errors import Fault, Flaw, Kind
from flagstone.platform.http.problem import STATUSES, document, prefers_html
from flagstone.platform.http.routes import ANYONE, Routes

from .conftest import CODE, Maker, Site

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_every_kind_has_a_status() -> None:
    assert set(STATUSES) == set(Kind)


def test_a_fault_keeps_its_facts(site: Site) -> None:
    answer = site.client.get("/api/stale")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "3"
    assert answer.headers["cache-control"] == "no-store"
    problem = answer.json()
    assert problem["type"] == "urn:flagstone:problem:sample.stale"
    assert problem["status"] == 409
    assert problem["detail"] == "revision 4 is newer"
    assert problem["remedy"] == "Load it again."
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert UUID(problem["instance"].removeprefix("urn:uuid:")).version == 7


def test_a_detail_that_is_empty_is_left_out() -> None:
    problem = document(Fault(), "")
    assert set(problem) == {"type", "title", "status", "code", "remedy"}


def test_flaws_are_bounded() -> None:
    flaws = tuple(Flaw(f"/{number}", "wrong") for number in range(1000))
    assert len(document(Fault(flaws=flaws), "")["flaws"]) == 100


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "http.not-found"),
        ("DELETE", "/api/open", 405, "http.method-not-allowed"),
        ("TRACE", "/api/open", 405, "http.method-not-allowed"),
        ("GET", "/api/mistake", 500, "http.internal"),
        ("GET", "/api/records/1", 401, "http.unauthenticated"),
        ("POST", "/sign-in", 403, "http.csrf"),
        ("GET", "/a/../b%00", 400, "http.malformed"),
        ("GET", "/openapi/none.json", 404, "http.not-found"),
    ],
)
def test_every_error_has_the_one_shape(site: Site, method: str, path: str, status: int, code: str) -> None:
    answer = site.client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    page = site.client.request(method, path, headers=HTML)
    if page.status_code != 303:
        assert page.status_code == status
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert code in page.text


def test_405_names_the_methods(site: Site) -> None:
    assert site.client.delete("/api/stale").headers["allow"] == "GET"


def test_a_refused_shape_names_the_place_and_not_the_value(site: Site) -> None:
    secret = f"x{CODE}"
    answer = site.client.get(f"/api/records/7?limit={secret}", headers={"Cookie": "session=good"})
    assert answer.status_code == 400
    assert answer.json()["flaws"][0]["pointer"] == "/query/limit"
    assert CODE not in answer.text


def test_a_refused_body_names_the_place(site: Site) -> None:
    headers = {"Authorization": "Bearer machine"}
    answer = site.client.post("/api/records", json={"a/b": CODE + "x"}, headers=headers)
    assert answer.json()["flaws"][0]["pointer"] == "/a~1b"
    assert CODE not in answer.text


@pytest.mark.parametrize("body", [b"{not json", b"\xff\xfe", b"[" * 100_000, b"1" * 5000, b'{"a": NaN}'])
def test_a_hostile_json_body_is_400(site: Site, body: bytes) -> None:
    headers = {"Authorization": "Bearer machine", "Content-Type": "application/json"}
    answer = site.client.post("/api/records", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["code"] == "http.invalid-request"


def test_a_validators_own_words_are_not_shown(make_site: Maker) -> None:
    site = make_site()

    class Shape(BaseModel):
        code: str

        @field_validator("code")
        @classmethod
        def check(cls, value: str) -> str:
            raise ValueError(f"{value} is nobody's code")

    routes = Routes(document="sample")

    @routes.post("/shape", access=ANYONE)
    def shape(value: Shape) -> None:
        return None

    shape.__annotations__["value"] = Shape
    site.app.router.routes.extend(routes.doors)
    answer = site.client.post("/shape", json={"code": CODE})
    assert answer.status_code == 400
    assert CODE not in answer.text


def test_a_surprise_shows_nothing_of_the_inside(site: Site) -> None:
    answer = site.client.get("/api/mistake")
    assert answer.status_code == 500
    assert "KeyError" not in answer.text
    assert CODE not in answer.text
    assert "Traceback" not in answer.text


class SomePages:
    def __init__(self) -> None:
        self.broken = False

    def render(self, request: Request, template: str, **context: object) -> Response:
        if self.broken:
            raise RuntimeError("no template")
        return HTMLResponse(f"{template} {json.dumps(context, default=str)}")


def test_an_error_page_is_made_by_the_pages(make_site: Maker) -> None:
    pages = SomePages()
    site = make_site(pages=pages)
    answer = site.client.get("/nowhere", headers=HTML)
    assert answer.status_code == 404
    assert answer.text.startswith("error.html")
    assert "http.not-found" in answer.text
    pages.broken = True
    assert site.client.get("/nowhere", headers=HTML).status_code == 404


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("text/html", True),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("application/json, text/html", False),
        ("text/html;q=0.5, application/json;q=0.4", True),
        ("text/html;q=0, */*", False),
        ("TEXT/HTML ; Q=1, */*;q=0.1", True),
        ("text/*, */*;q=0.5", True),
        ("text/html;q=x", False),
    ],
)
def test_accept_is_weighed(accept: str, page: bool) -> None:
    assert prefers_html(accept) is page


@given(st.text(max_size=200))
def test_no_accept_header_breaks_the_weighing(accept: str) -> None:
    assert prefers_html(accept) in (True, False)
