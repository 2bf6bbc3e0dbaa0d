# SPDX-License-Identifier: EUPL-1.2
"""Pages: language and direction, escaping, forms, the language switch, errors, and what is not served."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from jinja2 import UndefinedError
from starlette.testclient import TestClient

from flagstone.kernel.audit import Actor, ActorKind, Caller
from flagstone.platform.http import problem
from flagstone.platform.http.assets import Assets
from flagstone.platform.http.language import Languages
from flagstone.platform.http.look import read_look
from flagstone.platform.http.pages import LOCALE, MenuItem, Pages
from flagstone.platform.http.principal import Principal
from flagstone.platform.http.routes import ANYONE, Routes

ROOT = Path(__file__).parents[3]
LOOK = ROOT / "countries" / "aralia" / "look"
FIXTURES = ROOT / "look" / "node_modules" / "govuk-frontend" / "dist" / "govuk" / "components"
LEFT_OUT = {"header", "footer", "cookie-banner", "exit-this-page", "generic-header"}  # never used by us
COMPONENTS = sorted({path.parent.name for path in FIXTURES.glob("*/fixtures.json")} - LEFT_OUT)
PAGE = """{% extends "base.html" %}{% from "parts.html" import facts, timeline, table, paging, empty %}
{% block title %}{{ heading }}{% endblock %}
{% block content %}<h1>{{ heading }}</h1>
{{ facts([{"label": "Code", "value": "48903120275" | id, "source": "Register",
           "recorded_at": "2026-03-02T10:00:00Z"}]) }}
{{ timeline([{"title": "Corrected", "at": "2026-03-02T10:00:00Z"}]) }}
{{ table("t", "Caption", [{"key": "a", "label": "A"}], [{"a": "<b>"}]) }}
{{ paging(2, 10, 25, "/x?page=") }}{{ empty("Nothing", "yet") }}
<p>{{ _("%(n)s found", n=sought) }}</p><form method="post" action="/page">{{ csrf_field() }}</form>
{% endblock %}"""


class OnePerson:
    """A session store that knows everybody who shows any token."""

    def find(self, token: str) -> Principal | None:
        caller = Caller(Actor(ActorKind.PERSON, "1"), frozenset({"signed-in"}))
        return Principal(caller, None, "Mari <Tamm>", token, "form-token", "et")


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    (tmp_path / "page.html").write_text(PAGE)
    (tmp_path / "wrong.html").write_text("{{ nothing_of_the_kind }}")
    (tmp_path / "attribute.html").write_text("{{ look.no_such_word }}")
    look = read_look(LOOK)
    menu = [MenuItem("/", "Home"), MenuItem("/page", "Page"), MenuItem("/me", "Me", frozenset({"signed-in"}))]
    languages = Languages(["en", "et", "ar"], [LOCALE])
    return Pages(look, languages, Assets(LOOK), [tmp_path], menu=menu)


@pytest.fixture
def client(pages: Pages) -> TestClient:
    app, routes = FastAPI(), Routes()
    app.state.pages, app.state.sessions = pages, OnePerson()
    problem.install(app)

    @routes.get("/page", access=ANYONE)
    def page(request: Request) -> Response:
        return pages.render(request, "page.html", heading="A & B", sought="<script>")

    @routes.post("/page", access=ANYONE)
    def post(request: Request) -> Response:
        return pages.render(request, "page.html", heading="Sent", sought="")

    for each in (routes, pages.routes(), pages.assets.routes()):
        app.router.routes.extend(each.doors)
    return TestClient(app, follow_redirects=False)


def show(client: TestClient, path: str, **headers: str) -> str:
    return client.get(path, headers={"accept": "text/html", **headers}).text


def test_a_page_says_its_language_and_direction(client: TestClient) -> None:
    response = client.get("/page", headers={"accept-language": "ar"})
    assert '<html lang="ar" dir="rtl"' in response.text
    assert re.search(r"/static/pages\.rtl\.[0-9a-f]{12}\.css", response.text)
    assert response.headers["content-language"] == "ar"
    assert "انتقل إلى المحتوى" in response.text


def test_values_are_escaped_and_ids_keep_their_order(client: TestClient) -> None:
    text = show(client, "/page")
    assert "<h1>A &amp; B</h1>" in text
    assert "&lt;script&gt; found" in text
    assert "&lt;b&gt;" in text
    assert '<bdi dir="ltr">48903120275</bdi>' in text
    assert '<time datetime="2026-03-02T10:00:00Z">2 March 2026, 10:00</time>' in text


def test_no_page_has_inline_script_or_style(client: TestClient) -> None:
    for path in ("/page", "/accessibility", "/nothing-here"):
        text = show(client, path)
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=", text)


def test_the_switch_leads_back_and_is_remembered(client: TestClient) -> None:
    assert "/language?to=et&amp;return_to=%2Fpage%3Fa%3D1" in show(client, "/page?a=1")
    response = client.get("/language", params={"to": "et", "return_to": "/page?a=1"})
    assert (response.status_code, response.headers["location"]) == (303, "/page?a=1")
    assert '<html lang="et"' in show(client, "/page", **{"accept-language": "ar"})


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "x", ""])
def test_the_switch_leads_nowhere_else(client: TestClient, target: str) -> None:
    response = client.get("/language", params={"to": "et", "return_to": target})
    assert response.headers["location"] == "/"


def test_an_anonymous_form_can_be_sent_and_a_forged_one_not(client: TestClient) -> None:
    found = re.search(r'name="csrf" value="([^"]+)"', show(client, "/page"))
    assert found is not None
    assert client.post("/page", data={"csrf": found[1]}).status_code == 200
    assert client.post("/page", data={"csrf": "guess"}).status_code == 403


def test_who_is_signed_in_is_shown_with_a_way_out(client: TestClient) -> None:
    client.cookies.set("session", "token")
    response = client.get("/page", headers={"accept-language": "ar"})
    assert "<bdi>Mari &lt;Tamm&gt;</bdi>" in response.text
    assert '<form method="post" action="/sign-out">' in response.text
    assert 'value="form-token"' in response.text
    assert '<html lang="et"' in response.text  # the person's choice stands above the browser's
    assert 'href="/me"' in response.text
    assert response.headers["cache-control"] == "no-store"


def test_the_menu_shows_where_one_is_and_hides_what_is_not_open(client: TestClient) -> None:
    text = show(client, "/page")
    assert 'href="/page" aria-current="page"' in text
    assert 'href="/me"' not in text


def test_an_error_has_its_page_in_three_languages(client: TestClient) -> None:
    for language, title in {
        "en": "There is nothing at this address",
        "et": "Sellel aadressil ei ole midagi",
        "ar": "لا يوجد شيء في هذا العنوان",
    }.items():
        response = client.get("/nothing", headers={"accept": "text/html", "accept-language": language})
        assert response.status_code == 404
        assert f'<h1 class="govuk-heading-l">{title}</h1>' in response.text
        assert "http.not-found" in response.text


def test_the_statement_is_translated(client: TestClient) -> None:
    assert "Ligipääsetavuse teatis" in show(client, "/accessibility", **{"accept-language": "et"})
    assert "بيان إمكانية الوصول" in show(client, "/accessibility", **{"accept-language": "ar"})


def test_a_missing_name_is_a_mistake(pages: Pages) -> None:
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [],
        "query_string": b"",
        "scheme": "http",
    }
    request = Request({**scope, "app": FastAPI(), "server": ("x", 80)})
    for template in ("wrong.html", "attribute.html"):
        with pytest.raises(UndefinedError):
            pages.render(request, template)


def served(client: TestClient) -> list[str]:
    names = re.findall(r'(?:href|src)="(/static/[^"]+)"', show(client, "/page"))
    return [client.get(name).text for name in names]


def test_styles_and_pictures_are_our_own(client: TestClient) -> None:
    files = served(client)
    assert len(files) >= 4
    for text in files:
        assert "GDS Transport" not in text
        assert "@font-face" not in text
        assert "crown" not in text.replace("Crown Copyright", "").lower()
        assert "url(/assets" not in text


def test_files_are_kept_for_a_year_and_compressed(client: TestClient, pages: Pages) -> None:
    response = client.get(pages.assets.address("pages.ltr.css"), headers={"accept-encoding": "gzip"})
    assert response.headers["content-encoding"] == "gzip"
    assert "immutable" in response.headers["cache-control"]
    assert len(pages.assets.address("theme.css").split(".")[-2]) == 12


@pytest.mark.parametrize("name", ["..%2fpages.py", "%2e%2e/assets.py", "nothing.css", "look.yaml"])
def test_nothing_else_is_served(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


def test_a_first_visit_is_light(client: TestClient, pages: Pages) -> None:
    names = ("pages.ltr.css", "theme.css", "start.js", "govuk-frontend.js", "emblem.svg")
    files = sum(int(client.get(pages.assets.address(name)).headers["content-length"]) for name in names)
    assert files + len(show(client, "/page")) < 60_000


@pytest.mark.parametrize("component", COMPONENTS)
def test_macros_take_every_documented_option(pages: Pages, component: str) -> None:
    name = "govuk" + component.title().replace("-", "")
    environment = pages._environments["en"]
    macro = f"govuk_frontend_jinja/components/{component}/macro.html"
    template = environment.from_string(f'{{% from "{macro}" import {name} %}}{{{{ {name}(params) }}}}')
    fixtures: dict[str, Any] = json.loads((FIXTURES / component / "fixtures.json").read_text())
    for fixture in fixtures["fixtures"]:
        assert template.render(params=fixture["options"]) is not None


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two `#rrggbb` colours (WCAG 2.2, 1.4.3)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_theme_has_enough_contrast() -> None:
    theme = dict(re.findall(r"--look-(\w+): (#[0-9a-f]{6})", (LOOK / "theme.css").read_text()))
    white = "#ffffff"
    for text, ground in [
        (white, theme["deep"]),
        (white, theme["sea"]),
        (theme["slate"], white),
        (theme["slate"], theme["sand"]),
        (theme["deep"], theme["foam"]),
        ("#17282a", theme["sun"]),
        ("#17282a", theme["sand"]),
    ]:
        assert contrast(text, ground) >= 4.5, (text, ground)
