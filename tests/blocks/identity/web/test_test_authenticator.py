# SPDX-License-Identifier: EUPL-1.2
"""The test authenticator's pages: marked, searchable, without names in addresses, only for a sandbox."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.blocks.identity.site import JAAN, LIIS, MARI, PORTAL, SHOP, Directory, Site, hidden

from flagstone.blocks.identity.contract import PersonUnknown, SandboxOnly
from flagstone.blocks.identity.service.test_authenticator import TestAuthenticator


def opened(site: Site) -> Any:
    return site.browser.get(site.party(PORTAL).authorize().headers["location"])


def searched(site: Site, shown: Any, **fields: str) -> Any:
    return site.browser.post("/authenticate/test", data=hidden(shown.text) | fields)


def test_it_refuses_to_be_built_outside_a_sandbox() -> None:
    with pytest.raises(SandboxOnly):
        TestAuthenticator(Directory(), sandbox=False)


def test_the_page_says_that_it_proves_nothing_and_who_asks(site: Site) -> None:
    page = opened(site)
    assert "Test sign-in: made-up persons only" in page.text
    assert "You sign in to <bdi>The portal</bdi>." in page.text
    assert page.headers["cache-control"] == "no-store"


def test_featured_persons_come_first_with_what_to_try(site: Site) -> None:
    text = opened(site).text
    assert text.index("She corrects records.") < text.index("All test persons")
    assert "clerk, registrar at <bdi>Ministry of the Interior</bdi>" in text


def test_persons_are_found_by_form_and_their_names_are_in_no_address(site: Site) -> None:
    found = searched(site, opened(site), words="õun")
    assert found.status_code == 200
    assert LIIS in found.text
    assert MARI not in found.text
    assert found.url.query == b""
    nobody = searched(site, opened(site), words="nobody at all")
    assert "Nobody was found" in nobody.text


def test_the_list_is_paged(site: Site) -> None:
    first = opened(site)
    assert "48 persons" in first.text
    second = searched(site, first, page="2")
    assert "page 2 of 3" in second.text
    assert "Isik017" in second.text
    for odd in ("0", "-1", "x", "99999999", "99999", "²"):
        assert searched(site, first, page=odd).status_code == 200


def test_names_and_words_are_escaped(site: Site) -> None:
    page = searched(site, opened(site), words='"><script>alert(1)</script>')
    assert "<script>alert" not in page.text
    assert "Tamm <b>" not in opened(site).text


@pytest.mark.parametrize("choice", ["", "nobody", "../..", f"{JAAN}/9", f"{MARI}/0", "x" * 5000])
def test_only_persons_and_offices_of_the_directory_can_be_chosen(site: Site, choice: str) -> None:
    form = hidden(opened(site).text) | {"choice": choice}
    assert site.browser.post("/authenticate/test/choose", data=form).status_code == 404
    assert "provider-8080" not in site.browser.cookies


def test_a_person_who_left_the_directory_cannot_sign_in(site: Site) -> None:
    form = hidden(opened(site).text) | {"choice": MARI}
    site.directory.persons = [p for p in site.directory.persons if p.personal_code != MARI]
    assert site.browser.post("/authenticate/test/choose", data=form).status_code == 404
    with pytest.raises(PersonUnknown):
        TestAuthenticator(site.directory, sandbox=True).subject(MARI, None)


@pytest.mark.parametrize("request_", ["", "x", "A" * 100, "é", "A" * 20_000, "====", "%00"])
def test_a_request_that_is_not_ours_is_refused(site: Site, request_: str) -> None:
    page = opened(site)
    assert site.browser.get("/authenticate/test", params={"request": request_}).status_code in (400, 414)
    form = hidden(page.text) | {"request": request_, "choice": MARI}
    for path in ("", "/choose", "/give-up"):
        assert site.browser.post(f"/authenticate/test{path}", data=form).status_code == 400
    assert "provider-8080" not in site.browser.cookies


def test_a_changed_or_old_request_is_refused(site: Site) -> None:
    form = hidden(opened(site).text) | {"choice": MARI}
    sealed = form["request"]
    changed = sealed[:60] + ("A" if sealed[60] != "A" else "B") + sealed[61:]
    choose = "/authenticate/test/choose"
    assert site.browser.post(choose, data=form | {"request": changed}).status_code == 400
    site.clock.advance(timedelta(minutes=10))
    assert site.browser.post(choose, data=form).status_code == 400


def test_a_form_without_its_token_is_refused(site: Site) -> None:
    form = hidden(opened(site).text) | {"choice": MARI}
    del form["csrf"]
    assert site.browser.post("/authenticate/test/choose", data=form).status_code == 403


def test_forms_may_lead_to_the_clients_address_and_nowhere_else(site: Site) -> None:
    address = site.party(SHOP).authorize().headers["location"]
    policy = site.browser.get(address).headers["content-security-policy"]
    assert "form-action 'self' https://shop.example;" in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize(("code", "said"), [("et", "Testsisselogimine"), ("ar", "تسجيل دخول تجريبي")])
def test_the_page_speaks_the_persons_language(site: Site, code: str, said: str) -> None:
    page = site.browser.get(
        site.party(PORTAL).authorize().headers["location"], headers={"accept-language": code}
    )
    assert said in page.text


def test_the_first_page_is_read_once_and_searches_are_live(site: Site) -> None:
    opened(site)
    site.directory.persons = []
    assert MARI in opened(site).text
    assert "Nobody was found" in searched(site, opened(site), words="mari").text
