# SPDX-License-Identifier: EUPL-1.2
"""An official's story: a search with a purpose, a correction with a reason, files in and out."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import citizen, official
from tests.browser.conftest import Visit
from tests.browser.country import Role, persons
from tests.browser.visitor import Visitor
from tests.browser.words import LANGUAGES, field_title, owner_name

pytestmark = pytest.mark.browser

CONCERNED = {"en": "widowed_parent", "et": "guardian", "ar": "arabic_name"}
"""Whose record is corrected: one for each language, so that the stories do not meet."""


def expect_look(visitor: Visitor, role: Role) -> None:
    """As the person concerned, see which office looked, what for, and the corrected value."""
    citizen.sign_in(visitor, role)
    visitor.open("/me")
    citizen.expect_fact(visitor, "email", "corrected@post.example")
    visitor.follow(visitor.page.locator("main a[href='/me/usage']"))
    look = visitor.page.locator(".look-timeline__entry", has_text=official.WORDS).first
    expect(look).not_to_contain_text(persons()["registrar"].name)
    expect(look).to_contain_text(owner_name("individuals", visitor.language))
    expect(look).to_contain_text(official.CASE)
    expect(look).to_contain_text("Population Register Act § 12")
    expect(look).to_contain_text(field_title("individuals", "email", visitor.language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_registrar_corrects_a_record_and_the_person_sees_it(visit: Visit, language: str) -> None:
    visitor, role = visit(language), persons()[CONCERNED[language]]
    citizen.begin(visitor)
    official.enter(visitor)
    official.search(visitor, role)
    official.expect_record(visitor)
    official.correct(visitor, "first@post.example")
    official.meet_conflict(visitor, "corrected@post.example", "second@post.example")
    citizen.sign_out(visitor)
    expect_look(visitor, role)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_registrar_imports_and_exports_files(visit: Visit, language: str) -> None:
    visitor = visit(language)
    citizen.begin(visitor)
    official.enter(visitor)
    official.import_rows(visitor, 100 + 10 * LANGUAGES.index(language))
    official.export(visitor)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_clerk_reads_and_cannot_correct(visit: Visit, language: str) -> None:
    visitor, role = visit(language), persons()["new_adult"]
    citizen.begin(visitor)
    citizen.sign_in(visitor, persons()["clerk"], office=0)
    official.to_register(visitor)
    official.search(visitor, role)
    expect(visitor.page.get_by_role("button", name=visitor.say("Correct this record"))).to_have_count(0)
    expect(visitor.page.locator("a[href$='/import'], a[href$='/export'], a[href*='/archive']")).to_have_count(
        0
    )
    record, _, handle = visitor.page.url.removeprefix(visitor.url).partition("?")
    for path in (f"{record}/correct?{handle}", f"{record}/archive?{handle}"):
        visitor.open(path, status=403)
    for path in ("import", "export"):
        visitor.open(f"{official.DESK}/individuals/{path}", status=403)
