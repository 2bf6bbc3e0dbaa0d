# SPDX-License-Identifier: EUPL-1.2
"""A country's exchange as data: the whole format by example, and what is refused."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.exchange.contract.directory import GlobalGroup, Member, Subsystem
from flagstone.blocks.exchange.contract.faults import PlanInvalid
from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId
from flagstone.blocks.exchange.contract.service import (
    ActsAs,
    Connection,
    Endpoint,
    LocalClient,
    LocalGroup,
    Purpose,
    Right,
    ServiceKind,
)
from flagstone.blocks.exchange.model.names import server_named, service_named
from flagstone.blocks.exchange.model.plan_reader import parse_plan

WHOLE = """
instance: XA
centre: centre                      # the site that governs the exchange
members:                            # organisations, with their name by language
  XA/GOV/10000001: {en: Ministry of the Interior, et: Siseministeerium}
  XA/GOV/10000018: {en: Ministry of Justice}
  XA/GOV/10000099: {en: Digital Agency}
subsystems:                         # their information systems; each one's member must be above
  XA/GOV/10000001/registry: {en: Population register}
  XA/GOV/10000001/portal: {en: Citizen portal}
  XA/GOV/10000018/registry: {en: Business register}
groups:                             # global groups; may be left out
  registers:
    description: {en: Keepers of registers}
    members: [XA/GOV/10000001/registry, XA/GOV/10000018/registry]
