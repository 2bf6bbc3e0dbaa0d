# SPDX-License-Identifier: EUPL-1.2
"""Questions that servers ask of a configuration, over two instances of different versions."""

from __future__ import annotations

from flagstone.blocks.exchange.contract.globalconf import (
    ApprovedCa,
    ApprovedTsa,
    CaInfo,
    GlobalConfiguration,
    GlobalSettings,
    InstanceConfiguration,
    ListedGroup,
    ListedMember,
    ListedServer,
    ListedSubsystem,
    Maintenance,
    SharedParameters,
)
from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId, ServerId
from flagstone.blocks.exchange.model.globalconf.lookups import lookups

OWNER = ClientId("XA", "GOV", "1")
SYSTEM = ClientId("XA", "GOV", "1", "system")
FOREIGN = ClientId("XB", "COM", "9")
FIRST, SECOND = ServerId(OWNER, "first"), ServerId(OWNER, "second")
TSA = ApprovedTsa("Stamp", "http://tsa.test", b"tsa")
CA = ApprovedCa("CA", CaInfo(b"top"), "profile", (CaInfo(b"between"),))
XA = SharedParameters(
    6,
    "XA",
    GlobalSettings((), 120),
    cas=(CA,),
    tsas=(TSA,),
    members=(ListedMember(OWNER, "Government", "Office", (ListedSubsystem("system", "Registers"),)),),
    servers=(
        ListedServer(FIRST, "first.test", (b"1" * 32,), (SYSTEM,)),
        ListedServer(SECOND, "second.test", (b"2" * 32,), (SYSTEM,), Maintenance("moving")),
        ListedServer(ServerId(OWNER, "third"), None),
    ),
    groups=(ListedGroup("all", "All", (SYSTEM,)),),
)
XB = SharedParameters(
    2,
    "XB",
    GlobalSettings((), 9),
    tsas=(TSA,),
    members=(ListedMember(FOREIGN, "Companies", "Firm"),),
    servers=(ListedServer(ServerId(FOREIGN, "s"), "b.test", (b"3" * 20,)),),
    groups=(ListedGroup("all", "All", (FOREIGN, SYSTEM)),),
)
FOUND = lookups(
    GlobalConfiguration(
        "XA",
        {
            "XA": InstanceConfiguration("XA", XA),
            "XB": InstanceConfiguration("XB", XB),
            "XC": InstanceConfiguration("XC"),
        },
    )
)


def test_who_is_known_by_which_name() -> None:
    assert [FOUND.name_of(each) for each in (OWNER, SYSTEM, FOREIGN)] == ["Office", "Registers", "Firm"]
    assert FOUND.knows(SYSTEM)
    assert not FOUND.knows(ClientId("XA", "GOV", "1", "other"))
    assert FOUND.name_of(ClientId("XC", "GOV", "1")) == ""


def test_where_messages_go() -> None:
    assert [server.id for server in FOUND.servers_of(SYSTEM)] == [FIRST, SECOND]
    assert FOUND.addresses_of(SYSTEM) == ("first.test",)
    assert FOUND.addresses_of(SYSTEM, SECOND) == ()
    assert FOUND.addresses_of(SYSTEM, FIRST) == ("first.test",)
    assert FOUND.addresses_of(OWNER) == ("first.test",)


def test_servers_are_known_by_the_hashes_of_their_certificates() -> None:
    first = FOUND.server_by_hash(b"1" * 32)
    assert first is not None
    assert first.id == FIRST
    assert FOUND.server_by_hash(b"3" * 32) is None
    foreign = FOUND.server_by_hash(b"0" * 32, b"3" * 20)
    assert foreign is not None
    assert foreign.id.owner == FOREIGN
    assert FOUND.hashes_for(SYSTEM) == {("SHA-256", b"1" * 32), ("SHA-256", b"2" * 32)}
    assert FOUND.hashes_for(FOREIGN) == {("SHA-1", b"3" * 20)}
    assert FOUND.hashes_for(ClientId("XC", "GOV", "1")) == frozenset()


def test_groups_are_those_of_the_instance_that_is_named() -> None:
    group = GroupId("all")
    assert FOUND.is_in_group(SYSTEM, group)
    assert not FOUND.is_in_group(OWNER, group)
    assert FOUND.is_in_group(SYSTEM, group, "XB")
    assert not FOUND.is_in_group(SYSTEM, GroupId("none"))


def test_trust_services() -> None:
    assert FOUND.cas("XA") == (CA,)
    assert FOUND.cas("XC") == ()
    assert [info.certificate for _, info in FOUND.ca_certificates("XA")] == [b"top", b"between"]
    assert FOUND.tsas() == (TSA,)
    assert FOUND.ocsp_freshness_seconds() == 120
