# SPDX-License-Identifier: EUPL-1.2
"""A country's exchange read from plain data, strictly: what YAML gives becomes an `ExchangePlan`.

The data is written by hand, so it is short: words by language, identifiers as text, services below the
server that offers them and rights below their service. `tests/.../test_plan_reader.py` has a whole one.
Whatever is unknown, missing or contradicts itself is refused, each flaw by its RFC 6901 pointer.
"""

from __future__ import annotations

from flagstone.blocks.exchange.contract.country import ExchangePlan, ServerPlan
from flagstone.blocks.exchange.contract.directory import GlobalGroup, Member, Subsystem
from flagstone.blocks.exchange.contract.faults import PlanInvalid
from flagstone.blocks.exchange.contract.identifiers import ClientId, Subject
from flagstone.blocks.exchange.contract.service import (
    ActsAs,
    Connection,
    Endpoint,
    LocalClient,
    LocalGroup,
    PersonAt,
    PersonPlace,
    Purpose,
    Right,
    ServiceDefinition,
    ServiceKind,
)
from flagstone.blocks.exchange.model import names, places
from flagstone.blocks.exchange.model.plan_checks import contradictions
from flagstone.blocks.exchange.model.plan_nodes import Node
from flagstone.kernel.errors import Flaw

FLAWS_MAX = 100
TIMEOUT_SECONDS_MAX = 3_600
SERVICE_FIELDS = (
    "title", "url", "kind", "timeout_seconds", "acts_as", "personal", "hiders", "person_at",
    "purpose", "legal_basis", "endpoints", "rights", "description_url",
)  # fmt: skip


def parse_plan(data: object) -> ExchangePlan:
    """Return the plan that `data` describes; PlanInvalid names at most `FLAWS_MAX` flaws."""
    flaws: list[Flaw] = []
    plan = _plan(Node(data, "", flaws))
    if not flaws:
        flaws.extend(contradictions(plan))
    if flaws:
        raise PlanInvalid(f"{len(flaws)} places are wrong", flaws=tuple(flaws[:FLAWS_MAX]))
    return plan


def _plan(node: Node) -> ExchangePlan:
    node.only("instance", "centre", "members", "subsystems", "servers", "groups", "member_classes")
    return ExchangePlan(
        instance=node.at("instance").named(names.part, "XX"),
        centre=node.at("centre").text(),
        members=tuple(
            Member(each.key_as(names.member_named, _NOBODY), each.words())
            for each in node.at("members").entries()
        ),
        subsystems=tuple(
            Subsystem(each.key_as(names.subsystem_named, _NOBODY), each.words())
            for each in node.at("subsystems").entries()
        ),
        servers={each.key: _server(each) for each in node.at("servers").entries()},
        groups=tuple(_global_group(each) for each in node.maybe("groups").entries()),
        member_classes={each.key: each.words() for each in node.maybe("member_classes").entries()},
    )


def _global_group(node: Node) -> GlobalGroup:
    node.only("description", "members")
    code = node.key_as(names.part, "")
    return GlobalGroup(code, node.at("description").words(), _clients(node.at("members")))


def _server(node: Node) -> ServerPlan:
    node.only("id", "address", "clients", "services", "groups")
    services = node.maybe("services").entries()
    return ServerPlan(
        id=node.at("id").named(names.server_named, _SERVER),
        address=node.at("address").text(),
        clients=tuple(_client(each) for each in node.at("clients").entries()),
        services=tuple(_service(each) for each in services),
        rights=tuple(right for each in services for right in _rights(each)),
        groups=tuple(_local_group(each) for each in node.maybe("groups").items()),
    )


def _client(node: Node) -> LocalClient:
    """Return a client whose key names it and whose value is how it connects."""
    client = node.key_as(names.client_named, _NOBODY)
    return LocalClient(client, node.one_of(Connection))


def _service(node: Node) -> ServiceDefinition:
    node.only(*SERVICE_FIELDS)
    url = node.at("url").text()
    return ServiceDefinition(
        id=node.key_as(names.service_named, _SERVICE),
        kind=node.maybe("kind", "REST").one_of(ServiceKind),
        url=url,
        title=node.at("title").words(),
        timeout_seconds=node.maybe("timeout_seconds", 60).number(1, TIMEOUT_SECONDS_MAX),
        local=url.startswith("/"),
        acts_as=node.maybe("acts_as", "system").one_of(ActsAs),
        personal=node.maybe("personal", value=False).truth(),
        hiders=tuple(each.named(names.client_named, _NOBODY) for each in node.maybe("hiders").items()),
        person_at=tuple(each.named(places.place_named, _NOWHERE) for each in node.maybe("person_at").items()),
        purpose=_purpose(node),
        endpoints=_endpoints(node.maybe("endpoints", [])),
        description_url=node.maybe("description_url", "").text(empty=""),
    )


def _rights(service: Node) -> list[Right]:
    """Return the rights that stand below a service."""
    found = []
    for node in service.maybe("rights").items():
        node.only("to", "endpoints", "purpose", "legal_basis")
        subject = node.at("to").named(names.subject_named, _ANYBODY)
        identifier, purpose = service.key_as(names.service_named, _SERVICE), _purpose(node)
        for endpoint in _endpoints(node.maybe("endpoints", ["* **"])):
            found.append(Right(subject, identifier, endpoint, purpose))
    return found


def _purpose(node: Node) -> Purpose:
    return Purpose(node.maybe("purpose", "").text(empty=""), node.maybe("legal_basis", "").text(empty=""))


def _endpoints(node: Node) -> tuple[Endpoint, ...]:
    """Return endpoints written as `METHOD PATH`."""
    return tuple(each.named(endpoint_named, Endpoint()) for each in node.items())


def endpoint_named(text: str) -> Endpoint:
    """Return the endpoint that `METHOD PATH` names, `*` any method, `**` any path; ValueError otherwise."""
    method, space, path = text.partition(" ")
    if not space or not (method == "*" or (method.isalpha() and method.isupper())):
        raise ValueError("it must be a method in capitals or *, a space and a path")
    if not path.startswith(("/", "*")) or not path.isprintable() or " " in path:
        raise ValueError("the path must begin with / or be **, without spaces")
    return Endpoint(method, path)


def _local_group(node: Node) -> LocalGroup:
    node.only("provider", "code", "description", "members")
    return LocalGroup(
        node.at("provider").named(names.subsystem_named, _NOBODY),
        node.at("code").named(names.part, ""),
        node.at("description").text(),
        _clients(node.at("members")),
    )


def _clients(node: Node) -> frozenset[ClientId]:
    return frozenset(each.named(names.client_named, _NOBODY) for each in node.items())


_NOBODY = ClientId("XX", "XX", "0")
"""Stands where an identifier could not be read, and its flaw was noted."""

_ANYBODY: Subject = _NOBODY
_NOWHERE = PersonAt(PersonPlace.QUERY, "x")
_SERVICE = names.service_named("XX/XX/0/x/x")
_SERVER = names.server_named("XX/XX/0/x")
