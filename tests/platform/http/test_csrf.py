# SPDX-License-Identifier: EUPL-1.2
"""A form counts only when it comes from one of our own pages."""

from __future__ import annotations

import re

import pytest

from .conftest import Maker, Site

COOKIE = {"Cookie": "session=good"}


def test_a_signed_in_form_needs_the_sessions_token(site: Site) -> None:
    good = site.client.post("/facts", data={"csrf": "c1", "value": "new"}, headers=COOKIE)
    assert (good.status_code, good.text) == (200, "new")
    for data in ({}, {"csrf": ""}, {"csrf": "c2"}, {"csrf": "c1é"}):
        answer = site.client.post("/facts", data=data, headers=COOKIE)
        assert (answer.status_code, answer.json()["code"]) == (403, "http.csrf")


def test_the_token_may_come_in_a_header(site: Site) -> None:
    answer = site.client.post("/facts", data={"value": "x"}, headers={**COOKIE, "X-CSRF-Token": "c1"})
    assert answer.text == "x"


def test_an_api_called_with_a_cookie_needs_the_header(site: Site) -> None:
    headers = {"Cookie": "session=official"}
    assert site.client.post("/api/records", json={"a": 1}, headers=headers).status_code == 403
    headers["X-CSRF-Token"] = "c2"
    assert site.client.post("/api/records", json={"a": 1}, headers=headers).json() == {"a": 1}


def test_a_bearer_needs_no_token(site: Site) -> None:
    answer = site.client.post("/api/records", json={"a": 1}, headers={"Authorization": "Bearer machine"})
    assert answer.json() == {"a": 1}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://testserver"},
        {"Origin": "http://testserver:81"},
        {"Origin": "http://testserver.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_is_refused_even_with_the_token(site: Site, headers: dict[str, str]) -> None:
    answer = site.client.post("/facts", data={"csrf": "c1"}, headers={**COOKIE, **headers})
    assert answer.status_code == 403


def test_our_own_origin_passes(site: Site) -> None:
    headers = {**COOKIE, "Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    assert site.client.post("/facts", data={"csrf": "c1", "value": "v"}, headers=headers).text == "v"


def test_an_anonymous_form_carries_its_cookies_token(site: Site) -> None:
    page = site.client.get("/")
    cookie = page.headers["set-cookie"]
    assert len(page.headers.get_list("set-cookie")) == 1
    assert re.fullmatch(r"form=[\w-]{43}; HttpOnly; Path=/; SameSite=lax", cookie)
    assert page.headers["cache-control"] == "no-store"
    token = page.text.split()[-1].removesuffix("</p>")
    assert site.client.post("/sign-in", data={"csrf": token}).text == "signed in"
    assert site.client.post("/sign-in", data={"csrf": "other"}).status_code == 403
    again = site.client.get("/")
    assert "set-cookie" not in again.headers
    assert token in again.text


def test_an_anonymous_form_without_cookie_is_refused(site: Site) -> None:
    assert site.client.post("/sign-in", data={"csrf": ""}).status_code == 403
    assert site.client.post("/sign-in", data={"csrf": "x"}).status_code == 403


def test_on_https_the_forms_cookie_is_host_only(make_site: Maker) -> None:
    cookie = make_site(base_url="https://testserver").client.get("/").headers["set-cookie"]
    assert cookie.startswith("__Host-form=")
    assert "Secure" in cookie


def test_a_declared_exception_takes_foreign_posts(site: Site) -> None:
    assert site.client.post("/callback", headers={"Origin": "https://other.example"}).text == "called back"


def test_an_upload_is_protected_and_read_once(site: Site) -> None:
    files = {"file": ("people.csv", b"a,b\n" * 500_000, "text/csv")}
    refused = site.client.post("/import", files=files, data={"csrf": "wrong"}, headers=COOKIE)
    assert refused.status_code == 403
    taken = site.client.post("/import", files=files, data={"csrf": "c1"}, headers=COOKIE)
    assert (taken.status_code, taken.text) == (200, "2000000")


def test_a_token_that_is_a_file_is_no_token(site: Site) -> None:
    files = {"csrf": ("c1", b"c1", "text/plain")}
    assert site.client.post("/facts", files=files, headers=COOKIE).status_code == 403


@pytest.mark.parametrize(
    "content",
    [
        b"&".join(b"f%d=1" % number for number in range(2000)),
        b"csrf=c1&value=%ff%fe",
        b"csrf=c1&csrf=c1&value=1",
    ],
)
def test_a_hostile_form_is_no_server_error(site: Site, content: bytes) -> None:
    headers = {**COOKIE, "Content-Type": "application/x-www-form-urlencoded"}
    assert site.client.post("/facts", content=content, headers=headers).status_code < 500


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=a", b"--a\r\nContent-Disposition: form-data\r\n\r\nx\r\n--a--"),
        ("multipart/form-data; boundary=a", b"--a\r\n" + b"X: y\r\n" * 10_000),
        ("multipart/form-data; boundary=" + "a" * 5000, b"x"),
        ("multipart/form-data; boundary=a; charset=nonsense", b"--a--"),
        ("application/x-www-form-urlencoded; charset=nonsense", b"csrf=c1"),
    ],
)
def test_a_hostile_multipart_is_no_server_error(site: Site, content_type: str, content: bytes) -> None:
    answer = site.client.post("/facts", content=content, headers={**COOKIE, "Content-Type": content_type})
    assert 400 <= answer.status_code < 500 or answer.status_code == 200
