# SPDX-License-Identifier: EUPL-1.2
"""The page of the global configuration: nothing yet, all is well, why not, and what the centre publishes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.blocks.exchange.web import sites
from tests.blocks.exchange.web.memory import NOW, MemoryExchange
from tests.blocks.exchange.web.sites import browser, console, text_of

from flagstone.blocks.exchange.contract.globalconf import (
    Audience,
    Fetched,
    GlobalConfiguration,
    GlobalSettings,
    InstanceConfiguration,
    KeyState,
    Publication,
    PublishedKey,
    SharedParameters,
)
from flagstone.blocks.exchange.contract.globalconf_status import ConfigurationStatus
from flagstone.blocks.exchange.service.globalconf.downloading import SOURCE_ANSWERS
from flagstone.blocks.exchange.service.globalconf.verifying import IN_TIME
from flagstone.blocks.exchange.web.console.configuration import REASONS, instances
from flagstone.blocks.exchange.web.console.parts import Desk
from flagstone.kernel.findings import Findings
from flagstone.platform.http.pages import Pages

PATH = "/desk/exchange/configuration"
UNTIL = NOW + timedelta(minutes=9)
URL = "http://centre.test/internalconf?version=6"
SHARED = SharedParameters(6, "XA", GlobalSettings())
KEPT = GlobalConfiguration("XA", {"XA": InstanceConfiguration("XA", SHARED, shared_until=UNTIL)})
WELL = Fetched("XA", NOW, Findings().verdict, URL, 6, NOW, UNTIL)
PUBLICATION = Publication(
    "XA",
    NOW,
    UNTIL,
    (2, 3, 4, 5, 6),
    "20261122080000000000000",
    (PublishedKey("internalconf-1", Audience.INTERNAL, KeyState.ACTIVE, "CN=XA", "ab" * 32, NOW),),
)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[ConfigurationStatus]:
    """Let the console show the last of these."""
    statuses = [ConfigurationStatus()]
    plain = sites.desk_of

    def desk_of(exchange: MemoryExchange, pages: Pages) -> Desk:
        return replace(plain(exchange, pages), configuration=lambda: statuses[-1])

    monkeypatch.setattr(sites, "desk_of", desk_of)
    return statuses


def page(language: str | None = None, role: str = "operator") -> str:
    answer = browser(console(MemoryExchange(), language=language), role).get(PATH)
    assert answer.status_code == 200
    return text_of(answer)


def test_nothing_yet(shown: list[ConfigurationStatus]) -> None:
    assert "Nothing was fetched yet" in page()
    shown.append(ConfigurationStatus(trouble="exchange.configuration-malformed"))
    assert "It cannot be shown now: exchange.configuration-malformed" in page()


def test_what_is_kept_and_from_where(shown: list[ConfigurationStatus]) -> None:
    shown.append(ConfigurationStatus(KEPT, (WELL,), "AB:CD"))
    said = page(role="auditor")
    assert "this site's own instance counts" in said
    assert "the last try did well" in said
    assert URL in said
    assert "AB:CD" in said
    assert "What this centre publishes" not in said


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("The publisher does not answer as it should.", "the last try failed", "does not count")),
        ("et", ("Avaldaja ei vasta, nagu peab.", "viimane katse ebaõnnestus", "ei kehti")),
        ("ar", ("لا يجيب الناشر كما ينبغي.", "فشلت المحاولة الأخيرة", "لا يسري")),
    ],
)
def test_why_a_fetch_failed(shown: list[ConfigurationStatus], language: str, words: tuple[str, ...]) -> None:
    findings = Findings()
    findings.fails(SOURCE_ANSWERS, URL, "There was no answer in time.")
    findings.fails(IN_TIME, URL, "it expired 5 seconds ago")
    record = replace(WELL, tried_at=NOW + timedelta(minutes=1), verdict=findings.verdict)
    old = InstanceConfiguration("XA", SHARED, shared_until=NOW - timedelta(seconds=5))
    shown.append(ConfigurationStatus(GlobalConfiguration("XA", {"XA": old}), (record,)))
    said = page(language)
    for each in words:
        assert each in said
    assert "it expired 5 seconds ago" in said


def test_what_the_centre_publishes(shown: list[ConfigurationStatus]) -> None:
    shown.append(
        ConfigurationStatus(
            KEPT, (WELL,), "AB", PUBLICATION, {Audience.INTERNAL: "11:22", Audience.EXTERNAL: "33"}
        )
    )
    said = page()
    assert "internalconf-1 For this instance's own servers signs" in said
    assert "11:22 Download the anchor" in said
    shown.append(replace(shown[-1], publication=replace(PUBLICATION, expires_at=NOW)))
    assert "expired" in page()


def test_instances_in_order() -> None:
    other = replace(WELL, instance="AA", fetched_at=None)
    found = instances(ConfigurationStatus(KEPT, (WELL, other)), NOW)
    assert [(each.instance, each.own, each.is_old) for each in found] == [
        ("XA", True, False),
        ("AA", False, True),
    ]
    assert (found[0].members, found[1].servers) == (0, 0)
    (alone,) = instances(ConfigurationStatus(fetched=(other,)), NOW)
    assert alone.own


def test_every_reason_of_a_fetch_has_words() -> None:
    assert {SOURCE_ANSWERS.code, IN_TIME.code} <= set(REASONS)
