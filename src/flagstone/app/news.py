# SPDX-License-Identifier: EUPL-1.2
"""Events between agencies at one site: what its registers publish, what it pushes, takes and does then."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flagstone.app.exchange import Exchanging, client_address
from flagstone.app.ground import Ground
from flagstone.blocks.exchange.contract.faults import GroupUnknown
from flagstone.blocks.exchange.contract.identifiers import ClientId, GroupId
from flagstone.blocks.exchange.contract.news_plan import NewsPlan
from flagstone.blocks.exchange.contract.service import Snapshot
from flagstone.blocks.exchange.model.names import member_named
from flagstone.blocks.exchange.service.news.delivering import Courier
from flagstone.blocks.exchange.service.news.inbox import InboxService
from flagstone.blocks.exchange.service.news.keeping import NewsService
from flagstone.blocks.exchange.service.news.publishing import RegisterNews
from flagstone.blocks.exchange.service.news.reacting import Reactor
from flagstone.blocks.exchange.service.news.sending import OverExchange
from flagstone.blocks.registry.contract.registry import Registry

ROOM = "registry"
"""The subsystem in whose name a site's registers publish."""


@dataclass(frozen=True)
class Announcing:
    """What passes events on at this site; `room` is the system in whose name its registers publish."""

    news: NewsService
    inbox: InboxService
    courier: Courier
    registers: RegisterNews
    plan: NewsPlan
    room: ClientId


def announcing(ground: Ground, registry: Registry, exchange: Exchanging | None) -> Announcing | None:
    """Return what passes events on, None without an exchange."""
    if exchange is None:
        return None
    owner, database, plan = (
        member_named(ground.plan.owner),
        ground.databases["exchange"],
        ground.country.news(),
    )
    room = ClientId(owner.instance, owner.member_class, owner.member_code, ROOM)
    snapshot = exchange.service.snapshot
    news = NewsService(database, owner, lambda client, group: belongs(snapshot(), client, group))
    sender = OverExchange(ground.others.at(client_address(ground.settings)), exchange.secret)
    return Announcing(
        news,
        InboxService(database, of_owner(plan, owner), Reactor(registry), owner=owner),
        Courier(news, sender),
        RegisterNews(news, registry, plan),
        plan,
        room,
    )


def of_owner(plan: NewsPlan, owner: ClientId) -> NewsPlan:
    """Return the plan with those reactions alone that happen at systems of the member `owner`."""
    return replace(plan, reactions=tuple(each for each in plan.reactions if each.at.member == owner))


def belongs(snapshot: Snapshot, client: ClientId, group: GroupId) -> bool:
    """Tell whether a client is a member of a global group or of one of this server's local groups."""
    if group.local:
        found = [each.members for each in snapshot.local_groups if each.code == group.code]
    else:
        found = [each.members for each in snapshot.directory.groups if each.code == group.code]
    if not found:
        raise GroupUnknown(group.code)
    return any(client in members for members in found)
