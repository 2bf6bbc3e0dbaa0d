# SPDX-License-Identifier: EUPL-1.2
"""What events need without a request: pushing, reacting, hearing the registry, forgetting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flagstone.blocks.exchange.service.news.delivering import Courier
from flagstone.blocks.exchange.service.news.inbox import InboxService
from flagstone.blocks.exchange.service.news.publishing import CAUSES, RegisterNews
from flagstone.blocks.exchange.service.news.upkeep import Upkeep

HEARD = tuple(CAUSES)
"""The registry's news that `publish` is to be wired to."""


def publish(register_news: RegisterNews, name: str, payload: Mapping[str, Any]) -> None:
    """Take news of the registry's outbox; a Fault makes the outbox try again later."""
    register_news.heard(name, payload)


def deliver_due(courier: Courier) -> int:
    """Push what is due; for a schedule each second."""
    return courier.deliver_due()


def react_due(inbox: InboxService) -> int:
    """Do the reactions that are due; for a schedule each second."""
    return inbox.react_due()


def erase_old(upkeep: Upkeep, inbox: InboxService) -> int:
    """Erase events that are done with and older than they are kept; for a daily schedule."""
    erased = 0
    while step := upkeep.erase_old() + inbox.erase_old():
        erased += step
    return erased
