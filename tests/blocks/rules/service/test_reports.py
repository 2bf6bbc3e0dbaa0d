# SPDX-License-Identifier: EUPL-1.2
"""Reports as files: a page that asks for nothing, CSV and JSON without who asked, in three languages."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from tests.blocks.rules.simulated import PLAN, SNAPSHOT, findings, simulation

from flagstone.blocks.rules.service.reports.files import report_csv, report_json
from flagstone.blocks.rules.service.reports.page import report_html
from flagstone.kernel.errors import SettingsFault

EVIL = "<script>alert('x')</script>&\""


class Seen(HTMLParser):
    """What a reader of a page meets: elements with their attributes, by name."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def names(self) -> set[str]:
        return {tag for tag, _ in self.elements}

    def ids(self) -> list[str]:
        return [str(attributes["id"]) for _, attributes in self.elements if "id" in attributes]


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("et", "ltr"), ("ar", "rtl")])
def test_a_page_needs_nothing_but_itself(language: str, direction: str) -> None:
    page = report_html(simulation(), language, currency="XAM")
    seen = Seen(page)
    assert ("html", {"lang": language, "dir": direction}) in seen.elements
    assert not seen.names() & {"script", "link", "img", "iframe", "object", "form", "input", "base"}
    assert not [
        each for _, each in seen.elements if {"src", "href", "style", "onload", "onclick"} & set(each)
    ]
    assert "url(" not in re.sub(r"url\(#[\w-]+-hatch\)", "", page)
    assert len(seen.ids()) == len(set(seen.ids()))
    headings = [int(tag[1]) for tag, _ in seen.elements if re.fullmatch("h[1-6]", tag)]
    assert headings == [1, *[2] * 8]
    assert sum(tag == "svg" for tag, _ in seen.elements) == 16
    assert sum(tag == "table" for tag, _ in seen.elements) == 8
    assert "XAM" in page


def test_words_of_others_are_words_in_every_file() -> None:
    line = replace(findings().budget[0], variable="x", label=EVIL)
    evil = replace(simulation(plan=replace(PLAN, name=EVIL)), findings=replace(findings(), budget=(line,)))
    page = report_html(evil)
    assert "script" not in Seen(page).names()
    assert page.count("&lt;script&gt;") >= 4
    assert json.loads(report_json(evil))["plan"]["name"] == EVIL
    assert EVIL.replace('"', '""') in report_csv(evil).decode("utf-8-sig")


def test_languages_differ_in_words_and_not_in_numbers() -> None:
    pages = {language: report_html(simulation(), language) for language in ("en", "et", "ar")}
    for language, words in (("en", "Winners"), ("et", "Võitjad"), ("ar", "الرابحون")):
        assert [name for name, page in pages.items() if words in page] == [language]
    shapes = {re.sub(r"<text.*?</text>", "", page).count("<rect") for page in pages.values()}
    assert len(shapes) == 1


def test_json_tells_everything_but_who_asked() -> None:
    told = json.loads(report_json(simulation()))
    assert "by" not in told
    assert told["law"]["digest"] == SNAPSHOT.digest
    assert told["at"].startswith("2026-11-22T14:05:00")
    assert told["findings"]["budget"][0]["law"] == 48310221.4
    broken = replace(simulation(), findings=replace(findings(), gini_law=float("nan")))
    assert json.loads(report_json(broken))["findings"]["gini_law"] is None


def test_csv_has_every_table_by_its_name() -> None:
    text = report_csv(simulation(), "et").decode("utf-8-sig")
    names = [block.split("\r\n")[0] for block in text.split("\r\n\r\n")]
    assert names == ["reform", "budget", "winners", "incomes", "gains", "marginal", "curve", "spread"]
    assert "variable,law,reform,change,change_share" in text
    assert "Gini koefitsient,0.3412,0.3361," in text


def test_what_cannot_be_told_is_refused() -> None:
    with pytest.raises(ValueError, match="findings"):
        report_html(replace(simulation(), findings=None))
    with pytest.raises(SettingsFault):
        report_html(simulation(), "no-such-language")
