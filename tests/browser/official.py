# SPDX-License-Identifier: EUPL-1.2
"""The official's steps: search with a purpose, look, correct with a reason, import, export."""

from __future__ import annotations

from datetime import date

from playwright.sync_api import Locator, Page, expect

from aralia.codes import make_personal_code
from tests.browser.citizen import PEOPLE, sign_in
from tests.browser.country import Role, persons
from tests.browser.visitor import Visitor
from tests.browser.words import field_title, register_title

DESK = "/desk/registry"
CASE = "2026/118"
WORDS = "letter of 20 November"


def to_register(visitor: Visitor) -> None:
    """Go from the menu to the desk and there to the population register."""
    visitor.follow(visitor.page.locator(f".look-menu a[href='{DESK}']"))
    visitor.heading("Registry desk")
    visitor.follow(visitor.page.locator(f"main a[href='{DESK}/{PEOPLE}']"))


def enter(visitor: Visitor) -> None:
    """Sign in as the registrar in her office and open the population register's search."""
    sign_in(visitor, persons()["registrar"], office=0)
    to_register(visitor)
    expect(visitor.page.locator("h1")).to_have_text(register_title(PEOPLE, visitor.language))


def expect_summary(visitor: Visitor, message: str, control: str) -> None:
    """Expect an error summary whose entry leads to the control, which is marked with the same words."""
    words, page = visitor.say(message), visitor.page
    entry = page.locator(".govuk-error-summary__list a", has_text=words)
    expect(entry).to_have_attribute("href", f"#{control}")
    expect(page.locator(f"#{control}-error")).to_contain_text(words)
    expect(page.locator(f"#{control}")).to_have_attribute("aria-describedby", f"{control}-error")
    assert page.title().startswith(visitor.say("Error:"))


def state_purpose(visitor: Visitor) -> None:
    """Fill in what the data are needed for."""
    page = visitor.page
    page.select_option("#purpose", "correction")
    page.fill("#details", WORDS)
    page.fill("#reference", CASE)


def search(visitor: Visitor, citizen: Role) -> None:
    """Search by name without a purpose, which is refused, then with one, and open the record."""
    visitor.met.append(citizen)
    visitor.page.fill("#words", citizen.name)
    visitor.press("Search", refused=True)
    expect_summary(visitor, "Choose what you need the data for", "purpose")
    expect(visitor.page.locator("#words")).to_have_value(citizen.name)
    state_purpose(visitor)
    visitor.press("Search")
    visitor.follow(visitor.page.locator("tbody tr", has_text=citizen.code).locator("a"))
    expect(visitor.page.locator("h1")).to_contain_text(citizen.name)
    expect(visitor.page.locator("main")).to_contain_text(WORDS)


def expect_record(visitor: Visitor) -> None:
    """Expect the record's history and who has read it, the official's own reading among them."""
    page = visitor.page
    expect(page.locator(".look-timeline__entry").last).to_contain_text(visitor.say("Registered"))
    row = page.locator("tbody tr", has_text=persons()["registrar"].name).first
    expect(row).to_contain_text(visitor.say("Correcting data at somebody's request"))
    expect(row).to_contain_text("Population Register Act § 12")


def fill_correction(visitor: Visitor, page: Page, email: str) -> None:
    """On the form of a correction, change the address for e-mail."""
    page.fill("#f-email", email)
    expect(page.locator("#purpose")).to_have_value("correction")


def correct(visitor: Visitor, email: str) -> None:
    """Correct the record that is open, after looking at the answers."""
    visitor.press("Correct this record")
    before = visitor.page.input_value("#f-email")
    visitor.press("Continue", refused=True)
    expect(visitor.page.locator(".govuk-error-summary")).to_contain_text(visitor.say("Nothing was changed"))
    fill_correction(visitor, visitor.page, email)
    visitor.press("Continue")
    visitor.heading("Check your answers")
    expect(visitor.page.locator("tbody")).to_contain_text(email)
    visitor.press("Correct the record")
    expect_correction(visitor, before, email)


