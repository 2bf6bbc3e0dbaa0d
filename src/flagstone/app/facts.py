# SPDX-License-Identifier: EUPL-1.2
"""How an assessment asks registers: those of this site directly, those of others over the exchange."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from flagstone.app.exchange import Exchanging, client_address
from flagstone.app.sources import REGISTRY
from flagstone.blocks.exchange.client import Door, ThroughExchange
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.model.names import member_named
from flagstone.blocks.registry.client import BASE, Client
from flagstone.blocks.registry.contract.record import Query
from flagstone.blocks.registry.contract.register import Data
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.rules.contract.assessment import Heard
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason
from flagstone.kernel.clock import Clock
from flagstone.kernel.ids import PersonCode, fresh_uuid
from flagstone.platform.http.client import Answer

if TYPE_CHECKING:
    from flagstone.app.site import Site

SUBSYSTEM = "assessments"
"""The client of the exchange as which assessments ask."""

RECORDS_MAX = 100
MESSAGE_ID = "X-Road-Id"


class Asked(Protocol):
    """Something that can be asked on behalf of a person; `ThroughExchange.for_person` gives one."""

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send one request and return its answer, whatever its status."""
        ...


@dataclass(frozen=True)
class Numbered:
    """Sends each message under a number that is known here."""

    inner: Asked
    number: str

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send one request under the number."""
        return self.inner.call(method, path, headers={**(headers or {}), MESSAGE_ID: self.number}, body=body)


class AskedRegisters:
    """Keeps the rules block's `Registers`; safe to share between threads."""

    def __init__(self, registry: Registry, caller: Caller, clock: Clock) -> None:
        """Ask this site's own `registry` as `caller`."""
        self._registry, self._caller, self._clock = registry, caller, clock
        self._elsewhere: dict[str, ThroughExchange] = {}
        self._owners: dict[str, str] = {}

    def know(self, register: str, owner: str, through: ThroughExchange | None) -> None:
        """Learn whose a register is, and how it is reached when it is another site's."""
        self._owners[register] = owner
        if through is not None:
            self._elsewhere[register] = through

    def ask(
        self,
        register: str,
        filters: Mapping[str, str],
        fields: frozenset[str],
        person: PersonCode,
        reason: Reason,
    ) -> Heard:
        """See the rules block's `Registers.ask`."""
        at = self._clock.now()
        number = str(fresh_uuid(at))
        find = self._find(register, person, replace(reason, message_reference=number), number)
        records = find(Query(filters=filters, page_size=RECORDS_MAX, fields=fields))
        source = f"{self._owners.get(register, '')}/{register}"
        return Heard(records, source, number, at)

    def _find(
        self, register: str, person: PersonCode, reason: Reason, number: str
    ) -> Callable[[Query], tuple[Data, ...]]:
        through = self._elsewhere.get(register)
        registry, caller = self._registry, self._caller
        if through is not None:
            registry = Client(Numbered(through.for_person(person, reason), number), lambda _caller: "")

        def find(query: Query) -> tuple[Data, ...]:
            return tuple(one.data for one in registry.find(caller, register, query, reason).records)

        return find


def asked_registers(site: Site, clock: Clock) -> AskedRegisters:
    """Return how the site's assessments ask every register of the country."""
    found = AskedRegisters(site.services.registry, _caller(site), clock)
    elsewhere = _elsewhere(site)
    for definition in site.country.definitions():
        found.know(definition.code, definition.owner, elsewhere.get(definition.code))
    return found


def _caller(site: Site) -> Caller:
    """Return the site's own system as which its registers are read."""
    member = site.plan.owner.rpartition("/")[2]
    system = f"{site.plan.owner}/{SUBSYSTEM}" if site.plan.owner else ""
    return Caller(Actor(ActorKind.JOB, SUBSYSTEM, "Assessments", member, system))


def _elsewhere(site: Site) -> dict[str, ThroughExchange]:
    """Return how the registers of other sites are reached, by register."""
    exchange, plan = site.services.exchange, site.country.exchange()
    if exchange is None or plan is None:
        return {}
    door = _door(site, exchange)
    found: dict[str, ThroughExchange] = {}
    for each in site.country.plans():
        service = _registry_of(site, each.code)
        if each.code != site.plan.code and service is not None:
            found |= dict.fromkeys(each.registers, ThroughExchange(door, service, prefix=BASE))
    return found


def _registry_of(site: Site, code: str) -> ServiceId | None:
    """Return the service by which a site's registers are asked."""
    plan = site.country.exchange()
    server = plan.servers.get(code) if plan else None
    services = server.services if server else ()
    return next((one.id for one in services if one.id.code == REGISTRY), None)


def _door(site: Site, exchange: Exchanging) -> Door:
    owner = member_named(site.plan.owner)
    client = ClientId(owner.instance, owner.member_class, owner.member_code, SUBSYSTEM)
    return Door(site.others.at(client_address(site.settings)), client, exchange.secret)
