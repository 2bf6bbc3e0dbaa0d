# SPDX-License-Identifier: EUPL-1.2
"""Making a country's trust services: killed at any step and repeated; sites get their certificates."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from flagstone.app import trust
from flagstone.app.checkpoints import verify_all
from flagstone.app.site import Site, is_made, visited
from flagstone.blocks.trust.contract.authority import CertificateQuery, Holder, Profile
from flagstone.blocks.trust.contract.country import TrustPlan
from flagstone.blocks.trust.contract.keys import KeyType, Purpose
from flagstone.blocks.trust.service.ceremony import Ceremony, files_closed_by
from flagstone.blocks.trust.service.terms import US
from flagstone.country import Country, SitePlan
from flagstone.kernel.clock import SetClock
from flagstone.platform.crypto.certificates import Certificate
from flagstone.settings.options import Settings
from tests.app.test_seeding import Deaths, die_at, making, watched

PLAN = TrustPlan("one", "Tiny Agency", "XT", authority_keys=KeyType.EC_P256, keys=KeyType.EC_P256)
HOLDERS = {"one": Holder("XT/GOV/1", "ss1", "Tiny"), "two": Holder("XT/GOV/2", "ss2", "Tinier")}


@pytest.fixture
def land(country: Country, monkeypatch: pytest.MonkeyPatch) -> Country:
    """The tiny country with trust services at its second site of two."""
    monkeypatch.setattr(trust, "holders", lambda _country: HOLDERS)
    everything = tuple(definition.code for definition in country.definitions())
    sites = (
        SitePlan("two", {"en": "Two"}, "XT/GOV/2"),
        SitePlan("one", {"en": "One"}, "XT/GOV/1", everything, identity=True, citizens=True),
    )
    return replace(country, trust=lambda: PLAN, sites=lambda: sites)


@pytest.fixture
def one(settings: Settings) -> Settings:
    return replace(settings, site="one")


def check(site: Site) -> None:
    """Check that the authority is whole and the site has its certificates."""
    assert all(verdict.sound for verdict in verify_all(site.folder, site.databases))
    here = site.services.trust
    assert here is not None
    assert here.authority is not None
    issuing, root = here.authority.authority_certificates()
    assert Certificate.read(issuing.der).is_signed_by(Certificate.read(root.der))
    assert here.ring.held(Purpose.STATUS) is not None
    assert here.ring.held(Purpose.TIMESTAMPING) is not None
    for credential in (here.credentials.signing(), here.credentials.authentication()):
        assert credential.chain == (issuing.der, root.der)
    found = here.authority.certificates(US, CertificateQuery(limit=100))
    assert all(each.der for each in found.certificates)


def test_a_site_with_the_authority_is_made_whole(one: Settings, land: Country, clock: SetClock) -> None:
    making(one, land, clock)
    with visited(one, land, clock) as site:
        check(site)
        assert site.services.trust is not None
        assert site.services.trust.approved().cas
        assert site.services.trust.approved().tsas
        held = site.services.trust.ring.held(Purpose.SIGNING)
        assert held is not None
        assert Certificate.read(held.certificate).ocsp_urls == ("http://localhost:8001/trust/ocsp",)
    vault = one.data / trust.ROOT
    assert "offline" in (vault / trust.ROOT_NOTE).read_text()
    root = Ceremony(vault / trust.ROOT_FOLDER, files_closed_by(vault / trust.ROOT_PASSPHRASE))
    assert [line.what for line in root.transcript()] == ["made the root", "signed an issuing authority"]
    assert not (one.folder / trust.ROOT).exists()


def test_a_site_beside_gets_its_certificates_through_the_folder(
    one: Settings, land: Country, clock: SetClock
) -> None:
    making(one, land, clock)
    two = replace(one, site="two")
    making(two, land, clock)
    with visited(two, land, clock) as site, visited(one, land, clock) as centre:
        there, here = site.services.trust, centre.services.trust
        assert there is not None
        assert here is not None
        assert here.registrar is not None
        assert here.authority is not None
        assert there.authority is None
        assert there.ring.held(Purpose.SIGNING) is None
        assert here.registrar.take(HOLDERS) == 2
        assert there.applicant.collect() == 2
        assert (there.applicant.apply(), there.applicant.collect(), here.registrar.take(HOLDERS)) == (0, 0, 0)
        held = there.ring.held(Purpose.SIGNING)
        assert held is not None
        assert Certificate.read(held.certificate).subject_text.startswith("CN=2,")
        found = here.authority.certificates(US, CertificateQuery(profile=Profile.SIGNING))
        assert found.total == 2
        clock.advance(timedelta(days=800))
        assert there.applicant.apply() == 2
        assert here.registrar.take(HOLDERS) == 2
        assert there.applicant.collect() == 2
        fresh = there.ring.held(Purpose.SIGNING)
        assert fresh is not None
        assert fresh.id != held.id


def test_a_making_killed_while_it_signs_is_completed(one: Settings, land: Country, clock: SetClock) -> None:
    for step in (161, 165):
        own = replace(one, data=one.data / f"s{step}")
        die_at(step, own, land, clock)
        making(own, land, clock)
        with visited(own, land, clock) as site:
            check(site)


class Leaving(Deaths):
    """Counts the steps of a making, and keeps what a kill at every fourth of them would leave in the folder.

    A killed process changes no file any more; it is killed for real in the other tests.
    """

    def __init__(self, folder: Path, kept: Path) -> None:
        super().__init__()
        self._made, self._kept = folder, kept

    def step(self, *_arguments: object) -> None:
        super().step()
        if self.steps % 4 == 1 and self._made.exists():
            shutil.copytree(self._made, self._kept / f"s{self.steps}")


@pytest.mark.slow
def test_what_a_making_killed_at_any_step_leaves_is_completed(
    one: Settings, land: Country, clock: SetClock, tmp_path: Path
) -> None:
    leaving = Leaving(one.data, tmp_path / "kept")
    with pytest.MonkeyPatch.context() as patch:
        watched(leaving, patch)
        making(one, land, clock)
    left = sorted((tmp_path / "kept").iterdir(), key=lambda path: int(path.name[1:]))
    assert len(left) > 50
    for data in left:
        print(f"{data.name} of {leaving.steps}")  # shown when it fails
        own = replace(one, data=data)
        assert not is_made(own, land) or data == left[-1]
        making(own, land, clock)
        with visited(own, land, clock) as site:
            check(site)


def test_a_making_killed_again_and_again_is_completed(one: Settings, land: Country, clock: SetClock) -> None:
    for step in (12, 40, 25, 33, 18):
        die_at(step, one, land, clock)
    making(one, land, clock)
    with visited(one, land, clock) as site:
        check(site)


def test_nothing_secret_is_in_the_folder_of_requests(one: Settings, land: Country, clock: SetClock) -> None:
    making(one, land, clock)
    making(replace(one, site="two"), land, clock)
    for file in one.enrolment.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
        assert b"PRIVATE KEY" not in file.read_bytes()
    keys = list((one.folder / "keys" / "trust").iterdir())
    assert len(keys) == 5
    assert all(b"BEGIN ENCRYPTED PRIVATE KEY" in file.read_bytes() for file in keys)
