# SPDX-License-Identifier: EUPL-1.2
"""Officials decide on requests, change how certificates stand, destroy keys; all see fingerprints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.blocks.tracker.pages import text_of
from tests.blocks.trust.pages import Browser, browser
from tests.blocks.trust.rig import PERSON, SERVER, Rig, csr, machine, make_rig, officer

from flagstone.blocks.trust.contract.authority import Holder, Profile, Standing
from flagstone.blocks.trust.contract.keys import KeyType, Purpose

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

pytestmark = pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)


@pytest.fixture
def rig(open_database: OpenDatabase, tmp_path: Path) -> Rig:
    return make_rig(open_database, tmp_path)


@pytest.fixture
def site(rig: Rig) -> Browser:
    return browser(rig.service)


def test_a_request_is_approved(rig: Rig, site: Browser) -> None:
    asked = rig.service.ask(machine(), csr(), Profile.AUTHENTICATION, SERVER)
    desk = site.get("/desk/trust")
    assert "Authentication of a security server" in text_of(desk.text)
    page = site.get(f"/desk/trust/requests/{asked.id}")
    assert "CN=ss1" in text_of(page.text)
    path = f"/desk/trust/requests/{asked.id}"
    assert site.post(path, verdict="neither").status_code == 400
    assert site.post(path, verdict="approve", words="Seen.").status_code == 303
    page = site.get(path)
    assert "Approved" in text_of(page.text)
    assert "Olev Official" in text_of(page.text)
    assert site.post(path, verdict="approve").status_code == 400


def test_two_officials_decide_on_the_time_service(rig: Rig, site: Browser) -> None:
    asked = rig.service.ask(officer(), csr(), Profile.TIMESTAMPING, Holder(name="Time"))
    path = f"/desk/trust/requests/{asked.id}"
    assert site.post(path, verdict="approve").status_code == 303
    again = site.post(path, verdict="approve")
    assert again.status_code == 400
    assert "one person cannot decide twice" in text_of(again.text)
    assert site.post(path, "second", verdict="approve").status_code == 303
    assert rig.service.request(officer(), asked.id).serial


def test_a_certificate_is_found_suspended_released_and_revoked(rig: Rig, site: Browser) -> None:
    serial = rig.issued()
    found = site.get("/desk/trust", text="10000001", standing="valid")
    assert serial in found.text
    assert serial not in site.get("/desk/trust", text="%").text
    path = f"/desk/trust/certificates/{serial}"
    assert site.post(path, deed="suspend", words="A question.").status_code == 303
    assert "suspended" in text_of(site.get(path).text)
    assert site.post(path, deed="suspend").status_code == 400
    assert site.post(path, deed="release").status_code == 303
    assert site.post(path, deed="release").status_code == 400
    assert site.post(path, deed="revoke", reason="because").status_code == 400
    assert site.post(path, deed="revoke", reason="key_compromise", words="x" * 501).status_code == 400
    assert site.post(path, deed="revoke", reason="key_compromise").status_code == 303
    page = text_of(site.get(path).text)
    assert "revoked" in page
    assert "The key may be known to others" in page
    assert rig.service.certificate(officer(), serial).standing is Standing.REVOKED


def test_lists_name_no_person_and_a_look_is_recorded(rig: Rig, site: Browser) -> None:
    serial = rig.issued(Profile.PERSON_SIGNING, PERSON)
    listed = site.get("/desk/trust")
    assert "Maasikas" not in listed.text
    assert "60001019906" not in listed.text
    assert site.get("/desk/trust", text="60001019906").text.count(serial) == 0
    before = rig.database.journal.head()
    page = site.get(f"/desk/trust/certificates/{serial}")
    assert "Maasikas" in page.text
    assert rig.database.journal.head() != before


def test_keys_are_shown_and_a_pending_one_is_destroyed(rig: Rig, site: Browser) -> None:
    key = rig.service.key_service.make(officer(), Purpose.SIGNING, KeyType.EC_P256)
    page = site.get("/desk/trust-keys")
    assert key.id in page.text
    assert "waits for its certificate" in text_of(page.text)
    path = "/desk/trust-keys/destroyed"
    assert site.post(path, key=key.id, words="").status_code == 400
    assert site.post(path, key=key.id, words="Not needed.").status_code == 303
    assert "destroyed" in text_of(site.get("/desk/trust-keys").text)
    active = next(each for each in rig.service.key_service.keys(officer()) if each.purpose is Purpose.ISSUING)
    refused = site.post(path, key=active.id, words="Why not.")
    assert refused.status_code == 400
    assert site.post(path, key="no-such-key", words="Why not.").status_code == 404


def test_everybody_sees_the_fingerprints(rig: Rig, site: Browser) -> None:
    page = site.get("/trust", who="nobody")
    assert page.status_code == 200
    for each in rig.service.authority_certificates():
        assert each.sha256 in page.text


def test_others_do_not_come_in(rig: Rig, site: Browser) -> None:
    serial = rig.issued()
    for path in ("/desk/trust", f"/desk/trust/certificates/{serial}", "/desk/trust-keys"):
        assert site.get(path, "clerk").status_code == 403
        assert site.get(path, "nobody").status_code == 303
    assert site.post(f"/desk/trust/certificates/{serial}", "clerk", deed="suspend").status_code == 403
    assert site.get("/desk/trust/certificates/" + "0" * 32).status_code == 404


@pytest.mark.parametrize("language", ["et", "ar"])
def test_pages_speak_other_languages(rig: Rig, site: Browser, language: str) -> None:
    rig.issued()
    for path in ("/trust", "/desk/trust", "/desk/trust-keys"):
        page = site.client.get(
            path, headers={"cookie": "__Host-session=officer", "accept-language": language}
        )
        assert f'lang="{language}"' in page.text
        assert "Certificates<" not in page.text
