# SPDX-License-Identifier: EUPL-1.2
"""Security headers on every answer, request numbers, and cookies."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from flagstone.platform.http.cookies import clear_session, read_cookie, session_token, set_session
from flagstone.platform.http.headers import nonce, policy
from flagstone.platform.http.request_id import accepted
from flagstone.platform.http.routes import ANYONE, Routes

from .conftest import Maker, Site


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/api/open", "/api/mistake", "/a%00", "/facts", "/health/live"]
)
def test_every_answer_is_guarded(site: Site, path: str) -> None:
    headers = site.client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    rules = headers["content-security-policy"].split("; ")
    assert rules[0] == "default-src 'none'"
    assert {"frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "style-src 'self'"} <= set(
        rules
    )
    assert "unsafe" not in headers["content-security-policy"]
    assert "strict-transport-security" not in headers


def test_https_asks_for_https_for_good(make_site: Maker) -> None:
    headers = make_site(base_url="https://testserver").client.get("/api/open").headers
    assert headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"


def test_the_nonce_is_new_each_time_and_in_the_policy(site: Site) -> None:
    routes = Routes()

    @routes.get("/scripted", access=ANYONE)
    def scripted(request: Request) -> Response:
        assert nonce(request) == nonce(request)
        return PlainTextResponse(nonce(request))

    scripted.__annotations__["request"] = Request
    site.app.router.routes.extend(routes.doors)
    first, second = (site.client.get("/scripted") for _ in range(2))
    assert first.text != second.text
    assert f"script-src 'self' 'nonce-{first.text}'" in first.headers["content-security-policy"]


def test_forms_may_lead_to_named_origins_only() -> None:
    assert "form-action 'self' https://id.example" in policy(("https://id.example",), None)


def test_what_shows_a_person_is_kept_by_no_cache(site: Site) -> None:
    assert (
        site.client.get("/facts", headers={"Cookie": "session=good"}).headers["cache-control"] == "no-store"
    )
    assert site.client.get("/api/machine", headers={"Authorization": "Bearer machine"}).headers[
        "cache-control"
    ]
    assert "cache-control" not in site.client.get("/api/open").headers


@pytest.mark.parametrize("given_", ["case-1", "0193bd9e-7a00-7cc3-98c4-dc0c0c07398f", "a" * 64])
def test_a_good_request_number_is_kept(site: Site, given_: str) -> None:
    assert site.client.get("/api/open", headers={"X-Request-Id": given_}).headers["x-request-id"] == given_


@pytest.mark.parametrize(
    "given_", ["", "a" * 65, "a b", "48001015712", "x-48001015712", "<script>", "-a", "a,b"]
)
def test_a_doubtful_request_number_is_replaced(site: Site, given_: str) -> None:
    told = site.client.get("/api/open", headers={"X-Request-Id": given_}).headers["x-request-id"]
    assert UUID(told).version == 7


@given(st.binary(max_size=80))
def test_a_request_number_is_always_safe_to_show(raw: bytes) -> None:
    number = accepted([raw])
    assert number is None or (
        number.isascii() and len(number) <= 64 and number.replace("-", "a").isprintable()
    )


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=100))
def test_any_cookie_header_is_read_or_ignored(text: str) -> None:
    raw = text.encode("latin-1")
    request = Request(
        {"type": "http", "scheme": "http", "server": ("a", 80), "path": "/", "headers": [(b"cookie", raw)]}
    )
    value = read_cookie(request, "session")
    assert value is None or value.isascii()


def test_a_session_cookie_on_https_is_host_only() -> None:
    request = Request({"type": "http", "scheme": "https", "server": ("a", 443), "path": "/", "headers": []})
    response = Response()
    set_session(request, response, "abc", max_age_seconds=60)
    assert response.headers["set-cookie"] == (
        "__Host-session=abc; HttpOnly; Max-Age=60; Path=/; SameSite=lax; Secure"
    )


def on_loopback(port: int | None, cookies: bytes = b"") -> Request:
    headers = [(b"cookie", cookies)] if cookies else []
    server = ("localhost", port)
    return Request({"type": "http", "scheme": "http", "server": server, "path": "/", "headers": headers})


def test_sites_on_one_loopback_keep_their_sessions_apart() -> None:
    response = Response()
    set_session(on_loopback(8001), response, "abc")
    assert response.headers["set-cookie"] == "session-8001=abc; HttpOnly; Path=/; SameSite=lax"
    both = b"session-8000=one; session-8001=two; session=three"
    assert session_token(on_loopback(8000, both)) == "one"
    assert session_token(on_loopback(8001, both)) == "two"
    assert session_token(on_loopback(8002, both)) is None
    assert session_token(on_loopback(80, both)) == session_token(on_loopback(None, both)) == "three"
    gone = Response()
    clear_session(on_loopback(8001), gone)
    assert gone.headers["set-cookie"].startswith('session-8001=""; ')


def test_a_cookie_value_with_other_characters_is_refused() -> None:
    request = Request({"type": "http", "scheme": "http", "server": ("a", 80), "path": "/", "headers": []})
    for value in ("", "a;b", "a b", 'a"', "a\r\nSet-Cookie: b=c", "é"):
        with pytest.raises(ValueError, match="cookie"):
            set_session(request, Response(), value)
