# SPDX-License-Identifier: EUPL-1.2
"""News of one block reaches another: whoever has died is signed out everywhere."""

from __future__ import annotations

import re
import time
from contextlib import closing

import httpx2
import pytest

from flagstone.app.seeding import SEEDER
from flagstone.blocks.registry.contract.record import Query
from flagstone.country import Country
from flagstone.kernel.audit import Reason
from flagstone.kernel.ids import PersonCode
from flagstone.settings.options import Settings
from tests.app.test_site import SECONDS_MAX, answering, made

__all__ = ["made"]

ADA = PersonCode("48001010000")
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def signed_in(port: int) -> httpx2.Client:
    """Return a browser in which Ada is signed in, by the pages alone."""
    browser = httpx2.Client(base_url=f"http://localhost:{port}", follow_redirects=True, timeout=SECONDS_MAX)
    page = browser.get("/me")
    form = next(part for part in page.text.split("<form") if ADA in part)
    fields = {**dict(HIDDEN.findall(form)), "choice": ADA}
    target = re.search(r'action="([^"]+)"', form)
    assert target is not None
    answer = browser.post(target[1], data=fields, headers={"Origin": str(browser.base_url).rstrip("/")})
    assert (answer.status_code, answer.url.path) == (200, "/me")
    return browser


@pytest.mark.slow
def test_a_death_that_is_recorded_ends_the_sign_ins(made: Settings, country: Country) -> None:
    with answering(made, country) as (door, site), closing(signed_in(door.port)) as browser:
        door.ready()
        registry, why = site.services.registry, Reason("Death certificate")
        [record] = registry.find(SEEDER, "individuals", Query("Ada"), why).records
        registry.update(SEEDER, "individuals", record.id, {"family_name": "Changed"}, why)
        time.sleep(2.5)
        assert browser.get("/me").url.path == "/me"
        registry.update(SEEDER, "individuals", record.id, {"status": "deceased"}, why)
        deadline = time.monotonic() + SECONDS_MAX
        while browser.get("/me").url.path == "/me":
            assert time.monotonic() < deadline, "she is still signed in"
            time.sleep(0.2)
        assert site.services.identity is not None
        assert site.services.identity.provider.sign_ins_of(ADA) == ()
        assert site.databases["identity"].outbox.abandoned() == 0