def expect_correction(visitor: Visitor, before: str, now: str) -> None:
    """Expect the newest entry of the history to tell the old value, the new one and the reason."""
    page = visitor.page
    expect(page.locator(".govuk-notification-banner")).to_contain_text(
        visitor.say("The record was corrected.")
    )
    newest = page.locator(".look-timeline__entry").first
    expect(newest.locator("h3")).to_have_text(visitor.say("Corrected"))
    expect(newest).to_contain_text(field_title(PEOPLE, "email", visitor.language))
    expect(newest.locator("del")).to_contain_text(before or visitor.say("not given"))
    expect(newest.locator("ins")).to_contain_text(now)
    for words in (visitor.say("Correcting data at somebody's request"), WORDS, CASE):
        expect(newest).to_contain_text(words)


def meet_conflict(visitor: Visitor, theirs: str, mine: str) -> None:
    """Correct the open record in a second window while a correction is under way in the first."""
    first, address = visitor.page, visitor.page.url
    visitor.press("Correct this record")
    fill_correction(visitor, first, mine)
    visitor.press("Continue")
    second = visitor.context.new_page()
    visitor.page = second
    second.goto(address.split("&done")[0])
    correct(visitor, theirs)
    second.close()
    visitor.page = first
    visitor.press("Correct the record", refused=True)
    visitor.heading("Somebody else changed this record meanwhile")
    for each in (theirs, mine):
        expect(first.locator("tbody")).to_contain_text(each)
    visitor.press("Keep the register's values")
    expect(_fact(first, field_title(PEOPLE, "email", visitor.language))).to_contain_text(theirs)


def _fact(page: Page, title: str) -> Locator:
    return page.locator(".look-fact", has=page.get_by_text(title, exact=True)).locator("dd")


def rows(serial: int, *, sex: str = "female") -> bytes:
    """Return a CSV file with one right row and a second one whose sex may be no choice of the register."""
    lines = ["personal_code,given_name,family_name,birth_date,sex,status"]
    for place, said in ((serial, "female"), (serial + 1, sex)):
        code = make_personal_code(date(1871, 3, 9), "female", place)
        lines.append(f"{code},Testra,Importmaa,1871-03-09,{said},deceased")
    return "\n".join(lines).encode()


def send_file(visitor: Visitor, content: bytes) -> None:
    """Choose a file, say why, and have it checked."""
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": content}
    visitor.page.set_input_files("#file", file)  # type: ignore[arg-type]
    state_purpose(visitor)
    visitor.press("Check the file")


def import_rows(visitor: Visitor, serial: int) -> None:
    """Import a file: one with a bad row is reported by row and column, a good one is taken."""
    visitor.open(f"{DESK}/{PEOPLE}")
    visitor.follow(visitor.page.locator(f"a[href='{DESK}/{PEOPLE}/import']"))
    send_file(visitor, rows(serial, sex="unknown"))
    visitor.heading("The file cannot be imported yet")
    finding = visitor.page.locator("tbody tr")
    expect(finding).to_have_count(1)
    expect(finding.locator("th")).to_have_text(visitor.number(2))
    expect(finding.locator("td").first).to_have_text("sex")
    visitor.follow(visitor.page.locator(".govuk-back-link"))
    send_file(visitor, rows(serial))
    visitor.heading("The file can be imported")
    visitor.press("Import now")
    visitor.heading("Import finished")


def export(visitor: Visitor) -> None:
    """Export the register of places: refused without a purpose, a file with one."""
    visitor.open(f"{DESK}/locations")
    visitor.follow(visitor.page.locator(f"a[href='{DESK}/locations/export']"))
    visitor.page.locator("#format").check()
    visitor.press("Export", refused=True)
    expect_summary(visitor, "Choose what you need the data for", "purpose")
    state_purpose(visitor)
    visitor.page.locator("#format").check()
    with visitor.page.expect_download() as waiting:
        visitor.page.get_by_role("button", name=visitor.say("Export"), exact=True).click()
    content = waiting.value.path().read_text("utf-8")
    assert content.startswith("code,kind,name")
    assert content.count("\n") > 3_000
