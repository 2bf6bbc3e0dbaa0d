# SPDX-License-Identifier: EUPL-1.2
"""Sessions: idle and absolute limits, what is stored, ending one or all, and what is erased."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.blocks.identity.site import JAAN, MARI
from tests.blocks.portal.site import Site, hidden, make_site

from flagstone.blocks.portal.model import Limits
from flagstone.blocks.portal.store import sessions as table
from flagstone.kernel.audit import Actor, ActorKind, Caller
from flagstone.platform.crypto.seal import SealBroken
from flagstone.platform.http.principal import Principal
from flagstone.platform.storage.sql import select

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

    from flagstone.kernel.clock import SetClock


def token(site: Site) -> str:
    return site.browser.cookies["session-8080"]


def who(site: Site) -> Principal:
    found = site.sessions.find(token(site))
    assert found is not None
    return found


def test_a_session_ends_after_the_idle_time(site: Site) -> None:
    site.sign_in()
    site.clock.advance(timedelta(minutes=30) - timedelta(seconds=1))
    assert site.sessions.find(token(site)) is not None
    site.clock.advance(timedelta(minutes=30) - timedelta(seconds=1))
    assert site.sessions.find(token(site)) is not None
    site.clock.advance(timedelta(minutes=30))
    assert site.sessions.find(token(site)) is None
    assert site.browser.get("/me").headers["location"].startswith("/sign-in")


def test_a_session_ends_after_the_absolute_time_however_busy(site: Site) -> None:
    site.sign_in()
    for _ in range(47):
        site.clock.advance(timedelta(minutes=15))
        assert site.sessions.find(token(site)) is not None
    site.clock.advance(timedelta(minutes=15))
    assert site.sessions.find(token(site)) is None


def test_the_limits_are_settings(open_database: OpenDatabase, tmp_path: Path, clock: SetClock) -> None:
    limits = Limits(timedelta(minutes=1), timedelta(minutes=2))
    site = make_site(open_database, tmp_path, clock, limits=limits)
    site.sign_in()
    clock.advance(timedelta(minutes=1))
    assert site.sessions.find(token(site)) is None


def test_use_is_written_down_at_most_once_a_minute(site: Site) -> None:
    site.sign_in()
    before = len(site.database.journal.entries(0, 1_000))
    for _ in range(5):
        site.clock.advance(timedelta(seconds=11))
        assert site.sessions.find(token(site)) is not None
    assert len(site.database.journal.entries(0, 1_000)) == before
    site.clock.advance(timedelta(seconds=10))
    assert site.sessions.find(token(site)) is not None
    assert len(site.database.journal.entries(0, 1_000)) == before + 1


def test_neither_token_nor_person_is_stored_in_clear(site: Site) -> None:
    site.sign_in()
    with site.database.reading() as view:
        [row] = view.rows(select(table))
    kept = repr(dict(row)) + repr(site.database.journal.entries(0, 100))
    for secret in (token(site), MARI, "Maasikas", who(site).csrf):
        assert secret not in kept


def test_a_session_moved_to_another_row_does_not_open(site: Site) -> None:
    site.sign_in()
    with site.database.reading() as view:
        [row] = view.rows(select(table))
    with pytest.raises(SealBroken):
        site.sessions._opened({**row, "id": "another"})


def test_unknown_tokens_find_nobody(site: Site) -> None:
    assert site.sessions.find("") is None
    assert site.sessions.find("x" * 43) is None


def test_forms_carry_a_token_of_their_session(site: Site) -> None:
    site.sign_in()
    first = who(site).csrf
    assert first not in token(site)
    assert hidden(site.browser.get("/sessions").text)["csrf"] == first


def test_a_person_sees_and_ends_another_session_of_hers(site: Site) -> None:
    other = site.another_browser()
    site.sign_in(browser=other)
    site.sign_in()
    page = site.browser.get("/sessions").text
    assert page.count("This one") == 1
    [session_id] = re.findall(r'name="session" value="([^"]+)"', page)
    form = {**hidden(page), "session": session_id}
    assert site.browser.post("/sessions/end", data=form).headers["location"] == "/sessions"
    assert other.get("/me").status_code == 303
    assert (
        other.get(other.get("/sign-in").headers["location"]).headers["location"].startswith("/authenticate")
    )
    assert site.browser.get("/me").status_code == 200


def test_nobody_ends_another_persons_session(site: Site) -> None:
    other = site.another_browser()
    site.sign_in(JAAN, browser=other)
    found = site.sessions.find(other.cookies["session-8080"])
    assert found is not None
    site.sign_in()
    form = {**hidden(site.browser.get("/sessions").text), "session": found.session}
    site.browser.post("/sessions/end", data=form)
    assert other.get("/me").status_code == 200


def test_signing_out_everywhere_ends_every_session_here_and_at_the_provider(site: Site) -> None:
    other = site.another_browser()
    site.sign_in(browser=other)
    site.sign_in()
    form = hidden(site.browser.get("/sessions").text)
    assert site.browser.post("/sessions/end-all", data=form).headers["location"] == "/signed-out"
    for browser in (site.browser, other):
        assert browser.get("/me").status_code == 303
    assert site.provider.sign_ins_of(MARI) == ()


def test_ended_sessions_are_erased_after_a_month(site: Site) -> None:
    site.sign_in()
    site.sessions.end(token(site))
    assert site.sessions.erase_old() == 0
    site.clock.advance(timedelta(days=31))
    assert site.sessions.erase_old() == 1
    assert site.sessions.erase_old() == 0


def test_a_machine_has_no_sessions_page(site: Site) -> None:
    machine = Principal(Caller(Actor(ActorKind.SYSTEM, "machine")))
    with pytest.raises(Exception, match="for persons"):
        site.sessions.of_person(machine)
