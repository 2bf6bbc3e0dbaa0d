# SPDX-License-Identifier: EUPL-1.2
"""Aralia's exchange: it reads, fits the sites and registers, and every right to personal data says why."""

from __future__ import annotations

import re

import pytest

from aralia import declarations
from aralia.companies import companies
from aralia.definitions import definitions
from aralia.exchange import exchange_plan
from aralia.offices import offices
from aralia.sites import sites
from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId, Subject
from flagstone.blocks.exchange.contract.service import ActsAs, Connection, PersonAt, PersonPlace
from flagstone.blocks.exchange.model.access import glob_matches

PORTAL = ClientId("XA", "GOV", "10000001", "portal")
LANGUAGES = {"en", "et", "ar"}
BY_SITE = {site.code: site for site in sites()}
every_site = pytest.mark.parametrize("site", BY_SITE)


def test_each_site_has_a_server_of_its_owner_named_after_it() -> None:
    servers = exchange_plan().servers
    assert set(servers) == set(BY_SITE)
    for code, server in servers.items():
        assert str(server.id) == f"{BY_SITE[code].owner}/{code}"


def test_every_office_is_a_member_and_the_others_are_registered_organisations() -> None:
    members = {str(one.id): one.name["en"] for one in exchange_plan().members}
    registered = {f"XA/{row['member_class']}/{row['register_code']}": row["name"] for row in companies()}
    assert {f"XA/GOV/{office.code}" for office in offices()} <= set(members)
    assert {name: registered[name] for name in members} == members


def test_words_are_in_three_languages() -> None:
    plan = exchange_plan()
    words = [one.name for one in plan.subsystems] + [group.description for group in plan.groups]
    words += [service.title for server in plan.servers.values() for service in server.services]
    assert all(set(one) == LANGUAGES for one in words)


def test_an_agencys_own_system_says_where_its_messages_name_the_person() -> None:
    services = [service for server in exchange_plan().servers.values() for service in server.services]
    (returns,) = [service for service in services if not service.local]
    assert str(returns.id) == "XA/GOV/10000107/declarations/returns"
    assert (returns.personal, returns.url) == (True, f"http://{declarations.HOST}:{declarations.PORT}")
    assert returns.person_at == (PersonAt(PersonPlace.PATH, "/people/{person}/returns"),)


@every_site
def test_each_agency_offers_the_same_four_services(site: str) -> None:
    server = exchange_plan().servers[site]
    owner = server.id.owner
    provider = ClientId(owner.instance, owner.member_class, owner.member_code, "registry")
    ours = [service for service in server.services if service.local and service.url != "/rules/v1"]
    offered = {service.id.code: service for service in ours}
    assert set(offered) == {"own-facts", "findUsage", "events", "registry"}
    assert all(service.id.provider == provider for service in offered.values())
    assert {code for code, one in offered.items() if one.acts_as is ActsAs.PERSON} == {
        "own-facts",
        "findUsage",
    }
    assert {code for code, one in offered.items() if one.personal} == {"own-facts", "findUsage", "registry"}
    connections = {client.id: client.connection for client in server.clients}
    assert connections[provider] is Connection.INTERNAL


@every_site
def test_only_the_portal_speaks_for_persons(site: str) -> None:
    server = exchange_plan().servers[site]
    own = {service.id for service in server.services if service.acts_as is ActsAs.PERSON}
    assert {right.subject for right in server.rights if right.service in own} == {PORTAL}


def test_the_portal_is_a_part_of_the_interior_alone() -> None:
    for site, server in exchange_plan().servers.items():
        found = [client.connection for client in server.clients if client.id == PORTAL]
        assert found == ([Connection.INTERNAL] if site == "interior" else [])


@every_site
def test_every_right_says_why_and_by_which_law(site: str) -> None:
    for right in exchange_plan().servers[site].rights:
        assert right.purpose.words
        assert re.fullmatch(r"[A-Z][A-Za-z ]+ Act § [0-9]+", right.purpose.legal_basis)


@every_site
def test_every_right_lies_within_its_service_and_names_a_register_of_the_site(site: str) -> None:
    server = exchange_plan().servers[site]
    declared = {service.id: service.endpoints for service in server.services}
    for right in server.rights:
        named = re.match(r"/registers/([a-z]+)", right.endpoint.path)
        assert named is None or named[1] in BY_SITE[site].registers
        if declared[right.service] and right.endpoint.path != "**":
            sample = right.endpoint.path.replace("*", "x")
            assert any(
                each.method == right.endpoint.method and glob_matches(each.path, sample)
                for each in declared[right.service]
            )


def test_groups_reach_no_register_of_persons_as_a_whole() -> None:
    closed = {one.code for one in definitions() if one.persons and one.code != "organisations"}
    for server in exchange_plan().servers.values():
        for right in server.rights:
            if isinstance(right.subject, GroupId):
                assert not any(f"/registers/{code}" in right.endpoint.path for code in closed)


def test_systems_ask_across_agencies_for_what_their_law_permits() -> None:
    asked: dict[Subject, set[str]] = {}
    for site, server in exchange_plan().servers.items():
        for right in server.rights:
            asked.setdefault(right.subject, set()).add(site)
    benefits = ClientId("XA", "GOV", "10000113", "benefits")
    assert asked[benefits] == {"interior", "revenue", "centre"}
    assert asked[PORTAL] == set(BY_SITE)


def test_the_tax_board_lets_others_compute_by_its_law_but_not_change_it() -> None:
    services = [service for server in exchange_plan().servers.values() for service in server.services]
    (law,) = [service for service in services if service.url == "/rules/v1"]
    assert BY_SITE["revenue"].law
    assert str(law.id) == "XA/GOV/10000107/assessments/law"
    assert law.acts_as is not ActsAs.PERSON
    paths = {each.path for each in law.endpoints}
    assert paths == {"/law", "/openapi", "/calculate", "/batch", "/explanations"}
