# SPDX-License-Identifier: EUPL-1.2
"""The provider's side: takes messages of other servers, judges them and has the service answer."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from flagstone.blocks.exchange.contract.faults import DirectoryUnavailable
from flagstone.blocks.exchange.contract.identifiers import ServerId
from flagstone.blocks.exchange.contract.service import ServiceDefinition
from flagstone.blocks.exchange.model import access, faults, metadata, purposes, rest
from flagstone.blocks.exchange.model.faults import MessageFault
from flagstone.blocks.exchange.model.hashing import body_hash, request_hash
from flagstone.blocks.exchange.model.purposes import Why
from flagstone.blocks.exchange.model.standing import Standing, Standings
from flagstone.blocks.exchange.web.path.bounds import PathBounds
from flagstone.blocks.exchange.web.path.course import GONE, Course, Ledger, observed
from flagstone.blocks.exchange.web.path.describing import described
from flagstone.blocks.exchange.web.path.last_hop import Call, LastHop, Served
from flagstone.blocks.exchange.web.path.plain import Parcel, Transport
from flagstone.blocks.exchange.web.path.streams import Watched, held
from flagstone.blocks.exchange.web.path.using import Using
from flagstone.platform.http.wire.faults import BodyBroken
from flagstone.platform.http.wire.messages import Answer, Body, Incoming


class Provider:
    """Answers each message of another server."""

    def __init__(
        self,
        standings: Standings,
        transport: Transport,
        ledger: Ledger,
        *,
        last_hop: LastHop,
        using: Using,
        bounds: PathBounds,
    ) -> None:
        self._standings = standings
        self._transport = transport
        self._ledger = ledger
        self._last_hop = last_hop
        self._using = using
        self._bounds = bounds

    async def answer(self, incoming: Incoming) -> Answer:
        """Answer a message; never raises a fault."""
        course = Course(self._ledger, "")
        try:
            return await self._taken(incoming, course)
        except MessageFault as fault:
            incoming.body.abandon()
            return self._failed(course, fault)
        except BodyBroken as broken:
            return self._failed(course, MessageFault(faults.IO_ERROR, f"{broken.title}."))
        except asyncio.CancelledError:
            course.closed(0, fault=GONE)
            raise
        finally:
            if course.response is None:
                course.closed(500, fault=f"{faults.PROVIDER}.{faults.INTERNAL}")

    def refused(self, status: int, why: str) -> Answer:
        """Return the answer to what was not even a request, or too much (`wire.Refusal`)."""
        code = {500: faults.INTERNAL, 503: faults.OVERLOADED}.get(status, faults.INVALID_REQUEST)
        return self._transport.refused(status, _fault(f"{faults.PROVIDER}.{code}", why, str(uuid4())))

    async def _taken(self, incoming: Incoming, course: Course) -> Answer:
        sender, parcel = await self._transport.taken(incoming)
        request = rest.request_parsed(parcel.block)
        course.exchange = request.exchange
        standing = self._trusted(sender, request)
        if request.method == b"GET" and request.service.code in metadata.RESERVED:
            return await self._described(standing, request, course, parcel, sender)
        definition = standing.snapshot.services.get(request.service)
        try:
            if definition is None:
                raise MessageFault(faults.UNKNOWN_SERVICE, f"Unknown service: {request.service}.")
            why = judged(standing, request, definition)
        except MessageFault:
            personal = definition is not None and definition.personal
            course.logged(request, Why(), peer=str(sender), personal=personal)
            raise
        course.logged(request, why, peer=str(sender), personal=definition.personal)
        return await self._served(Call(request, definition, why), parcel, course)

    def _trusted(self, sender: ServerId, request: rest.Request) -> Standing:
        """Return the standing in which `sender` may send this request here, or raise MessageFault."""
        try:
            standing = self._standings.now()
        except DirectoryUnavailable as unavailable:
            raise MessageFault(faults.OUTDATED_CONFIGURATION, f"{unavailable.title}.") from None
        if not standing.carries(sender, request.client):
            raise MessageFault(
                faults.AUTHENTICATION_FAILED, f"{sender} does not carry messages of the client."
            )
        if request.service.provider not in standing.snapshot.clients:
            raise MessageFault(
                faults.UNKNOWN_MEMBER, f"This server does not carry {request.service.provider}."
            )
        if standing.in_maintenance():
            raise MessageFault(faults.MAINTENANCE, "This server is in maintenance.")
        return standing

    async def _served(self, call: Call, parcel: Parcel, course: Course) -> Answer:
        """Have the service answer while the request is being written to the log."""
        sent = asked = await self._using.asked(call.definition, parcel.body)
        if isinstance(sent, Body):
            sent = await held(sent, self._bounds.held_bytes_max)
        stream = None
        if isinstance(sent, bytes):
            course.request_body = body_hash(sent)
        else:
            sent = stream = Watched(sent, ended=lambda _: None, drained=True)
            course.request_body = stream.hash
        reply = await self._last_hop.called(call, sent)
        try:
            await self._whole(stream, call.definition)
            await course.written()
            body = await held(reply.body, self._bounds.held_bytes_max)
            body = await self._using.answered(call.definition, reply, body)
        except (MessageFault, BodyBroken, asyncio.CancelledError):
            reply.body.abandon()
            raise
        course.usage_count = reply.usage_count
        await self._noted(call, reply, (asked, body), course)
        hashed = request_hash(call.request.block, course.request_body)
        head = reply.head
        response = rest.response_made(
            call.request, head.status, head.reason, head.headers, request_hash=hashed
        )
        if len(response.block) > self._bounds.block_bytes_max:
            reply.body.abandon()
            raise MessageFault(faults.NONSENSE, "The service's headers are too large.")
        return self._passed_on(response, body, course)

    async def _noted(
        self, call: Call, reply: Served, bodies: tuple[bytes | Body, bytes | Body], course: Course
    ) -> None:
        """Have it written down whose data the answer uses, before anybody gets it."""
        record = self._using.record(call, reply, bodies, at=course.now())
        try:
            if record is not None:
                await course.used(record)
        except (MessageFault, asyncio.CancelledError):
            reply.body.abandon()
            raise

    async def _whole(self, stream: Watched | None, definition: ServiceDefinition) -> None:
        """Wait until a streamed request has passed: its hash goes ahead of the response."""
        if stream is None:
            return
        try:
            async with asyncio.timeout(definition.timeout_seconds):
                await stream.over()
        except TimeoutError:
            raise MessageFault(
                faults.TIMEOUT, "The service did not take the whole request in time."
            ) from None
        finally:
            stream.close()
        if not stream.whole:
            raise MessageFault(faults.IO_ERROR, "The request broke off.")

    async def _described(
        self, standing: Standing, request: rest.Request, course: Course, parcel: Parcel, sender: ServerId
    ) -> Answer:
        """Answer a metadata service: no right is needed, and it is logged like any message."""
        course.logged(request, purposes.why(request.said), peer=str(sender))
        if isinstance(parcel.body, Body):
            parcel.body.abandon()
        kind, body = await described(standing, request)
        await course.written()
        headers = ((b"content-type", kind.encode()),)
        response = rest.response_made(request, 200, b"OK", headers, request_hash=request_hash(request.block))
        return self._passed_on(response, body, course)

    def _passed_on(self, response: rest.Response, body: Body | bytes, course: Course) -> Answer:
        course.response = response
        passing = observed(body, course, response.status, faults.PROVIDER)
        return self._transport.answered(Parcel(response.block, passing))

    def _failed(self, course: Course, fault: MessageFault) -> Answer:
        code = fault.at(faults.PROVIDER)
        status = faults.status_of(code)
        course.closed(status, fault=code)
        written = faults.spelled(code, self._bounds.spelling)
        return self._transport.refused(status, _fault(written, fault.text, course.exchange or str(uuid4())))


def judged(standing: Standing, request: rest.Request, definition: ServiceDefinition) -> Why:
    """Return why the request is sent if it may be: by right, to a service at work, with a purpose where due.

    Raises MessageFault access_denied, service_disabled, bad_request or access_denied.purpose_missing.
    """
    path = access.path_normal(request.path)
    entry = None
    if path is not None:
        rights = standing.rights(request.service)
        entry = access.allowing(rights, request.client, request.method.decode(), path)
    if entry is None:
        raise MessageFault(faults.ACCESS_DENIED, f"Request is not allowed: {request.service}.")
    if not definition.enabled:
        notice = definition.disabled_notice
        raise MessageFault(faults.SERVICE_DISABLED, f"Service {request.service} is disabled: {notice}")
    why = purposes.why(request.said, entry.right.purpose, definition.purpose)
    if definition.personal and not why.purpose:
        raise MessageFault(faults.PURPOSE_MISSING, "Personal data is asked for without a purpose.")
    if why.hidden_until is not None and request.client not in definition.hiders:
        raise MessageFault(faults.ACCESS_DENIED, f"{request.client} may not keep a use of data hidden.")
    return why


def _fault(code: str, text: str, detail: str) -> dict[str, str]:
    return {"type": code, "message": text, "detail": detail}
