# SPDX-License-Identifier: EUPL-1.2
"""Parameters made of a centre's directory."""

from __future__ import annotations

from tests.blocks.exchange.service.globalconf.rig import (
    COMPANY,
    MINISTRY,
    PAYROLL,
    REGISTRY,
    SERVER,
    AllApproved,
    directory,
)

from flagstone.blocks.exchange.contract.globalconf import (
    Approved,
    InstanceTerms,
    Maintenance,
    ManagementService,
    MemberClass,
    Source,
)
from flagstone.blocks.exchange.model.globalconf.generation import (
    private_parameters,
    shared_parameters,
    word,
)

TERMS = InstanceTerms(
    "c.test", ManagementService("http://c.test/m", MINISTRY), {"GOV": "Government", "NGO": "Associations"}
)
MADE = shared_parameters(
    directory(),
    AllApproved().approved(),
    TERMS,
    version=6,
    sources=[Source("c.test")],
    hash_of=lambda der: der[:4],
)


def test_members_with_their_subsystems_and_words() -> None:
    company, ministry = MADE.members
    assert (company.id, company.description, company.name) == (COMPANY, "COM", "Davik & <Sons>")
    assert company.clients == (PAYROLL,)
    assert company.subsystems[0].name == "Palgad"
    assert ministry.description == "Government"
    assert MADE.settings.member_classes == (
        MemberClass("COM", "COM"),
        MemberClass("GOV", "Government"),
        MemberClass("NGO", "Associations"),
    )


def test_servers_with_hosts_hashes_and_clients() -> None:
    first, second = MADE.servers
    assert (first.id, first.address, first.clients) == (SERVER, "127.0.0.1", (PAYROLL, REGISTRY))
    assert len(first.auth_hashes[0]) == 4
    assert (second.address, second.maintenance) == ("ss.davik.test", Maintenance())


def test_groups_and_what_nobody_approved() -> None:
    assert MADE.groups[0].members == (MINISTRY, REGISTRY)
    bare = shared_parameters(directory(), Approved(), TERMS, version=2, sources=[], hash_of=bytes)
    assert (bare.cas, bare.tsas, bare.servers[0].auth_hashes) == ((), (), ())


def test_private_parameters() -> None:
    made = private_parameters(directory(), TERMS)
    assert (made.instance, made.management.provider, made.timestamping_seconds) == ("XA", MINISTRY, 60)


def test_words_in_one_language() -> None:
    assert word({"et": "a", "en": "b"}) == "b"
    assert word({"et": "a"}) == "a"
    assert word({}) == ""
