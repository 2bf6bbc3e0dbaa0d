# SPDX-License-Identifier: EUPL-1.2
"""The first types and subscriptions of a site, from its country's plan; repeating changes nothing."""

from __future__ import annotations

from collections.abc import Iterable

from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.news import News
from flagstone.blocks.exchange.contract.news_plan import NewsPlan
from flagstone.blocks.exchange.model.news_rules import subscriptions_to
from flagstone.kernel.audit import Caller, Reason, job

PLANTER = Caller(job("first events"))
REASON = Reason("Events of the country's plan")


def plant(news: News, plan: NewsPlan, clients: Iterable[ClientId]) -> tuple[int, int]:
    """Make the types of the rooms among `clients`, and the subscriptions that the plan's reactions need.

    `clients` are the subsystems that this site carries. Returns how many types and subscriptions were
    new; those that are there stay as they are.
    """
    own = frozenset(clients)
    known = {each.id for each in news.types(PLANTER)}
    fresh = [each for each in plan.types if each.id.room in own and each.id not in known]
    for each in fresh:
        news.declare(PLANTER, each, REASON)
    there = {(each.type, each.subscriber) for each in news.subscriptions(PLANTER)}
    wanted = [each for each in subscriptions_to(plan, own) if (each.type, each.subscriber) not in there]
    for one in wanted:
        news.subscribe(PLANTER, one, REASON)
    return len(fresh), len(wanted)
