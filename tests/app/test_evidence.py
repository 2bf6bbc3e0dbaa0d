# SPDX-License-Identifier: EUPL-1.2
"""The evidence log of a site is what its settings say, and nothing where there is no exchange."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from flagstone.app import evidence as room
from flagstone.app.evidence import Keeping, count_evidence, keeping, require_stamps
from flagstone.app.ground import Ground
from flagstone.app.site import Site
from flagstone.app.trust import Trusting
from flagstone.blocks.exchange.contract.evidence import StampingStopped, StampRefused
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMissing
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.blocks.trust.contract.credentials import Credential
from flagstone.kernel.clock import SetClock
from flagstone.platform.http.client import Answer
from flagstone.platform.http.metrics import Meter
from flagstone.platform.http.public import PublicDocuments
from flagstone.settings.options import EvidenceOptions
from tests.blocks.exchange.service.evidence import rig
from tests.blocks.exchange.service.evidence.rig import TSA_URLS, Asking, country
from tests.blocks.exchange.service.exchanges import PlainSealer
from tests.conftest import OpenDatabase


@dataclass
class Followed:
    """A configuration that is there, or not yet."""

    there: bool = True

    def __call__(self) -> Any:
        if not self.there:
            raise ConfigurationMissing
        return country().configuration()


def test_a_site_without_an_exchange_keeps_none() -> None:
    assert keeping(cast("Ground", None), None, None) is None


def test_the_approved_stampers_are_those_of_the_own_instance() -> None:
    assert [each.url for each in room._approved(Followed())] == list(TSA_URLS)
    assert room._approved(Followed(there=False)) == []


def test_the_policy_is_that_of_the_settings() -> None:
    policy = room._policy(
        EvidenceOptions(stamp_seconds=5, stamp_failure_seconds_max=7, stamp_immediately=True)
    )
    assert (policy.interval_seconds, policy.failure_seconds_max, policy.immediate) == (5, 7, True)


@pytest.mark.parametrize("there", [True, False])
def test_the_chain_of_what_signs_ends_below_the_approved_authority(*, there: bool) -> None:
    """The root is offline; where the configuration names the issuing authority, nothing is above it."""
    own = country().members[rig.TAX.member]
    chain = (country().ca.certificate.der, b"root")
    credential = Credential(own.key, own.certificate.der, chain, b"status")
    trust = cast("Trusting", SimpleNamespace(credentials=SimpleNamespace(signing=lambda: credential)))
    party = room._party(trust, Followed(there=there))
    assert party.chain == (() if there else chain[:1])
    assert party.statuses == (b"status",)


def test_an_authority_that_answers_otherwise_gives_no_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    posted: list[tuple[str, str]] = []

    def post(_self: PublicDocuments, url: str, _body: bytes, kind: str, *, bytes_max: int) -> Answer:
        posted.append((url, kind))
        return Answer(503 if len(posted) > 1 else 200, {}, b"x" * min(bytes_max, 3))

    monkeypatch.setattr(PublicDocuments, "post", post)
    assert room._asked("http://tsa", b"query") == b"xxx"
    with pytest.raises(StampRefused, match="503"):
        room._asked("http://tsa", b"query")
    assert posted[0] == ("http://tsa", "application/timestamp-query")


def test_counts_and_readiness_tell_how_stamping_does(
    open_database: OpenDatabase, clock: SetClock, tmp_path: Path
) -> None:
    database, ask = open_database(SCHEMA), Asking(clock)
    stamping = rig.stamping(database, PlainSealer(), ask, failure_seconds_max=60)
    found = cast("Keeping", SimpleNamespace(stamping=stamping))
    site = SimpleNamespace(services=SimpleNamespace(evidence=found), databases={"exchange": database})
    meter = Meter()
    count_evidence(cast("Site", site), meter)
    require_stamps(found)
    rig.fill(database, PlainSealer(), 3)
    ask.down = set(TSA_URLS)
    with pytest.raises(StampRefused):
        stamping.work()
    clock.advance(timedelta(seconds=61))
    text = meter.text().decode()
    assert "flagstone_evidence_unstamped 3.0" in text
    assert "flagstone_evidence_stamps_failing_seconds 61.0" in text
    assert "flagstone_evidence_stamps_stopped 1.0" in text
    with pytest.raises(StampingStopped):
        require_stamps(found)
    ask.down = set()
    stamping.work()
    require_stamps(found)
    assert "flagstone_evidence_stamps_stopped 0.0" in meter.text().decode()


def test_a_count_that_cannot_be_read_is_no_number() -> None:
    def broken() -> float:
        raise ConfigurationMissing

    assert math.isnan(room._or_nan(broken))
