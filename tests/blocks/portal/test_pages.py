# SPDX-License-Identifier: EUPL-1.2
"""What the portal's pages show, in three languages, of whom, and what when a source is silent."""

from __future__ import annotations

import pytest
from tests.blocks.identity.site import JAAN, MARI
from tests.blocks.portal.site import Site

from flagstone.kernel.audit import ActorKind

PUBLIC = ("/", "/life/moving", "/signed-out", "/accessibility")
OWN = ("/me", "/sessions")


@pytest.mark.parametrize("language", ["en", "et", "ar"])
@pytest.mark.parametrize("path", [*PUBLIC, *OWN])
def test_every_page_is_there_in_every_language(site: Site, path: str, language: str) -> None:
    site.browser.cookies.set("language-8080", language)
    site.sign_in()
    answer = site.browser.get(path, headers={"accept": "text/html"})
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.text
    assert answer.text.count("<h1") == 1
    assert "&lt;span" not in answer.text
    assert "&lt;bdi" not in answer.text


@pytest.mark.parametrize("path", [*OWN])
def test_own_pages_are_for_whoever_is_signed_in(site: Site, path: str) -> None:
    assert site.browser.get(path).headers["location"].startswith("/sign-in?return_to=")


def test_home_shows_life_events_in_the_language_asked_for(site: Site) -> None:
    text = site.browser.get("/", headers={"accept-language": "et"}).text
    assert '<a class="govuk-link" href="/life/moving">Moving home (et)</a>' in text
    assert "/life/losing" in text


def test_a_life_event_names_its_services_as_their_register_does(site: Site) -> None:
    assert "New address" in site.browser.get("/life/moving").text
    assert "Uus aadress" in site.browser.get("/life/moving", headers={"accept-language": "et"}).text
    site.registry.down = True
    assert "Uus aadress" in site.browser.get("/life/moving", headers={"accept-language": "et"}).text
    assert site.browser.get("/life/nothing").status_code == 404


def test_services_that_were_never_heard_of_are_said_to_be_missing(site: Site) -> None:
    site.registry.down = True
    assert "cannot be shown now" in site.browser.get("/life/moving").text


def test_home_facts_and_menu_lead_to_who_looked_at_the_data(site: Site) -> None:
    site.sign_in()
    for path in ("/", "/me"):
        assert site.browser.get(path).text.count('href="/me/usage"') == 2
    assert site.browser.get("/me").text.count('aria-current="page"') == 1


def test_each_fact_says_where_it_comes_from_and_when_it_was_recorded(site: Site) -> None:
    site.sign_in()
    text = site.browser.get("/me").text
    for shown in (
        f'<bdi dir="ltr">{MARI}</bdi>',
        "&lt;Maasikas&gt;",
        '<time datetime="1980-01-01">1 January 1980</time>',
        "<dd>Yes</dd>",
        "<dd>Alive</dd>",
        "<li><bdi>Estonian</bdi></li>",
        "Long street 1",
        "1\u00a0200",
    ):
        assert shown in text, shown
    assert text.count("Population register · Ministry of the Interior · recorded") == 8
    assert text.index("Population register") < text.index("Driving licences")
    assert "Nothing" not in text  # a field without a value


def test_the_person_is_asked_about_in_her_own_name_even_when_she_is_an_official(site: Site) -> None:
    site.sign_in(JAAN, office=0)
    site.browser.get("/me", headers={"x-request-id": "abc"})
    caller, reason = site.registry.asked[-1]
    assert (caller.actor.kind, caller.actor.id) == (ActorKind.PERSON, JAAN)
    assert caller.roles == {"signed-in"}
    assert reason.message_reference == "abc"


def test_a_source_that_is_silent_is_named_and_the_rest_is_shown(site: Site) -> None:
    site.sign_in()
    site.other.down = True
    text = site.browser.get("/me").text
    assert "Health registers did not answer." in text
    assert "Population register" in text
    site.registry.down = True
    text = site.browser.get("/me").text
    assert "Registers of the state did not answer." in text
    assert "hold nothing about you" not in text


def test_a_person_of_whom_nothing_is_held_is_told_so(site: Site) -> None:
    site.sign_in(JAAN)
    assert "The registers hold nothing about you" in site.browser.get("/me").text


def test_the_persons_code_is_in_no_address(site: Site) -> None:
    site.sign_in()
    for path in OWN:
        text = site.browser.get(path).text
        assert f"={MARI}" not in text
        assert f"/{MARI}" not in text
