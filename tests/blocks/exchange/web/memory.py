# SPDX-License-Identifier: EUPL-1.2
"""A small exchange that lives in memory, to try pages and routes on; it keeps the contracts' promises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from flagstone.blocks.exchange.contract.directory import Directory, GlobalGroup, Member, Server, Subsystem
from flagstone.blocks.exchange.contract.faults import (
    ClientUnknown,
    DescriptionRefused,
    MessageUnknown,
    NotPermitted,
    NotTheCentre,
    ServiceExists,
    ServiceUnknown,
)
from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId, ServerId, ServiceId
from flagstone.blocks.exchange.contract.log import (
    Exchanged,
    LogPage,
    LogQuery,
    RequestLogged,
    ResponseLogged,
    Side,
    Traffic,
)
from flagstone.blocks.exchange.contract.service import (
    Connection,
    Endpoint,
    LocalClient,
    LocalGroup,
    Purpose,
    Right,
    ServiceDefinition,
    ServiceKind,
    Snapshot,
)
from flagstone.kernel.audit import Caller, Reason

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
INTERIOR = ClientId("XA", "GOV", "10000001")
CENTRE = ClientId("XA", "GOV", "10000099")
REGISTRY = replace(INTERIOR, subsystem="registry")
PORTAL = replace(INTERIOR, subsystem="portal")
TAXES = ClientId("XA", "GOV", "10000020", "declarations")
PEOPLE = ServiceId(REGISTRY, "people")
PLACES = ServiceId(REGISTRY, "places")
SERVER = ServerId(INTERIOR, "interior")
OTHER = ServerId(CENTRE, "centre")
DESCRIPTION = (
    '{"openapi": "3.0.3", "info": {"title": "People", "version": "1"}, '
    '"paths": {"/persons/{id}": {"get": {"responses": {"200": {"description": "ok"}}}}}}'
)


def directory() -> Directory:
    """Return a directory of three members, four systems and two servers."""
    return Directory(
        "XA",
        7,
        NOW - timedelta(minutes=3),
        members=(
            Member(INTERIOR, {"en": "Ministry of the Interior", "et": "Siseministeerium", "ar": "وزارة"}),
            Member(TAXES.member, {"en": "Tax Board"}),
            Member(CENTRE, {"en": "Digital Agency"}),
        ),
        subsystems=(
            Subsystem(REGISTRY, {"en": "Registers"}),
            Subsystem(PORTAL, {"en": "Portal"}),
            Subsystem(TAXES, {"en": "Declarations"}),
            Subsystem(replace(CENTRE, subsystem="registry"), {"en": "Contacts"}),
        ),
        servers=(
            Server(SERVER, "http://127.0.0.1:5500", frozenset({REGISTRY, PORTAL})),
            Server(OTHER, "http://127.0.0.1:5504", frozenset({replace(CENTRE, subsystem="registry")})),
        ),
        groups=(GlobalGroup("agencies", {"en": "All agencies"}, frozenset({TAXES, PORTAL})),),
    )


def services() -> list[ServiceDefinition]:
    """Return a described service that tells of persons and a plain one."""
    people = ServiceDefinition(
        PEOPLE,
        ServiceKind.OPENAPI3,
        "/registry/v1",
        {"en": "People", "et": "Inimesed"},
        local=True,
        personal=True,
        purpose=Purpose("checking facts", "Act § 1"),
        endpoints=(Endpoint("GET", "/persons/*"), Endpoint("POST", "/persons/find")),
        description=DESCRIPTION,
        description_url="http://127.0.0.1:9/openapi.json",
        refreshed_at=NOW,
    )
    return [
        people,
        ServiceDefinition(PLACES, ServiceKind.REST, "http://127.0.0.1:9/places", {"en": "Places"}),
    ]


def message(number: int, *, side: Side = Side.PROVIDER, fault: str = "") -> Exchanged:
    """Return an exchange whose path, query and headers name a person."""
    exchange = f"00000000-0000-4000-8000-{number:012d}"
    head = (
        "GET\r\n/r1/XA/GOV/10000001/registry/people/persons/60001019906?name=Mari\r\n"
        f"X-Road-Client:{TAXES}\r\nX-Road-UserId:XA60001019906\r\nX-Road-Id:m-{number}\r\n"
        "Cookie:secret\r\n"
    )
    asked = RequestLogged(
        exchange,
        side,
        NOW - timedelta(minutes=number),
        f"m-{number}",
        TAXES,
        PEOPLE,
        "GET",
        head.encode(),
        purpose="tax return",
        legal_basis="Tax Act § 3",
        peer=str(OTHER),
        personal=True,
    )
    answered = ResponseLogged(
        exchange,
        side,
        asked.at + timedelta(milliseconds=12),
        500 if fault else 200,
        fault=fault,
        head=b"200\r\nOK\r\nContent-Type:application/json\r\n",
        request_hash="aGFzaA==",
        request_bytes=10,
        response_bytes=2048,
        usage_count=1,
        milliseconds=12,
    )
    return Exchanged(asked, answered)


class MemoryExchange:
    """Keeps `Exchange` and `Governance`; `done` lists what was asked of it and why."""

    def __init__(self, *, is_centre: bool = False) -> None:
        self.is_centre = is_centre
        self.known = directory()
        self.clients = {
            REGISTRY: LocalClient(REGISTRY, Connection.INTERNAL),
            PORTAL: LocalClient(PORTAL, Connection.INTERNAL),
        }
        self.services = {each.id: each for each in services()}
        self.held: list[Right] = [
            Right(TAXES, PEOPLE, Endpoint("GET", "/persons/*"), Purpose("tax return", "Tax Act § 3")),
            Right(GroupId("agencies"), PLACES),
        ]
        self.groups = [LocalGroup(REGISTRY, "friends", "Friends", frozenset({TAXES}))]
        self.log = [message(1), message(2, fault="server.serverproxy.access_denied")]
        self.log.append(message(3, side=Side.CONSUMER))
        self.done: list[tuple[str, object, Reason | None]] = []

    def snapshot(self) -> Snapshot:
        rights = {
            service: tuple(each for each in self.held if each.service == service) for service in self.services
        }
        return Snapshot(
            SERVER, self.known, dict(self.clients), dict(self.services), rights, tuple(self.groups)
        )

    def _note(self, caller: Caller, what: str, of: object, reason: Reason | None) -> None:
        if not caller.holds("operator"):
            raise NotPermitted
        self.done.append((what, of, reason))

    def register_client(self, caller: Caller, client: LocalClient, reason: Reason) -> None:
        self._note(caller, "register_client", client, reason)
        if not self.known.knows(client.id):
            raise ClientUnknown
        self.clients[client.id] = client

    def remove_client(self, caller: Caller, client: ClientId, reason: Reason) -> None:
        self._note(caller, "remove_client", client, reason)
        del self.clients[client]
        for service in [each for each in self.services if each.provider == client]:
            self.withdraw(caller, service, reason)

    def offer(self, caller: Caller, service: ServiceDefinition, reason: Reason) -> None:
        self._note(caller, "offer", service, reason)
        if service.id in self.services:
            raise ServiceExists
        if service.id.provider not in self.clients:
            raise ClientUnknown
        self.services[service.id] = service

    def change(self, caller: Caller, service: ServiceDefinition, reason: Reason) -> None:
        self._note(caller, "change", service, reason)
        if service.id not in self.services:
            raise ServiceUnknown
        self.services[service.id] = service

    def withdraw(self, caller: Caller, service: ServiceId, reason: Reason) -> None:
        self._note(caller, "withdraw", service, reason)
        del self.services[service]
        self.held = [each for each in self.held if each.service != service]

    def refresh(self, caller: Caller, service: ServiceId, reason: Reason) -> ServiceDefinition:
        self._note(caller, "refresh", service, reason)
        if "broken" in self.services[service].description_url:
            raise DescriptionRefused
        return self.services[service]

    def give(self, caller: Caller, rights: Sequence[Right], reason: Reason) -> None:
        self._note(caller, "give", tuple(rights), reason)
        for right in rights:
            self.held = [each for each in self.held if not same(each, right)] + [right]

    def take(self, caller: Caller, rights: Sequence[Right], reason: Reason) -> None:
        self._note(caller, "take", tuple(rights), reason)
        self.held = [each for each in self.held if not any(same(each, right) for right in rights)]

    def keep_group(self, caller: Caller, group: LocalGroup, reason: Reason) -> None:
        self._note(caller, "keep_group", group, reason)
        self.groups = [each for each in self.groups if each.code != group.code] + [group] * bool(
            group.members
        )

    def search(self, caller: Caller, query: LogQuery) -> LogPage:
        if not caller.holds("operator", "auditor"):
            raise NotPermitted
        self.done.append(("search", query, None))
        found = [each for each in self.log if matches(each, query)]
        start = (query.page - 1) * query.page_size
        return LogPage(tuple(found[start : start + query.page_size]), len(found))

    def uncover(self, caller: Caller, exchange: str, side: Side, reason: Reason) -> Exchanged:
        if not caller.holds("auditor"):
            raise NotPermitted
        self.done.append(("uncover", exchange, reason))
        found = [each for each in self.log if (each.request.exchange, each.request.side) == (exchange, side)]
        if not found:
            raise MessageUnknown
        return found[0]

    def traffic(self, caller: Caller, since: datetime, until: datetime, spans: int) -> tuple[Traffic, ...]:
        step = (until - since) / spans
        return tuple(
            Traffic(since + step * n, int(step.total_seconds()), PEOPLE, Side.PROVIDER, 10 * n, n, 12, 40 + n)
            for n in range(1, spans)
        )

    def directory(self) -> Directory:
        return self.known

    def _govern(self, caller: Caller, what: str, of: object, reason: Reason) -> None:
        if not self.is_centre:
            raise NotTheCentre
        self._note(caller, what, of, reason)
        self.known = replace(self.known, revision=self.known.revision + 1)

    def admit_member(self, caller: Caller, member: Member, reason: Reason) -> None:
        self._govern(caller, "admit_member", member, reason)
        kept = tuple(each for each in self.known.members if each.id != member.id)
        self.known = replace(self.known, members=(*kept, member))

    def admit_subsystem(self, caller: Caller, subsystem: Subsystem, reason: Reason) -> None:
        self._govern(caller, "admit_subsystem", subsystem, reason)
        kept = tuple(each for each in self.known.subsystems if each.id != subsystem.id)
        self.known = replace(self.known, subsystems=(*kept, subsystem))

    def admit_server(self, caller: Caller, server: Server, reason: Reason) -> None:
        self._govern(caller, "admit_server", server, reason)
        kept = tuple(each for each in self.known.servers if each.id != server.id)
        self.known = replace(self.known, servers=(*kept, server))

    def keep_global_group(self, caller: Caller, group: GlobalGroup, reason: Reason) -> None:
        self._govern(caller, "keep_global_group", group, reason)
        kept = tuple(each for each in self.known.groups if each.code != group.code)
        self.known = replace(self.known, groups=(*kept, group))

    def dismiss(self, caller: Caller, who: ClientId | ServerId, reason: Reason) -> None:
        self._govern(caller, "dismiss", who, reason)
        gone = {who}
        self.known = replace(
            self.known,
            members=tuple(each for each in self.known.members if each.id not in gone),
            subsystems=tuple(each for each in self.known.subsystems if not {each.id, each.id.member} & gone),
            servers=tuple(each for each in self.known.servers if each.id not in gone),
        )


def same(one: Right, other: Right) -> bool:
    """Tell whether two rights differ in their purpose at most."""
    return (one.subject, one.service, one.endpoint) == (other.subject, other.service, other.endpoint)


def matches(found: Exchanged, query: LogQuery) -> bool:
    """Tell whether the log would find it."""
    asked, answer = found.request, found.response
    return all(
        (
            query.exchange in {"", asked.exchange},
            query.message_id in {"", asked.message_id},
            query.client in {None, asked.client},
            query.service in {None, asked.service},
            query.side in {None, asked.side},
            query.since is None or asked.at >= query.since,
            not query.failed_only or (answer is not None and bool(answer.fault)),
        )
    )
