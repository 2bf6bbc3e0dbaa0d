# SPDX-License-Identifier: EUPL-1.2
"""Whether a country's exchange holds together: everybody who is named is there, and nothing stands twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from flagstone.blocks.exchange.contract.country import ExchangePlan, ServerPlan
from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId
from flagstone.blocks.exchange.contract.service import Right
from flagstone.blocks.exchange.model.services import person_flaws
from flagstone.kernel.errors import Flaw


def contradictions(plan: ExchangePlan) -> Iterator[Flaw]:
    """Yield what does not hold together in a plan whose parts are each well formed."""
    if plan.centre not in plan.servers:
        yield Flaw("/centre", "there is no such site among the servers")
    yield from _instances(plan)
    members = {each.id for each in plan.members}
    for each in plan.subsystems:
        if each.id.member not in members:
            yield Flaw("/subsystems", f"{each.id}: its member is not there")
    known = members | {each.id for each in plan.subsystems}
    for group in plan.groups:
        yield from _unknown(f"/groups/{group.code}", group.members, known)
    yield from _carried_once(plan)
    groups = frozenset(group.code for group in plan.groups)
    for site, server in plan.servers.items():
        yield from _of_server(f"/servers/{site}", server, known, groups)


def _instances(plan: ExchangePlan) -> Iterator[Flaw]:
    """Yield identifiers of another instance."""
    identifiers = [*(each.id for each in plan.members), *(each.id for each in plan.subsystems)]
    for each in identifiers:
        if each.instance != plan.instance:
            yield Flaw("/instance", f"{each} is of another instance")


def _carried_once(plan: ExchangePlan) -> Iterator[Flaw]:
    """Yield servers that share an identifier or an address."""
    for what, values in (
        ("identifier", [str(server.id) for server in plan.servers.values()]),
        ("address", [server.address for server in plan.servers.values() if server.address]),
    ):
        for value, count in Counter(values).items():
            if count > 1:
                yield Flaw("/servers", f"{value}: two servers have this {what}")


def _of_server(
    place: str, server: ServerPlan, known: set[ClientId], groups: frozenset[str]
) -> Iterator[Flaw]:
    """Yield what is wrong with one server's first configuration."""
    if server.id.owner not in known:
        yield Flaw(f"{place}/id", "its owner is not a member")
    clients = {each.id for each in server.clients}
    yield from _unknown(f"{place}/clients", clients, known)
    for service in server.services:
        if service.id.provider not in clients:
            yield Flaw(f"{place}/services", f"{service.id}: its subsystem is not a client here")
        if not service.local and not service.url.startswith(("http://", "https://")):
            yield Flaw(f"{place}/services", f"{service.id}: the url is neither a path nor http(s)")
        yield from (Flaw(f"{place}/services", f"{service.id}: {each}") for each in person_flaws(service))
        yield from _unknown(f"{place}/services", service.hiders, known)
    for group in server.groups:
        if group.provider not in clients:
            yield Flaw(f"{place}/groups", f"{group.code}: its provider is not a client here")
        yield from _unknown(f"{place}/groups", group.members, known)
    own = {(group.provider, group.code) for group in server.groups}
    for right in server.rights:
        yield from _of_right(place, right, known, groups, own)


def _of_right(
    place: str,
    right: Right,
    known: set[ClientId],
    groups: frozenset[str],
    own: set[tuple[ClientId, str]],
) -> Iterator[Flaw]:
    """Yield a right whose holder is not there."""
    subject, where = right.subject, f"{place}/services"
    if not isinstance(subject, GroupId):
        yield from _unknown(where, [subject], known)
    elif subject.local and (right.service.provider, subject.code) not in own:
        yield Flaw(where, f"{right.service}: the provider has no group {subject.code}")
    elif not subject.local and subject.code not in groups:
        yield Flaw(where, f"{right.service}: there is no global group {subject.code}")


def _unknown(place: str, clients: Iterable[ClientId], known: set[ClientId]) -> Iterator[Flaw]:
    """Yield each of `clients` that is neither a member nor a subsystem of the plan."""
    for each in sorted(set(clients) - known):
        yield Flaw(place, f"{each} is not among the members and subsystems")
