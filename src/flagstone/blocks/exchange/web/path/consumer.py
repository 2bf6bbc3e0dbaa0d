# SPDX-License-Identifier: EUPL-1.2
"""The consumer's side: takes requests of information systems and carries them to the provider's server."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from hmac import compare_digest
from time import monotonic
from uuid import uuid4

from flagstone.blocks.exchange.contract.directory import Server
from flagstone.blocks.exchange.contract.faults import DirectoryUnavailable
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId
from flagstone.blocks.exchange.contract.service import Connection, LocalClient
from flagstone.blocks.exchange.model import faults, metadata, purposes, rest
from flagstone.blocks.exchange.model.breaking import Breakers
from flagstone.blocks.exchange.model.faults import MessageFault
from flagstone.blocks.exchange.model.filtering import SECRET, last
from flagstone.blocks.exchange.model.hashing import body_hash, request_hash
from flagstone.blocks.exchange.model.standing import Standing, Standings
from flagstone.blocks.exchange.web.path.bounds import PathBounds
from flagstone.blocks.exchange.web.path.course import GONE, Course, Ledger, observed
from flagstone.blocks.exchange.web.path.evidence import PATHS as EVIDENCE
from flagstone.blocks.exchange.web.path.evidence import EvidenceDoor
from flagstone.blocks.exchange.web.path.plain import Parcel, Transport, is_loopback, unanswered
from flagstone.blocks.exchange.web.path.streams import Watched, held
from flagstone.kernel.ids import fresh_uuid
from flagstone.platform.http.wire.faults import AnswerBroken, BodyBroken, NoAnswer, Unreachable
from flagstone.platform.http.wire.messages import Answer, Body, Headers, Incoming, ResponseHead

LIST_CLIENTS = b"/listClients"


@dataclass
class Meeting:
    """How this server last met another one."""

    answers: bool
    at: datetime


@dataclass
class Peers:
    """What is known of the other servers from asking them."""

    breakers: Breakers[ServerId]
    meetings: dict[ServerId, Meeting] = field(default_factory=dict)
    under_way: Counter[ServerId] = field(default_factory=Counter)


class Consumer:
    """Answers each request of an information system; `secure` ones came over TLS."""

    def __init__(
        self, standings: Standings, transport: Transport, ledger: Ledger, *, bounds: PathBounds, secret: str
    ) -> None:
        self._standings = standings
        self._transport = transport
        self._ledger = ledger
        self._bounds = bounds
        self._secret = secret.encode()
        self.evidence: EvidenceDoor | None = None
        self.peers = Peers(
            Breakers(
                failures_max=bounds.failures_max,
                seconds=bounds.open_seconds,
                seconds_max=bounds.open_seconds_max,
            )
        )

    async def plainly(self, incoming: Incoming) -> Answer:
        """Answer a request that came without TLS."""
        return await self._answer(incoming, secure=False)

    async def securely(self, incoming: Incoming) -> Answer:
        """Answer a request that came over TLS."""
        return await self._answer(incoming, secure=True)

    def refused(self, status: int, why: str) -> Answer:
        """Return the answer to what was not even a request, or too much (`wire.Refusal`)."""
        code = {500: faults.INTERNAL, 503: faults.OVERLOADED}.get(status)
        whole = f"{faults.CONSUMER}.{code}" if code else f"client.{faults.BAD_REQUEST}"
        return self._error(status, MessageFault(whole, why), [], str(uuid4()))

    async def _answer(self, incoming: Incoming, *, secure: bool) -> Answer:
        path = incoming.head.target.partition(b"?")[0]
        if path == LIST_CLIENTS:
            return self._clients(incoming)
        if self.evidence is not None and path in EVIDENCE:
            return await self._evidence_given(self.evidence, incoming, secure=secure)
        at = self._ledger.clock.now()  # numbers that grow with time keep the log's indexes small and quick
        course = Course(self._ledger, str(fresh_uuid(at)))
        try:
            return await self._carried(incoming, course, secure=secure)
        except MessageFault as fault:
            incoming.body.abandon()
            return self._failed(incoming, course, fault)
        except BodyBroken as broken:
            cut_off = MessageFault(f"client.{faults.BAD_REQUEST}", f"{broken.title}.")
            return self._failed(incoming, course, cut_off, status=broken.status)
        except asyncio.CancelledError:
            course.closed(0, fault=GONE)
            raise
        finally:
            if course.response is None:
                course.closed(500, fault=f"{faults.CONSUMER}.{faults.INTERNAL}")

    async def _carried(self, incoming: Incoming, course: Course, *, secure: bool) -> Answer:
        standing = self._standing()
        head = incoming.head
        given = rest.Given(course.exchange, f"{standing.snapshot.directory.instance}-{course.exchange}")
        request = rest.request_taken(head.method, head.target, head.headers, given=given)
        if len(request.block) > self._bounds.block_bytes_max:
            raise MessageFault(faults.BAD_REQUEST, "The headers are too large.")
        self._authenticate(incoming, standing.snapshot.clients.get(request.client), secure=secure)
        why = purposes.why(request.said)
        servers = standing.servers_for(request.service.provider, request.target)
        random.shuffle(servers)
        course.logged(request, why, peer=str(servers[0].id) if len(servers) == 1 else "")
        sent = await held(incoming.body, self._bounds.held_bytes_max)
        body: Body | bytes
        if isinstance(sent, bytes):
            course.request_body = body_hash(sent)
            body = sent
        else:
            body = Watched(sent, ended=lambda _: None)
            course.request_body = body.hash
        parcel = await self._sent(standing, servers, Parcel(request.block, body))
        return await self._passed_on(parcel, request, course)

    async def _evidence_given(self, door: EvidenceDoor, incoming: Incoming, *, secure: bool) -> Answer:
        """Answer a system that wants its evidence, which must be connected as its messages are."""

        def authenticate(client: ClientId) -> None:
            self._authenticate(incoming, self._standing().snapshot.clients.get(client), secure=secure)

        return await door.answer(incoming, authenticate)

    def _standing(self) -> Standing:
        try:
            return self._standings.now()
        except DirectoryUnavailable as unavailable:
            raise MessageFault(faults.OUTDATED_CONFIGURATION, f"{unavailable.title}.") from None

    def _authenticate(self, incoming: Incoming, client: LocalClient | None, *, secure: bool) -> None:
        """Let an information system in as the client it names, or raise MessageFault."""
        if client is None:
            raise MessageFault(faults.UNKNOWN_MEMBER, "This server does not carry messages of that client.")
        connection = client.connection
        if connection is Connection.INTERNAL:
            shown = last(incoming.head.headers, SECRET) or b""
            fits = bool(self._secret) and compare_digest(shown, self._secret)
        elif connection is Connection.NOSSL:
            fits = is_loopback(incoming.peer)
        elif connection is Connection.SSLNOAUTH:
            fits = secure
        else:
            fits = secure and incoming.certificate is not None and incoming.certificate in client.certificates
        if not fits:
            raise MessageFault(
                faults.AUTHENTICATION_FAILED,
                f"The client's connection is not as registered: {connection.value}.",
            )

    async def _sent(self, standing: Standing, servers: list[Server], parcel: Parcel) -> Parcel:
        """Send to the first server that is reached; another is tried only where nothing was sent."""
        trouble = MessageFault(faults.CIRCUIT_OPEN, "The provider's server failed lately and is left alone.")
        for server in servers:
            if not self.peers.breakers.admits(server.id, monotonic()):
                continue
            if self.peers.under_way[server.id] >= self._bounds.at_peer_max:
                self.peers.breakers.left(server.id)
                trouble = MessageFault(faults.OVERLOADED, "Too many messages are under way to that server.")
                continue
            try:
                return await self._sent_to(standing, server, parcel)
            except Unreachable:
                trouble = MessageFault(faults.NETWORK_ERROR, "The provider's server cannot be reached.")
        raise trouble

    async def _sent_to(self, standing: Standing, server: Server, parcel: Parcel) -> Parcel:
        """Send to one server, and note how it did."""
        peers = self.peers
        peers.under_way[server.id] += 1
        try:
            got = await self._transport.carry(standing.address(server), standing.snapshot.server, parcel)
            self._met(server.id, answers=True)
            return got
        except MessageFault as fault:
            self._met(server.id, answers=fault.from_peer)
            raise
        except Unreachable:
            self._met(server.id, answers=False)
            raise
        except NoAnswer as silent:
            self._met(server.id, answers=False)
            raise unanswered(silent, "The provider's server") from None
        except AnswerBroken as broken:
            self._met(server.id, answers=False)
            raise unanswered(broken, "The provider's server") from None
        except (BodyBroken, asyncio.CancelledError):
            peers.breakers.left(server.id)
            raise
        finally:
            peers.under_way[server.id] -= 1

    def _met(self, server: ServerId, *, answers: bool) -> None:
        if answers:
            self.peers.breakers.succeeded(server)
        else:
            self.peers.breakers.failed(server, monotonic())
        self.peers.meetings[server] = Meeting(answers, self._ledger.clock.now())

    async def _passed_on(self, parcel: Parcel, request: rest.Request, course: Course) -> Answer:
        """Check a response against its request and pass it on once the request is on disk."""
        try:
            response = rest.response_parsed(parcel.block)
            wrong = rest.difference(request, response, request_hash(request.block, course.request_body))
            if wrong:
                raise MessageFault(faults.INCONSISTENT, f"The response's {wrong} does not match the request.")
            await course.written()
        except MessageFault as fault:
            if not isinstance(parcel.body, bytes):
                parcel.body.abandon()
            if fault.code == faults.INVALID_REST:
                raise MessageFault(faults.NONSENSE, fault.text) from None
            raise
        course.response = response
        head = ResponseHead(response.status, response.reason, response.headers)
        return Answer(head, observed(parcel.body, course, response.status, faults.CONSUMER))

    def _failed(self, incoming: Incoming, course: Course, fault: MessageFault, *, status: int = 0) -> Answer:
        code = fault.at(faults.CONSUMER)
        status = status or faults.status_of(code)
        course.closed(status, fault=code)
        answer = self._error(status, fault, _accept(incoming), course.exchange)
        if status != 503:
            return answer
        later = (*answer.head.headers, (b"Retry-After", b"1"))
        return Answer(ResponseHead(status, b"", later), answer.body)

    def _error(self, status: int, fault: MessageFault, accept: list[str], exchange: str) -> Answer:
        code = fault.at(faults.CONSUMER)
        if not fault.from_peer:
            code = faults.spelled(code, self._bounds.spelling)
        kind = faults.error_type(accept)
        headers: Headers = ((b"content-type", kind.encode()), (b"X-Road-Error", code.encode()))
        body = faults.error_body(kind, code, fault.text, fault.detail or exchange)
        return Answer(ResponseHead(status, b"", headers), body)

    def _clients(self, incoming: Incoming) -> Answer:
        """Answer listClients, for which nobody need be anybody."""
        accept = _accept(incoming)
        incoming.body.abandon()
        try:
            if incoming.head.method != b"GET":
                raise MessageFault(f"client.{faults.INVALID_METHOD}", "The list is read by GET.")
            standing = self._standing()
        except MessageFault as fault:
            return self._error(faults.status_of(fault.at(faults.CONSUMER)), fault, accept, str(uuid4()))
        query = incoming.head.target.partition(b"?")[2].decode("latin-1")
        directory = standing.snapshot.directory
        instance = metadata.instance_asked(query, directory.instance)
        if metadata.wants_json(accept):
            kind, body = b"application/json;charset=utf-8", metadata.clients_json(directory, instance)
        else:
            kind, body = b"text/xml;charset=utf-8", metadata.clients_xml(directory, instance)
        return Answer(ResponseHead(200, b"OK", ((b"content-type", kind),)), body)


def _accept(incoming: Incoming) -> list[str]:
    return [value.decode("latin-1") for name, value in incoming.head.headers if name.lower() == b"accept"]
