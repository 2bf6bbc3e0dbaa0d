# SPDX-License-Identifier: EUPL-1.2
"""An analyst changes the law on trial: finds a parameter, simulates, reads pictures, keeps the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import exchange
from tests.browser.conftest import Visit
from tests.browser.country import persons
from tests.browser.test_keyboard import enter, tab_to
from tests.browser.test_keyboard import sign_in as sign_in_by_key
from tests.browser.visitor import Visitor
from tests.browser.words import LANGUAGES

pytestmark = pytest.mark.browser

DESK = "/desk/simulations"
ALLOWANCE = "income_tax.basic_allowance"
FEW, MANY = "300", "400000"
DONE_MILLISECONDS_MAX = 180_000
NARROW, WIDE = 360, 1100


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_analyst_sees_what_a_reform_would_do(
    visit: Visit, agencies: dict[str, str], language: str, tmp_path: Path
) -> None:
    visitor = visit(language, accept_downloads=True)
    exchange.enter(visitor, agencies["revenue"], "rules_analyst")
    visitor.follow(visitor.page.locator(f".look-menu a[href='{DESK}']"))
    visitor.heading("Simulations")
    _plan(visitor, FEW)
    visitor.press("Start")
    _await_findings(visitor)
    _see_pictures_and_tables(visitor)
    _keep_report(visitor, tmp_path)
    _stop_and_go_on(visitor)


def _plan(visitor: Visitor, households: str) -> None:
    """Plan a higher allowance, with a mistake on the way that is told at its place."""
    page = visitor.page
    visitor.follow(page.locator(f"main a[href='{DESK}/new']"))
    visitor.heading("Simulate a reform")
    visitor.press("Check the plan", refused=True)
    exchange.expect_refused(visitor, "Give the simulation a name of at most 120 characters", "name")
    page.fill("#sought", "income_tax allowance")
    visitor.press("Find")
    visitor.follow(page.locator(f"button[value='take:{ALLOWANCE}']"))
    expect(page.locator("#parameter-1")).to_have_value(ALLOWANCE)
    expect(page.locator("#now-1")).to_contain_text("8160")
    page.fill("#name", "A higher allowance")
    page.fill("#value-1", "nine thousand")
    page.fill("#households", households)
    visitor.press("Check the plan", refused=True)
    exchange.expect_refused(visitor, "The values of this parameter are a number.", "value-1")
    page.fill("#value-1", "9 600")
    page.locator("details", has=page.locator("#line")).locator("summary").click()
    for name, value in (("line", "salary"), ("least", "0"), ("most", "60000")):
        page.fill(f"#{name}", value)
    visitor.press("Check the plan")
    visitor.heading("Check the plan")
    expect(page.locator("main ins")).to_have_text("9600")
    expect(page.locator("main del")).to_contain_text("8160")


def _await_findings(visitor: Visitor) -> None:
    """Wait on the page of the simulation, which brings its findings by itself."""
    expect(visitor.page.locator(".look-keys")).to_be_visible(timeout=DONE_MILLISECONDS_MAX)
    visitor.look()


def _see_pictures_and_tables(visitor: Visitor) -> None:
    """Look at every picture at both widths; each has a name, a description and a table of its numbers."""
    page = visitor.page
    expect(page.locator("main .look-callout")).to_contain_text(
        visitor.say(
            "These households are made up. They show how the reform works, and are nobody's statistics."
        )
    )
    for width, hidden in ((WIDE, ".look-narrow-only"), (NARROW, ".look-wide-only")):
        page.set_viewport_size({"width": width, "height": 800})
        expect(page.locator(f"{hidden}:visible")).to_have_count(0)
        pictures = page.locator("svg[role=img]:visible").all()
        assert len(pictures) == 8
        for picture in pictures:
            for each in str(picture.get_attribute("aria-labelledby")).split():
                expect(page.locator(f"[id='{each}']")).not_to_be_empty()
    page.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true; })")
    expect(page.locator("main table:visible")).to_have_count(8)
    expect(page.locator("#table-curve")).to_be_visible()
    visitor.look()


def _keep_report(visitor: Visitor, folder: Path) -> None:
    """Keep the report, which needs nothing but itself, and the numbers."""
    page = visitor.page
    for name in ("report.html", "report.csv", "report.json", "reform.yaml"):
        with page.expect_download() as waiting:
            page.locator(f"main a[href$='/{name}']").click()
        waiting.value.save_as(folder / name)
    told = json.loads((folder / "report.json").read_text("utf-8"))
    assert told["plan"]["reform"]["parameters"] == {ALLOWANCE: {"2026-01-01": 9600}}
    assert "by" not in told
    assert (folder / "report.csv").read_text("utf-8-sig").startswith("reform\n")
    assert "9600" in (folder / "reform.yaml").read_text("utf-8")
    report = (folder / "report.html").read_text("utf-8")
    assert f'<html lang="{visitor.language}"' in report
    assert "http://" not in report.replace("http://www.w3.org/2000/svg", "")
    asked = len(visitor.addresses)
    opened = visitor.context.new_page()
    opened.goto((folder / "report.html").as_uri())
    expect(opened.locator("svg[role=img]:visible")).to_have_count(8)
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    opened.close()
    assert len(visitor.addresses) == asked + 1


def _stop_and_go_on(visitor: Visitor) -> None:
    """Simulate the same again for many more, stop it, let it go on, and stop it for good."""
    page = visitor.page
    visitor.follow(page.locator("main a[href*='/new?again=']"))
    expect(page.locator("#parameter-1")).to_have_value(ALLOWANCE)
    expect(page.locator("#value-1")).to_have_value("9600")
    page.fill("#households", MANY)
    visitor.press("Check the plan")
    visitor.press("Start")
    visitor.press("Stop")
    state = page.locator("#progress .govuk-tag")
    expect(state).to_have_text(visitor.say("stopped"))
    visitor.press("Go on")
    visitor.press("Stop")
    expect(state).to_have_text(visitor.say("stopped"))
    visitor.follow(page.locator(".govuk-back-link"))
    expect(page.locator(".look-rows li").first).to_contain_text(visitor.say("stopped"))


def test_an_analyst_needs_no_script(visit: Visit, agencies: dict[str, str]) -> None:
    visitor = visit(script=False)
    exchange.enter(visitor, agencies["revenue"], "rules_analyst")
    visitor.open(f"{DESK}/new")
    page = visitor.page
    page.locator("details", has=page.locator("#text")).locator("summary").click()
    page.fill("#text", "parameters:\n  no such: [\n")
    visitor.press("Read it", refused=True)
    expect(page.locator("#text-error")).to_contain_text("line ")
    page.fill("#text", f"name: From a file\nparameters:\n  {ALLOWANCE}:\n    2026-01-01: 9000\n")
    visitor.press("Read it")
    expect(page.locator("#value-1")).to_have_value("9000")
    expect(page.locator("#name")).to_have_value("From a file")
    visitor.press("Add a line")
    expect(page.locator("#parameter-2")).to_have_value("")
    page.fill("#households", FEW)
    visitor.press("Check the plan")
    visitor.press("Start")
    _await_findings(visitor)


def test_an_analyst_needs_no_mouse(visit: Visit, agencies: dict[str, str]) -> None:
    page, analyst = (visitor := visit()).page, persons()["rules_analyst"]
    page.goto(agencies["revenue"])
    enter(page, page.locator(".look-person a"))
    sign_in_by_key(visitor, analyst, f"{analyst.code}/0")
    enter(page, page.locator(f".look-menu a[href='{DESK}']"))
    enter(page, page.locator(f"main a[href='{DESK}/new']"))
    tab_to(page, page.locator("#name"))
    page.keyboard.type("By keys alone")
    tab_to(page, page.locator("#sought"))
    page.keyboard.type("basic allowance")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    enter(page, page.locator(f"button[value='take:{ALLOWANCE}']"))
    tab_to(page, page.locator("#value-1"))
    page.keyboard.type("8500")
    enter(page, page.get_by_role("button", name="Check the plan"))
    enter(page, page.get_by_role("button", name="Change the plan"))
    expect(page.locator("#value-1")).to_have_value("8500")


def test_an_analyst_brings_a_survey(visit: Visit, agencies: dict[str, str]) -> None:
    visitor = visit()
    exchange.enter(visitor, agencies["revenue"], "rules_analyst")
    visitor.open(f"{DESK}/surveys")
    _bring(
        visitor, "household,weight,role:family,role:household,salary\n1,1,partner,adult,much\n", refused=True
    )
    expect(visitor.page.locator("tbody")).to_contain_text("2")
    expect(visitor.page.locator("tbody")).to_contain_text("salary")
    _bring(
        visitor,
        "household,weight,role:family,role:household,salary\n1,1,partner,adult,24000\n",
        refused=False,
    )
    expect(visitor.page.locator(".govuk-notification-banner--success")).to_contain_text("two-earners")
    visitor.open(f"{DESK}/new")
    expect(visitor.page.locator("#survey option", has_text="two-earners")).to_have_count(1)


def _bring(visitor: Visitor, text: str, *, refused: bool) -> None:
    file = {"name": "survey.csv", "mimeType": "text/csv", "buffer": text.encode()}
    visitor.page.fill("#name", "two-earners")
    visitor.page.set_input_files("#file", file)  # type: ignore[arg-type]
    visitor.press("Bring it", refused=refused)


def test_others_have_no_desk_of_simulations(visit: Visit, agencies: dict[str, str]) -> None:
    visitor = visit()
    exchange.enter(visitor, agencies["revenue"], "tax_clerk")
    expect(visitor.page.locator(f".look-menu a[href='{DESK}']")).to_have_count(0)
    for path in (DESK, f"{DESK}/new", f"{DESK}/surveys", f"{DESK}/S00001", f"{DESK}/S00001/report.csv"):
        visitor.open(path, status=403)
