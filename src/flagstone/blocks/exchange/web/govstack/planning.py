# SPDX-License-Identifier: EUPL-1.2
"""What has to be done so that the exchange is as a configuration document wants it; checked before it is.

`Mode.ADD` refuses what is there and different, `Mode.CHANGE` changes it, `Mode.REPLACE` also removes what
is not described. A right to single endpoints counts as a right and is left as narrow as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from flagstone.blocks.exchange.contract.directory import Member, Server, Subsystem
from flagstone.blocks.exchange.contract.exchange import Exchange, Governance
from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId, ServiceId, Subject
from flagstone.blocks.exchange.contract.service import (
    Connection,
    LocalClient,
    Right,
    ServiceDefinition,
    ServiceKind,
    Snapshot,
)
from flagstone.blocks.exchange.model import names
from flagstone.blocks.exchange.web.govstack.shapes import plain
from flagstone.blocks.exchange.web.govstack.told import Addresses, connection_word, holder_named
from flagstone.blocks.exchange.web.govstack.wanted import (
    ConfigurationInvalid,
    Wanted,
    WantedApplication,
    WantedMember,
    WantedService,
)
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.errors import Flaw

CONNECTIONS = {"http": Connection.NOSSL, "https": Connection.SSLNOAUTH, "": Connection.SSLNOAUTH}


class Mode(Enum):
    """What is done with what is there already."""

    ADD = "add"
    CHANGE = "change"
    REPLACE = "replace"


@dataclass(frozen=True)
class Door:
    """The way to the exchange for one caller and reason."""

    exchange: Exchange
    governance: Governance
    caller: Caller
    reason: Reason


@dataclass(frozen=True)
class Step:
    """One deed; `what` says it in a word and an identifier."""

    what: str
    do: Callable[[Door], object]


@dataclass(frozen=True)
class Plan:
    """Deeds in an order in which they can be done."""

    steps: tuple[Step, ...]

    def carry_out(self, door: Door) -> None:
        """Do every step; a fault of one leaves the steps before it done and audited."""
        for step in self.steps:
            step.do(door)


def plan(wanted: Wanted, snapshot: Snapshot, mode: Mode, *, addresses: Addresses, is_centre: bool) -> Plan:
    """Return what has to be done; ConfigurationInvalid with every flaw when it cannot be."""
    planner = _Planner(snapshot, mode, addresses, is_centre=is_centre)
    planner.read(wanted)
    if planner.flaws:
        raise ConfigurationInvalid(flaws=tuple(planner.flaws))
    return Plan((*planner.steps, *planner.removals()))


class _Planner:
    """Compares a document with a snapshot, member by member."""

    def __init__(self, snapshot: Snapshot, mode: Mode, addresses: Addresses, *, is_centre: bool) -> None:
        self.snapshot = snapshot
        self.addresses = addresses
        self.mode = mode
        self.is_centre = is_centre
        self.flaws: list[Flaw] = []
        self.steps: list[Step] = []
        self._rights: list[Step] = []
        self._described: set[ClientId | ServiceId] = set()
        self._kept: set[tuple[ServiceId, Subject]] = set()
        self._directory = snapshot.directory
        self._named = self._directory
        self._brought: set[ClientId] = set()
        self._carried = set(snapshot.clients)

    def read(self, wanted: Wanted) -> None:
        """Collect steps and flaws."""
        if wanted.instance != self._directory.instance:
            self._flaw("/instance", f"this is the instance {self._directory.instance}")
            return
        self._admit_names(wanted)
        for member in wanted.members or ():
            self._member(member)
        self._carry()
        self.steps += self._rights

    def _admit_names(self, wanted: Wanted) -> None:
        """Let the document's rights name members that it brings itself."""
        own = tuple(
            Member(_member_id(wanted.instance, each), {"en": each.name}) for each in wanted.members or ()
        )
        known = {each.id for each in self._directory.members}
        members = (*self._directory.members, *(each for each in own if each.id not in known))
        self._named = replace(self._directory, members=members)
        self._brought = {each.id for each in own} | {
            replace(_member_id(wanted.instance, member), subsystem=application.code)
            for member in wanted.members or ()
            for application in member.applications or ()
        }

    def _member(self, member: WantedMember) -> None:
        own = _member_id(self._directory.instance, member)
        self._described.add(own)
        known = {each.id: each for each in self._directory.members}.get(own)
        if known is None and self._may_govern(member.place):
            admitted = Member(own, {"en": member.name})
            self._do(
                f"admit {own}", lambda door: door.governance.admit_member(door.caller, admitted, door.reason)
            )
        elif known is not None and member.name not in {*known.name.values(), str(own)}:
            renamed = Member(own, {**known.name, "en": member.name})
            if self._may_change(
                f"{member.place}/name", f"it is named {plain(known.name)}"
            ) and self._may_govern(member.place):
                self._do(
                    f"rename {own}",
                    lambda door: door.governance.admit_member(door.caller, renamed, door.reason),
                )
        for application in member.applications or ():
            self._application(own, application)

    def _application(self, member: ClientId, application: WantedApplication) -> None:
        own = replace(member, subsystem=application.code)
        self._described.add(own)
        if not self._directory.knows(own) and self._may_govern(application.place):
            system = Subsystem(own, {"en": application.code})
            self._do(
                f"register {own}",
                lambda door: door.governance.admit_subsystem(door.caller, system, door.reason),
            )
        elsewhere = own not in self.snapshot.clients and bool(self._directory.servers_of(own))
        if elsewhere and application.services:
            self._flaw(f"{application.place}/services", "another server carries this application")
        described = bool(application.connection) or application.services is not None
        if described and not elsewhere:
            self._client(own, application)
            for service in application.services or ():
                self._service(own, service)

    def _client(self, own: ClientId, application: WantedApplication) -> None:
        held = self.snapshot.clients.get(own)
        if held is None:
            client = LocalClient(own, CONNECTIONS[application.connection])
            self._carried.add(own)
        elif application.connection in {"", connection_word(held)}:
            return
        else:
            client = replace(held, connection=CONNECTIONS[application.connection])
            if not self._may_change(
                f"{application.place}/connection", f"it connects by {connection_word(held)}"
            ):
                return
        self._do(f"carry {own}", lambda door: door.exchange.register_client(door.caller, client, door.reason))

    def _service(self, provider: ClientId, wanted: WantedService) -> None:
        own = ServiceId(provider, wanted.code)
        self._described.add(own)
        held = self.snapshot.services.get(own)
        if held is None:
            blank = ServiceDefinition(own, ServiceKind.REST, "")
            new = self.addresses.taken(blank, wanted.service_url, wanted.spec_url)
            kind = ServiceKind.OPENAPI3 if new.description_url else ServiceKind.REST
            offered = replace(new, kind=kind)
            self._do(f"offer {own}", lambda door: door.exchange.offer(door.caller, offered, door.reason))
        else:
            changed = self.addresses.taken(held, wanted.service_url, wanted.spec_url)
            if changed != held and self._may_change(
                wanted.place, "this service is there with other addresses"
            ):
                self._do(
                    f"change {own}", lambda door: door.exchange.change(door.caller, changed, door.reason)
                )
        self._give(own, wanted)

    def _give(self, own: ServiceId, wanted: WantedService) -> None:
        held = {right.subject for right in self.snapshot.rights.get(own, ())}
        for number, holder in enumerate(wanted.rights or ()):
            subject = holder_named(self._named, holder.member, holder.application)
            if subject is None or not self._knows(subject, own):
                self._flaw(f"{wanted.place}/rights/{number}", "no such member, application or group")
                continue
            self._kept.add((own, subject))
            if subject not in held:
                self._rights.append(_giving(Right(subject, own)))
        if wanted.rights is None:
            self._kept |= {(own, subject) for subject in held}

    def _knows(self, subject: Subject, service: ServiceId) -> bool:
        """Tell whether the directory, the document or the provider's groups have `subject`."""
        if not isinstance(subject, GroupId):
            return subject in self._brought or self._directory.knows(subject)
        if subject.local:
            own = (group for group in self.snapshot.local_groups if group.provider == service.provider)
            return any(group.code == subject.code for group in own)
        return any(group.code == subject.code for group in self._directory.groups)

    def _carry(self) -> None:
        """Let the directory say that this server carries the applications that are new."""
        new = self._carried - set(self.snapshot.clients)
        if not (new and self.is_centre):
            return
        for server in self._directory.servers:
            if server.id == self.snapshot.server:
                wider = replace(server, clients=server.clients | new)
                place = next(
                    (at for at, step in enumerate(self.steps) if step.what.startswith("carry ")),
                    len(self.steps),
                )
                self.steps.insert(place, _admitting(wider))

    def removals(self) -> Iterator[Step]:
        """Yield what removes all that a replacing document does not describe."""
        if self.mode is not Mode.REPLACE:
            return
        snapshot, gone = (
            self.snapshot,
            [each for each in self.snapshot.clients if each not in self._described],
        )
        services = [each for each in snapshot.services if each not in self._described]
        for service in sorted(set(snapshot.services) - set(services)):
            taken = [r for r in snapshot.rights.get(service, ()) if (service, r.subject) not in self._kept]
            if taken:
                yield _taking(service, tuple(taken))
        for service in sorted(each for each in services if each.provider not in gone):
            yield _withdrawing(service)
        for client in sorted(gone):
            yield _removing(client)
        if self.is_centre:
            yield from self._dismissals()

    def _dismissals(self) -> Iterator[Step]:
        owners = {server.id.owner for server in self._directory.servers}
        lost = sorted(
            each.id
            for each in self._directory.members
            if each.id not in self._described and each.id not in owners
        )
        for system in sorted(each.id for each in self._directory.subsystems):
            kept_by_owner = system.member in owners and system.member not in self._described
            if system not in self._described and system.member not in lost and not kept_by_owner:
                yield _dismissing(system)
        for member in lost:
            yield _dismissing(member)

    def _may_change(self, place: str, message: str) -> bool:
        if self.mode is Mode.ADD:
            self._flaw(place, message)
        return self.mode is not Mode.ADD

    def _may_govern(self, place: str) -> bool:
        if not self.is_centre:
            self._flaw(place, "this is decided at the centre of the exchange")
        return self.is_centre

    def _do(self, what: str, deed: Callable[[Door], object]) -> None:
        self.steps.append(Step(what, deed))

    def _flaw(self, place: str, message: str) -> None:
        self.flaws.append(Flaw(place, message))


def _member_id(instance: str, member: WantedMember) -> ClientId:
    return ClientId(instance, member.member_class, member.code)


def _giving(right: Right) -> Step:
    what = f"give {names.named_subject(right.subject)} {right.service}"
    return Step(what, lambda door: door.exchange.give(door.caller, [right], door.reason))


def _taking(service: ServiceId, rights: tuple[Right, ...]) -> Step:
    return Step(f"take {service}", lambda door: door.exchange.take(door.caller, rights, door.reason))


def _withdrawing(service: ServiceId) -> Step:
    return Step(f"withdraw {service}", lambda door: door.exchange.withdraw(door.caller, service, door.reason))


def _removing(client: ClientId) -> Step:
    return Step(
        f"remove {client}", lambda door: door.exchange.remove_client(door.caller, client, door.reason)
    )


def _dismissing(who: ClientId) -> Step:
    return Step(f"dismiss {who}", lambda door: door.governance.dismiss(door.caller, who, door.reason))


def _admitting(server: Server) -> Step:
    what = f"widen {server.id}"
    return Step(what, lambda door: door.governance.admit_server(door.caller, server, door.reason))
