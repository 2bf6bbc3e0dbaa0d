# SPDX-License-Identifier: EUPL-1.2
"""What the message log says of personal data handed out, for whoever compares it with the registers."""

from __future__ import annotations

from datetime import datetime

from flagstone.blocks.exchange.contract.log import Side
from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.store.tables import message_request as request
from flagstone.blocks.exchange.store.tables import message_response as response
from flagstone.kernel.clock import rfc3339
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.sql import and_, select


class HandedOut:
    """Reads the provider's side of one server's log; nothing of a message's content leaves it."""

    def __init__(self, database: Database, service: Service) -> None:
        """Read `database`; `service` knows which services are about persons."""
        self._database = database
        self._service = service

    def between(self, since: datetime, until: datetime) -> list[tuple[str, int | None]]:
        """Return the answered messages to personal services: id, and how many usages the answer told of.

        Of requests from `since` up to and not including `until`; None where an answer told nothing.
        """
        personal = [str(each.id) for each in self._service.snapshot().services.values() if each.personal]
        query = (
            select(request.c.message_id, response.c.usage_count)
            .join(
                response, and_(request.c.exchange == response.c.exchange, request.c.side == response.c.side)
            )
            .where(request.c.side == Side.PROVIDER.value, request.c.service.in_(personal))
            .where(request.c.at >= rfc3339(since), request.c.at < rfc3339(until))
            .where(response.c.fault == "", response.c.status < 400)
        )
        with self._database.reading() as view:
            return [(row["message_id"], row["usage_count"]) for row in view.rows(query)]