servers:                            # by site
  interior:
    id: XA/GOV/10000001/interior
    address: http://127.0.0.1:5500
    clients:                        # NOSSL, SSLNOAUTH, SSLAUTH or INTERNAL (a part of this site)
      XA/GOV/10000001/registry: INTERNAL
      XA/GOV/10000001/portal: INTERNAL
    services:
      XA/GOV/10000001/registry/individuals:
        title: {en: Individuals}
        url: /registry/v1           # a path is a service of this very site
        kind: OPENAPI3              # REST when left out
        timeout_seconds: 20         # 60 when left out
        acts_as: person             # system when left out
        personal: true              # false when left out; true demands a purpose
        purpose: Facts shown to the person
        legal_basis: Register Act § 4
        endpoints: [GET /registers/*/records/*, "* /find"]
        rights:                     # to a client, global:GROUP or local:GROUP
          - to: XA/GOV/10000018/registry
            endpoints: [GET /registers/*/records/*]  # the whole service when left out
            purpose: Checking board members
            legal_basis: Business Register Act § 9
          - to: global:registers
          - to: local:friends
    groups:                         # local groups; may be left out
      - provider: XA/GOV/10000001/registry
        code: friends
        description: Those we know
        members: [XA/GOV/10000018/registry]
  centre:
    id: XA/GOV/10000099/centre
    address: http://127.0.0.1:5504
    clients: {}
"""

INTERIOR = ClientId("XA", "GOV", "10000001")
REGISTRY = ClientId("XA", "GOV", "10000001", "registry")
JUSTICE = ClientId("XA", "GOV", "10000018", "registry")
INDIVIDUALS = service_named("XA/GOV/10000001/registry/individuals")


def whole() -> Any:
    return yaml.safe_load(WHOLE)


def flaws_of(data: object) -> list[str]:
    with pytest.raises(PlanInvalid) as refused:
        parse_plan(data)
    return [f"{flaw.pointer}: {flaw.message}" for flaw in refused.value.flaws]


def test_a_whole_plan_is_read() -> None:
    plan = parse_plan(whole())
    assert (plan.instance, plan.centre, len(plan.members)) == ("XA", "centre", 3)
    assert plan.members[0] == Member(INTERIOR, {"en": "Ministry of the Interior", "et": "Siseministeerium"})
    assert plan.subsystems[2] == Subsystem(JUSTICE, {"en": "Business register"})
    assert plan.groups == (
        GlobalGroup("registers", {"en": "Keepers of registers"}, frozenset({REGISTRY, JUSTICE})),
    )
    interior = plan.servers["interior"]
    assert (interior.id, interior.address) == (
        server_named("XA/GOV/10000001/interior"),
        "http://127.0.0.1:5500",
    )
    assert interior.clients[0] == LocalClient(REGISTRY, Connection.INTERNAL)
    assert interior.groups == (LocalGroup(REGISTRY, "friends", "Those we know", frozenset({JUSTICE})),)
    assert plan.servers["centre"].services == ()


def test_a_service_and_its_rights_are_read() -> None:
    interior = parse_plan(whole()).servers["interior"]
    (service,) = interior.services
    assert (service.id, service.kind, service.url, service.local) == (
        INDIVIDUALS, ServiceKind.OPENAPI3, "/registry/v1", True,
    )  # fmt: skip
    assert (service.timeout_seconds, service.acts_as, service.personal) == (20, ActsAs.PERSON, True)
    assert service.purpose == Purpose("Facts shown to the person", "Register Act § 4")
    assert service.endpoints == (Endpoint("GET", "/registers/*/records/*"), Endpoint("*", "/find"))
    assert interior.rights == (
        Right(
            JUSTICE,
            INDIVIDUALS,
            Endpoint("GET", "/registers/*/records/*"),
            Purpose("Checking board members", "Business Register Act § 9"),
        ),
        Right(GroupId("registers"), INDIVIDUALS),
        Right(GroupId("friends", local=True), INDIVIDUALS),
    )


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        (lambda plan: plan.pop("instance"), "/instance: it is missing"),
        (lambda plan: plan.update(colour="red"), "/colour: it is not known here"),
        (lambda plan: plan.update(centre="moon"), "/centre: there is no such site among the servers"),
        (lambda plan: plan["members"].update({"XA/GOV": {"en": "x"}}), "/members/XA~1GOV: That is not"),
        (lambda plan: plan["members"].update({"YY/GOV/1": {"en": "x"}}), "/instance: YY/GOV/1 is of another"),
        (lambda plan: plan["subsystems"].update({"XA/GOV/7/x": {"en": "x"}}), "XA/GOV/7/x: its member"),
        (lambda plan: interior(plan).update(clients={"XA/GOV/7/x": "NOSSL"}), "XA/GOV/7/x is not"),
        (lambda plan: interior(plan)["clients"].update({"XA/GOV/1/x": "OPEN"}), "it must be one of NOSSL"),
        (lambda plan: centre(plan).update(address="http://127.0.0.1:5500"), "two servers have this"),
        (lambda plan: interior(plan).update(id="XA/GOV/10000001"), "/servers/interior/id: That is not"),
        (lambda plan: service(plan).update(timeout_seconds=True), "it must be a whole number from 1 to 3600"),
        (lambda plan: service(plan).update(personal="yes"), "it must be true or false"),
        (lambda plan: service(plan).update(url="ftp://x"), "the url is neither a path nor http(s)"),
        (lambda plan: service(plan).update(endpoints=["get /x"]), "it must be a method in capitals"),
        (lambda plan: service(plan).update(title={}), "it must be words by language"),
        (lambda plan: service(plan).update(rights=[{"to": "local:strangers"}]), "has no group strangers"),
        (lambda plan: service(plan).update(rights=[{"to": "global:strangers"}]), "no global group strangers"),
        (lambda plan: service(plan).update(rights=[{"to": "XA/GOV/7"}]), "XA/GOV/7 is not among"),
        (lambda plan: service(plan).update(rights=[{}]), "/rights/0/to: it is missing"),
    ],
)  # fmt: skip
def test_each_flaw_is_named(change: Any, flaw: str) -> None:
    plan = whole()
    change(plan)
    found = flaws_of(plan)
    assert any(flaw in each for each in found), found


def interior(plan: Any) -> Any:
    return plan["servers"]["interior"]


def centre(plan: Any) -> Any:
    return plan["servers"]["centre"]


def service(plan: Any) -> Any:
    return plan["servers"]["interior"]["services"]["XA/GOV/10000001/registry/individuals"]


def test_a_service_of_a_subsystem_that_is_not_a_client_here_is_refused() -> None:
    plan = whole()
    plan["servers"]["centre"]["services"] = {
        "XA/GOV/10000018/registry/x": {"title": {"en": "x"}, "url": "/x"}
    }
    assert any("its subsystem is not a client here" in each for each in flaws_of(plan))


@pytest.mark.parametrize("data", [None, [], "x", 7, {}, {"members": []}])
def test_what_is_no_plan_is_refused(data: object) -> None:
    assert flaws_of(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(
    JSON,
    st.sampled_from(["instance", "centre", "members", "subsystems", "groups", "servers"]),
)
def test_anything_in_any_place_is_read_or_refused(value: Any, place: str) -> None:
    plan = whole()
    plan[place] = value
    with suppress(PlanInvalid):
        assert parse_plan(plan).centre == plan["centre"]
