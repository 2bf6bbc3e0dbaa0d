# SPDX-License-Identifier: EUPL-1.2
"""A server that follows its anchor: keys change, sources fail, instances federate and expire."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.blocks.exchange.service.globalconf.rig import Centre, Web, centre, directory, follower, send, web

from flagstone.blocks.exchange.contract.globalconf import Anchor, AnchorSource, Audience
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationExpired, ConfigurationMissing
from flagstone.blocks.exchange.service.globalconf.disk import read_folder
from flagstone.blocks.exchange.service.globalconf.following import Follower
from flagstone.blocks.exchange.service.globalconf.publishing import EXPIRY_SECONDS
from flagstone.blocks.exchange.service.globalconf.signing_keys import PUBLISHED_SECONDS_MIN
from flagstone.kernel.audit import Caller, Reason, job
from flagstone.kernel.clock import SetClock

OPERATOR = Caller(job("operator"))
WHY = Reason("The key is old")
EXPIRY = timedelta(seconds=EXPIRY_SECONDS)


@pytest.fixture
def server(publishing: Centre, clock: SetClock, tmp_path: Path) -> Follower:
    return follower(tmp_path / "server", publishing.anchor(), clock)


def codes(followed: Follower) -> list[str]:
    """Fetch once and return the codes of what failed for the own instance."""
    return [each.code for each in followed.fetch()[0].verdict.failed]


def test_nothing_counts_before_the_first_fetch(server: Follower) -> None:
    assert server.fetched() == ()
    with pytest.raises(ConfigurationMissing):
        server.configuration()


def test_what_is_fetched_counts_and_lies_as_servers_keep_it(
    server: Follower, publishing: Centre, clock: SetClock
) -> None:
    (record,) = server.fetch()
    assert record.good
    assert (record.instance, record.version) == ("XA", 6)
    assert record.expires_at == clock.now() + EXPIRY
    assert server.fetched() == (record,)
    found = server.configuration()
    assert found == read_folder(server.kept.path)
    assert found.own.shared_until == clock.now() + EXPIRY
    names = {file.name for file in (server.kept.path / "XA").iterdir()}
    assert names == {
        "private-params.xml",
        "private-params.xml.metadata",
        "shared-params.xml",
        "shared-params.xml.metadata",
    }


def test_a_change_at_the_centre_arrives(server: Follower, publishing: Centre) -> None:
    server.fetch()
    before = server.configuration()
    publishing.directory[0] = replace(directory(revision=2), groups=())
    publishing.publisher.publish()
    server.fetch()
    assert before.own.shared is not None
    assert before.own.shared.groups
    shared = server.configuration().own.shared
    assert shared is not None
    assert shared.groups == ()


def test_a_centre_that_is_away_is_borne_until_expiry(server: Follower, site: Web, clock: SetClock) -> None:
    server.fetch()
    site.told["/internalconf"] = lambda handler: send(handler, 503)
    clock.advance(EXPIRY - timedelta(seconds=1))
    (record,) = server.fetch()
    assert not record.good
    assert record.fetched_at == clock.now() - EXPIRY + timedelta(seconds=1)
    assert server.configuration().own.shared is not None
    clock.advance(timedelta(seconds=11))
    with pytest.raises(ConfigurationExpired, match="expired 10 seconds ago"):
        server.configuration()
    del site.told["/internalconf"]


def test_what_did_well_last_is_asked_first(server: Follower, publishing: Centre, site: Web) -> None:
    server.fetch()
    assert site.asked[0] == "/internalconf?version=6"
    with web(publishing.folder) as other:
        publishing.address[0] = other.address
        publishing.publisher.publish()
        server.fetch()  # learns of the other address
        site.asked.clear()
        server.fetch()
        assert site.asked
        assert not other.asked
        site.told["/internalconf"] = lambda handler: send(handler, 500)
        assert codes(server) == []
        assert other.asked
        site.asked.clear()
        server.fetch()
        assert not site.asked


def test_keys_change_without_a_gap(
    server: Follower, publishing: Centre, clock: SetClock, tmp_path: Path
) -> None:
    """A server that fetches now and then follows every change; one with the first anchor alone does not."""
    keys = publishing.publisher.keys
    server.fetch()
    late = follower(tmp_path / "late", publishing.anchor(), clock)
    for _ in range(2):
        keys.add_next(OPERATOR, Audience.INTERNAL, WHY)
        publishing.publisher.publish()
        assert codes(server) == []
        clock.advance(timedelta(seconds=PUBLISHED_SECONDS_MIN))
        keys.switch(OPERATOR, Audience.INTERNAL, WHY)
        publishing.publisher.publish()
        assert codes(server) == []
        keys.retire(OPERATOR, Audience.INTERNAL, WHY)
        publishing.publisher.publish()
        assert codes(server) == []
    (finding,) = late.fetch()[0].verdict.failed
    assert finding.code == "configuration.signer-known"
    assert "known are 1" in finding.detail
    assert codes(follower(tmp_path / "new", publishing.anchor(), clock)) == []


def test_what_is_broken_on_disk_is_fetched_whole(server: Follower, site: Web) -> None:
    server.fetch()
    (server.kept.path / "XA" / "shared-params.xml").write_bytes(b"broken")
    site.asked.clear()
    fresh = follower(server.kept.folder.root, server._anchor(), server._clock)  # type: ignore[arg-type]
    assert codes(fresh) == []
    assert any("shared-params" in path for path in site.asked)
    assert fresh.configuration().own.shared is not None


@contextmanager
def federation(
    tmp_path: Path, clock: SetClock, site: Web
) -> Iterator[tuple[Centre, Centre, Web, Callable[[], Anchor]]]:
    """Give two instances, of which the first federates with the second and with one that nobody lets in."""
    with web() as other_site, centre(tmp_path, clock, instance="XB") as other:
        other.address[0], other_site.folder = other_site.address, other.folder
        other.publisher.publish()

        def anchors() -> tuple[Anchor, ...]:
            unknown = Anchor("XC", (AnchorSource("http://127.0.0.1:1/externalconf", (b"x",)),))
            return other.anchor(Audience.EXTERNAL), unknown

        with centre(tmp_path, clock, federated=anchors) as own:
            own.address[0], site.folder = site.address, own.folder
            own.publisher.publish()
            yield own, other, other_site, own.anchor


def test_federated_instances_are_let_in_by_name(tmp_path: Path, clock: SetClock, site: Web) -> None:
    with federation(tmp_path, clock, site) as (_own, _other, other_site, anchor):
        alone = follower(tmp_path / "alone", anchor(), clock)
        assert [each.instance for each in alone.fetch()] == ["XA"]
        assert not other_site.asked
        some = follower(tmp_path / "some", anchor(), clock, federations=frozenset({"XB"}))
        assert [(each.instance, each.good) for each in some.fetch()] == [("XA", True), ("XB", True)]
        found = some.configuration().instances
        assert sorted(found) == ["XA", "XB"]
        assert found["XB"].private is None
        every = follower(tmp_path / "every", anchor(), clock, federations=frozenset({"*"}))
        assert [(each.instance, each.good) for each in every.fetch()][2] == ("XC", False)
        assert sorted(every.configuration().instances) == ["XA", "XB"]


def test_an_expired_federated_instance_vanishes(tmp_path: Path, clock: SetClock, site: Web) -> None:
    with federation(tmp_path, clock, site) as (own, _other, other_site, anchor):
        server = follower(tmp_path / "server", anchor(), clock, federations=frozenset({"XB"}))
        server.fetch()
        other_site.told["/externalconf"] = lambda handler: send(handler, 500)
        clock.advance(EXPIRY - timedelta(seconds=60))
        own.publisher.publish()
        server.fetch()
        assert sorted(server.configuration().instances) == ["XA", "XB"]
        clock.advance(timedelta(seconds=61))
        assert sorted(server.configuration().instances) == ["XA"]
        own.publisher.publish()
        records = server.fetch()
        assert [(each.instance, each.good) for each in records] == [("XA", True), ("XB", False)]
        assert sorted(each.name for each in server.kept.path.iterdir()) == ["XA", "instance-identifier"]


def test_an_instance_that_is_let_in_no_more_is_deleted(tmp_path: Path, clock: SetClock, site: Web) -> None:
    with federation(tmp_path, clock, site) as (_own, _other, _site, anchor):
        follower(tmp_path / "s", anchor(), clock, federations=frozenset({"XB"})).fetch()
        server = follower(tmp_path / "s", anchor(), clock)
        server.fetch()
        assert sorted(server.configuration().instances) == ["XA"]


def test_another_address_of_the_settings_is_asked_first(
    publishing: Centre, clock: SetClock, tmp_path: Path, site: Web
) -> None:
    publishing.address[0] = "http://127.0.0.1:1"
    publishing.publisher.publish()
    server = follower(tmp_path / "server", publishing.anchor(), clock)
    assert codes(server)
    server._following = server._following.__class__(address=site.address)
    assert codes(server) == []
