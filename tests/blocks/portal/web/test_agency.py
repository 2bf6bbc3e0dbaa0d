# SPDX-License-Identifier: EUPL-1.2
"""Home of an agency's site: its name, its registers, and the desks of whoever holds an office."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.blocks.identity.site import ISSUER, JAAN, MARI
from tests.blocks.portal.site import INDIVIDUALS, SERVICES, Site, hidden, make_site, words

from flagstone.blocks.portal.web.agency import Agency
from flagstone.platform.http.client import Answer
from flagstone.platform.http.pages import MenuItem
from flagstone.platform.http.relying_party import DISCOVERY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import OpenDatabase

    from flagstone.kernel.clock import SetClock

DESKS = (
    MenuItem("/desk/registry", "Registry desk", frozenset({"clerk"})),
    MenuItem("/desk/exchange", "Exchange", frozenset({"operator"})),
)
AGENCY = Agency(words("Ministry of Mills"), (INDIVIDUALS, SERVICES), DESKS, "http://localhost:8000")


@pytest.fixture
def agency(open_database: OpenDatabase, tmp_path: Path, clock: SetClock) -> Site:
    return make_site(open_database, tmp_path, clock, agency=AGENCY)


@pytest.mark.parametrize("language", ["en", "et", "ar"])
def test_anybody_sees_whose_site_it_is_and_its_registers(agency: Site, language: str) -> None:
    text = agency.browser.get("/", headers={"accept-language": language}).text
    assert f'<html lang="{language}"' in text
    assert text.count("<h1") == 1
    assert AGENCY.name[language] in text
    for register in AGENCY.registers:
        assert register.title[language] in text
    assert 'href="/sign-in?return_to=%2F"' in text
    assert 'href="http://localhost:8000"' in text
    assert "/desk/" not in text


def test_an_official_sees_the_desks_of_her_roles_only(agency: Site) -> None:
    agency.sign_in(JAAN, office=0, to="/")
    text = agency.browser.get("/").text
    assert 'href="/desk/registry"' in text
    assert "/desk/exchange" not in text


def test_who_holds_no_office_is_told_so(agency: Site) -> None:
    agency.sign_in(MARI, to="/")
    text = agency.browser.get("/").text
    assert "You have no desk here" in text
    assert "/desk/" not in text


@pytest.mark.parametrize("path", ["/me", "/life/moving"])
def test_there_are_no_pages_for_citizens(agency: Site, path: str) -> None:
    agency.sign_in(MARI, to="/")
    assert agency.browser.get(path).status_code == 404


def test_sessions_are_there(agency: Site) -> None:
    agency.sign_in(MARI, to="/")
    assert agency.browser.get("/sessions").status_code == 200


def test_signing_out_everywhere_leads_to_the_site_that_signs_in(agency: Site) -> None:
    other = agency.another_browser()
    agency.sign_in(MARI, browser=other, to="/")
    agency.sign_in(MARI, to="/")
    form = hidden(agency.browser.get("/sessions").text)
    answer = agency.browser.post("/sessions/end-all", data=form)
    assert answer.headers["location"].startswith(f"{ISSUER}/logout?")
    for browser in (agency.browser, other):
        assert browser.get("/sessions").headers["location"].startswith("/sign-in")
    back = agency.browser.get(answer.headers["location"])
    assert back.headers["location"].startswith(f"{ISSUER}/signed-out")


def test_signing_out_everywhere_is_said_to_be_here_only_when_that_site_is_silent(agency: Site) -> None:
    agency.sign_in(MARI, to="/")
    form = hidden(agency.browser.get("/sessions").text)
    agency.door.changes[DISCOVERY] = Answer(503, {}, b"")
    agency.party._known = None  # as after an hour
    answer = agency.browser.post("/sessions/end-all", data=form)
    assert answer.headers["location"] == "/signed-out?only_here=true"
