# SPDX-License-Identifier: EUPL-1.2
"""An explanation on a page: its sentences, brackets and provisions, in three languages, both directions."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from flagstone.blocks.rules.contract.calculation import Bounds, Mode, Situation
from flagstone.blocks.rules.contract.explanation import Explanation, Wanted
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.service.engine.explaining import explain
from flagstone.blocks.rules.service.engine.loading import load
from flagstone.blocks.rules.service.engine.modes import enter
from flagstone.platform.http.application import Edge, Keepers, assemble
from flagstone.platform.http.assets import Assets
from flagstone.platform.http.language import Languages
from flagstone.platform.http.look import read_look
from flagstone.platform.http.pages import LOCALE, Pages
from flagstone.platform.http.routes import ANYONE, Routes

ROOT = Path(__file__).parents[4]
RULES = ROOT / "src" / "flagstone" / "blocks" / "rules"
LOOK = ROOT / "countries" / "aralia" / "look"
PAGE = """{% extends "base.html" %}
{% from "rules/explanation.html" import explanation with context %}
{% block title %}Why{% endblock %}
{% block content %}<h1 class="govuk-heading-xl">Why</h1>{{ explanation(told) }}{% endblock %}
"""
ASKED: Situation = {
    "persons": {
        "me": {
            "birth_date": {"ETERNITY": "1980-05-05"},
            "employment_income": {"2025": 75_000},
            "tax_by_scale": {"2025": None},
            "foreign_tax_credit": {"2025": None},
        }
    },
    "families": {"f": {"partners": ["me"]}},
    "households": {"h": {"adults": ["me"]}},
}


class Seen(HTMLParser):
    """Checks that what is opened is closed, and collects ids and links within the page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: set[str] = set()
        self.tables = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag not in {"meta", "link", "input", "br", "img", "hr", "path", "rect", "circle"}:
            self.open.append(tag)
        self.tables += tag == "table"
        self.ids += [str(found["id"])] if found.get("id") else []
        if tag == "a" and (found.get("href") or "").startswith("#"):
            self.links.add(str(found["href"])[1:])

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"meta", "link", "input", "br", "img", "hr", "path", "rect", "circle"}:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def told() -> Explanation:
    installed = enter(Mode.FAST)
    try:
        law = load(LawName("aralia_law"))
        return explain(law, ASKED, Wanted(("en", "et", "ar")), Bounds(), mode=Mode.FAST).explanation
    finally:
        installed.undo()


@pytest.fixture
def browser(tmp_path: Path, told: Explanation) -> Any:
    (tmp_path / "why.html").write_text(PAGE)
    languages = Languages(["en", "et", "ar"], [LOCALE, RULES / "locale"])
    pages = Pages(read_look(LOOK), languages, Assets(LOOK), [RULES / "templates", tmp_path])

    def why(request: Request) -> Response:
        """Show it."""
        return pages.render(request, "why.html", told=told)

    routes = Routes("", tags=["Test"])
    routes.get("/why", access=ANYONE)(why)
    app = assemble(
        [pages.routes(), pages.assets.routes(), routes],
        edge=Edge("Test", "1", hosts=None),
        keepers=Keepers(pages=pages),
    )
    return TestClient(app, base_url="https://testserver")


@pytest.mark.parametrize(
    ("language", "direction", "words"),
    [
        ("en", "ltr", ("What decided it", "Step by step", "Tax by the scale", "The law and the figures")),
        ("et", "ltr", ("Mis otsustas", "Samm-sammult", "Maks astmestiku järgi", "Seadus ja arvud")),
        ("ar", "rtl", ("ما الذي حسم النتيجة", "خطوة بخطوة", "الضريبة بحسب الجدول", "القانون والأرقام")),
    ],
)
def test_it_speaks_the_language_of_the_page(
    browser: Any, language: str, direction: str, words: tuple[str, ...]
) -> None:
    page = browser.get("/why", headers={"accept-language": language}).text
    assert f'lang="{language}" dir="{direction}"' in page
    for each in words:
        assert each in page
    seen = Seen()
    seen.feed(page)
    assert len(seen.ids) == len(set(seen.ids))
    assert seen.links - {"main-content"} <= set(seen.ids)
    assert seen.tables == 1


def test_brackets_provisions_and_days_are_there(browser: Any) -> None:
    page = browser.get("/why").text
    rows = re.findall(r"<tr.*?</tr>", page, re.DOTALL)
    assert len(rows) == 4  # the head and three brackets
    assert "22\N{NO-BREAK SPACE}800.00" in rows[2]
    assert "27%" in rows[2].replace('<bdi dir="ltr">', "") or "27.5%" in rows[2]
    assert 'href="https://law.xa.example/income-tax-act#s9-1"' in page
    assert '<time datetime="2020-01-01">1 January 2020</time>' in page
    assert "What nobody states counts as nothing." in page
    assert "0.30000000000000004" not in page
