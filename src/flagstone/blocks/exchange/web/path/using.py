# SPDX-License-Identifier: EUPL-1.2
"""Whose data an answer uses, where its service says at which places its messages name persons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from flagstone.blocks.exchange.contract.log import PersonsUsed
from flagstone.blocks.exchange.contract.service import PersonPlace, ServiceDefinition
from flagstone.blocks.exchange.model import places, purposes
from flagstone.blocks.exchange.model.places import Parts
from flagstone.blocks.exchange.web.path.last_hop import Call, Served
from flagstone.blocks.exchange.web.path.streams import gathered
from flagstone.kernel.ids import fresh_uuid
from flagstone.platform.http.wire.messages import Body

log = structlog.get_logger("flagstone.exchange")
FAILED = 400
BODILESS = frozenset({204, 304})


@dataclass(frozen=True)
class Using:
    """Reads persons from messages; `is_code` tells what a personal code of the country is."""

    is_code: Callable[[str], bool]
    bytes_max: int

    async def asked(self, definition: ServiceDefinition, body: bytes | Body) -> bytes | Body:
        """Return the request's body, read whole where persons are named in it and it is not too large.

        Raises BodyBroken.
        """
        wanted = places.needs(definition.person_at, PersonPlace.REQUEST)
        return await gathered(body, self.bytes_max) if wanted else body

    async def answered(
        self, definition: ServiceDefinition, served: Served, body: bytes | Body
    ) -> bytes | Body:
        """Return the answer's body, read whole likewise; BodyBroken."""
        wanted = places.needs(definition.person_at, PersonPlace.RESPONSE) and served.head.status < FAILED
        return await gathered(body, self.bytes_max) if wanted else body

    def record(
        self, call: Call, served: Served, bodies: tuple[bytes | Body, bytes | Body], *, at: datetime
    ) -> PersonsUsed | None:
        """Return what is to be recorded of an answer; None where its service names nobody, or failed.

        `bodies` are the request's and the answer's, after `asked` and `answered`.
        """
        request, definition = call.request, call.definition
        reason = call.why.reason(request.message_id)
        if not definition.person_at or reason is None or served.head.status >= FAILED:
            return None
        whole = [body if isinstance(body, bytes) else None for body in bodies]
        bodiless = request.method == b"HEAD" or served.head.status in BODILESS
        parts = Parts(request.path, request.query, whole[0], whole[1], bodiless)
        instance = request.service.provider.instance
        named = places.named(definition.person_at, parts, instance=instance, is_code=self.is_code)
        if named.unread:
            log.warning("person not read from message", why=named.unread, request_id=request.exchange)
        return PersonsUsed(
            exchange=request.exchange,
            at=at,
            message_id=request.message_id,
            client=request.client,
            service=request.service,
            persons={str(fresh_uuid(at)): person for person in named.persons},
            reason=reason,
            user=purposes.header_text(request.said, b"x-road-userid"),
            unread=named.unread,
        )
