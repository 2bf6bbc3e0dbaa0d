# SPDX-License-Identifier: EUPL-1.2
"""The authority in a browser: fingerprints for everybody, an officer's certificates, requests and keys."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from aralia.sites import sites
from tests.blocks.trust.rig import csr
from tests.browser import citizen, exchange
from tests.browser.conftest import Visit
from tests.browser.country import persons
from tests.browser.test_keyboard import enter, sign_in, tab_to
from tests.browser.visitor import Visitor
from tests.browser.words import LANGUAGES

pytestmark = pytest.mark.browser

DESK, KEYS = "/desk/trust", "/desk/trust-keys"
COMMAND_SECONDS_MAX = 60
MEMBER = next(site.owner for site in sites() if site.code == "environment")
NOBODYS = "nobodys-server"
"""A server that does not run, so that its certificates may be suspended and revoked."""
TOO_LONG = "x" * 501


class Centre:
    """The commands of the authority's operator, beside the site that runs."""

    def __init__(self, folder: Path) -> None:
        self._data, self._request = folder / "data", folder / "asked.csr"
        self.key = self.run("keys", "make", "issuing")
        """A key that waits for its certificate and that nothing uses."""

    def run(self, *words: str) -> str:
        """Run `flagstone trust` at the centre; return what it printed."""
        start = [sys.executable, "-m", "flagstone", "--data", str(self._data), "--site", "centre", "trust"]
        done = subprocess.run(
            [*start, *words], capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def ask(self) -> str:
        """Leave a request for a certificate of a new key; return the path of its page."""
        self._request.write_bytes(csr())
        words = ("--profile", "authentication", "--member", MEMBER, "--server", NOBODYS)
        return f"{DESK}/requests/{self.run('request', str(self._request), *words)}"


@pytest.fixture(scope="module")
def centre(country: str, country_folder: Path) -> Centre:
    """The commands at the centre of the country that runs."""
    return Centre(country_folder)


@pytest.mark.parametrize("language", LANGUAGES)
def test_everybody_sees_the_fingerprints(visit: Visit, agencies: dict[str, str], language: str) -> None:
    visitor = visit(language)
    visitor.url = agencies["centre"]
    visitor.page.goto(visitor.url)
    visitor.choose_language()
    visitor.follow(visitor.page.locator(".look-menu a[href='/trust']"))
    visitor.heading("Trust services")
    for heading in ("Issuing certificate", "Root certificate"):
        part = visitor.page.get_by_role("region", name=visitor.say(heading))
        shown = part.locator("dd .look-id, dd.look-id").all_inner_texts()
        assert any(len(each) == 64 and set(each) <= set("0123456789abcdef") for each in shown), shown
        answer = visitor.page.request.get(visitor.url + str(part.locator("a").get_attribute("href")))
        assert answer.ok
    visitor.open(DESK)
    visitor.heading("Test sign-in: made-up persons only")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_officer_decides_suspends_and_revokes(
    visit: Visit, agencies: dict[str, str], centre: Centre, language: str
) -> None:
    visitor, path = visit(language), centre.ask()
    exchange.enter(visitor, agencies["centre"], "trust_officer")
    _approve(visitor, path)
    _suspend_and_release(visitor)
    _revoke(visitor)
    _find(visitor)


def test_an_officer_refuses_without_script(visit: Visit, agencies: dict[str, str], centre: Centre) -> None:
    visitor, path = visit(script=False), centre.ask()
    exchange.enter(visitor, agencies["centre"], "trust_officer")
    visitor.open(DESK)
    visitor.follow(visitor.page.locator(f"main a[href='{path}']"))
    visitor.page.locator("#words").fill("Nobody knows this server.")
    visitor.press("Refuse")
    expect(visitor.page.locator(".look-timeline h3")).to_have_text("Refused")
    expect(visitor.page.locator("main button")).to_have_count(0)


def _approve(visitor: Visitor, path: str) -> None:
    """Approve the request at `path`, not with too long a remark, and go to its certificate."""
    visitor.follow(visitor.page.locator(f".look-menu a[href='{DESK}']"))
    visitor.follow(visitor.page.locator(f"main a[href='{path}']"))
    visitor.heading("Request for a certificate")
    visitor.page.locator("#words").fill(TOO_LONG)
    visitor.press("Approve", refused=True)
    exchange.expect_refused(visitor, "Write between 1 and 500 characters.", "words")
    expect(visitor.page.locator("#words")).to_have_value(TOO_LONG)
    visitor.page.locator("#words").fill("Seen the head of the agency.")
    visitor.press("Approve")
    expect(visitor.page.locator(".look-timeline")).to_contain_text(persons()["trust_officer"].name)
    visitor.follow(visitor.page.locator(f"main a[href^='{DESK}/certificates/']"))
    visitor.heading("Certificate")
    expect(visitor.page.locator("main")).to_contain_text(NOBODYS)


def _suspend_and_release(visitor: Visitor) -> None:
    visitor.page.locator("#words").fill(TOO_LONG)
    visitor.press("Suspend", refused=True)
    exchange.expect_refused(visitor, "Write between 1 and 500 characters.", "words")
    visitor.page.locator("#words").fill("A question is open.")
    visitor.press("Suspend")
    expect(visitor.page.locator("main .govuk-tag")).to_have_text(visitor.say("suspended"))
    visitor.press("End the suspension")
    expect(visitor.page.locator("main .govuk-tag")).to_have_text(visitor.say("valid"))


def _revoke(visitor: Visitor) -> None:
    visitor.page.locator("#reason").select_option("key_compromise")
    visitor.press("Revoke")
    expect(visitor.page.locator("main .govuk-tag")).to_have_text(visitor.say("revoked"))
    expect(visitor.page.locator("main")).to_contain_text(visitor.say("The key may be known to others"))
    expect(visitor.page.locator("main button")).to_have_count(0)


def _find(visitor: Visitor) -> None:
    """Find revoked certificates by name, and none by a name that nobody has."""
    visitor.follow(visitor.page.locator(".govuk-back-link"))
    visitor.page.locator("#text").fill(NOBODYS)
    visitor.page.locator("#standing").select_option("revoked")
    visitor.press("Find")
    expect(visitor.page.locator("section:last-of-type .look-rows li").first).to_contain_text(NOBODYS)
    visitor.page.locator("#text").fill("no such name")
    visitor.press("Find")
    expect(visitor.page.locator("main")).to_contain_text(visitor.say("No certificate fits"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_officer_looks_at_the_keys(
    visit: Visit, agencies: dict[str, str], centre: Centre, language: str
) -> None:
    visitor = visit(language)
    exchange.enter(visitor, agencies["centre"], "trust_officer")
    visitor.follow(visitor.page.locator(f".look-menu a[href='{KEYS}']"))
    visitor.heading("Keys")
    form = visitor.page.locator("form", has=visitor.page.locator(f"input[value='{centre.key}']"))
    visitor.refused.add(f"{visitor.url}{KEYS}/destroyed")
    visitor.follow(form.locator("button"))
    exchange.expect_refused(visitor, "Write between 1 and 500 characters.", f"words-{centre.key}")
    expect(form.locator("input[aria-describedby*=error]")).to_have_count(1)
    active = visitor.page.locator("main section", has=visitor.page.locator(".govuk-tag--green"))
    expect(active.locator("form")).to_have_count(0)


def test_an_officer_needs_no_mouse(visit: Visit, agencies: dict[str, str], centre: Centre) -> None:
    page, officer = (visitor := visit()).page, persons()["trust_officer"]
    path = centre.ask()
    page.goto(agencies["centre"])
    enter(page, page.locator(".look-person a"))
    sign_in(visitor, officer, f"{officer.code}/0")
    enter(page, page.locator(f".look-menu a[href='{DESK}']"))
    enter(page, page.locator(f"main a[href='{path}']"))
    tab_to(page, page.locator("#words"))
    page.keyboard.insert_text(TOO_LONG)
    visitor.refused.add(page.url)
    enter(page, page.get_by_role("button", name="Approve"), "Space")
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    tab_to(page, page.locator(".govuk-error-summary a"))
    page.keyboard.press("Enter")
    expect(page.locator("#words")).to_be_focused()
    page.locator("#words").fill("")
    enter(page, page.get_by_role("button", name="Refuse"))
    expect(page.locator(".look-timeline h3")).to_have_text("Refused")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_centre_shows_what_it_publishes(visit: Visit, agencies: dict[str, str], language: str) -> None:
    visitor = visit(language)
    exchange.enter(visitor, agencies["centre"], "operator")
    exchange.part(visitor, "/configuration")
    visitor.heading("Global configuration")
    expect(visitor.page.locator("#signing-keys")).to_be_visible()
    for place in visitor.page.locator("a[href^='/exchange/v1/anchors/']").all():
        assert visitor.page.request.get(visitor.url + str(place.get_attribute("href"))).ok
    visitor.open(DESK, status=403)


def test_a_citizen_has_no_desk(visit: Visit, agencies: dict[str, str]) -> None:
    visitor = visit()
    visitor.url = agencies["centre"]
    visitor.page.goto(visitor.url)
    citizen.sign_in(visitor, persons()["mother_of_three"])
    for path in (DESK, KEYS):
        expect(visitor.page.locator(f".look-menu a[href='{path}']")).to_have_count(0)
        visitor.open(path, status=403)
