# SPDX-License-Identifier: EUPL-1.2
"""The last hop: the provider's server calls the service itself, one of this site's own with a ticket."""

from __future__ import annotations

import re
import ssl
from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache
from time import monotonic
from urllib.parse import urlsplit

from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.blocks.exchange.contract.service import ActsAs, PersonPlace, ServiceDefinition
from flagstone.blocks.exchange.model import faults, places, purposes
from flagstone.blocks.exchange.model.breaking import Breakers
from flagstone.blocks.exchange.model.faults import MessageFault
from flagstone.blocks.exchange.model.filtering import last
from flagstone.blocks.exchange.model.purposes import Why
from flagstone.blocks.exchange.model.rest import Request
from flagstone.blocks.exchange.web.path.bounds import PathBounds
from flagstone.blocks.exchange.web.path.plain import unanswered
from flagstone.kernel.audit import EXCHANGE, Actor, ActorKind, Caller
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.principal import Principal
from flagstone.platform.http.tickets import Tickets
from flagstone.platform.http.wire.bounds import Timeouts
from flagstone.platform.http.wire.client import WireClient
from flagstone.platform.http.wire.faults import AnswerBroken, NoAnswer, Unreachable
from flagstone.platform.http.wire.messages import Body, Reply, RequestHead, ResponseHead, body_of

USAGE_COUNT = b"flagstone-usage-count"
_NOT_FOR_US = frozenset(
    {b"authorization", b"cookie", b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto"}
)
_PERSON_CODE = re.compile(r"[0-9A-Za-z+\-]{4,32}")
_BODYLESS = frozenset({204, 304})


@dataclass(frozen=True)
class Call:
    """A request that may go to its service, and why it is made."""

    request: Request
    definition: ServiceDefinition
    why: Why


@dataclass(frozen=True, slots=True)
class Served:
    """A service's answer; `usage_count` is how many usage records a service of this site wrote for it."""

    head: ResponseHead
    body: Body
    usage_count: int | None


@dataclass(frozen=True)
class Place:
    """Where a service is: `path` is what its own paths are put behind."""

    secure: bool
    host: str
    port: int
    path: str


class LastHop:
    """Calls services; `local_address` is this site's own web port, `http://127.0.0.1:8000`."""

    def __init__(
        self, client: WireClient, tickets: Tickets, *, local_address: str, bounds: PathBounds
    ) -> None:
        self._client = client
        self._tickets = tickets
        self._local = local_address.rstrip("/")
        self._bounds = bounds
        self._under_way: Counter[ServiceId] = Counter()
        self.breakers: Breakers[ServiceId] = Breakers(
            failures_max=bounds.failures_max, seconds=bounds.open_seconds, seconds_max=bounds.open_seconds_max
        )

    async def called(self, call: Call, body: Body | bytes) -> Served:
        """Call the service and return its answer; MessageFault when it cannot be had.

        Raises BodyBroken when the request's body breaks.
        """
        service = call.request.service
        if self._under_way[service] >= self._bounds.at_service_max:
            raise MessageFault(faults.OVERLOADED, "Too many messages are under way to the service.")
        place = _place(self._local + call.definition.url if call.definition.local else call.definition.url)
        head = self._head(call, place)
        if not self.breakers.admits(service, monotonic()):
            raise MessageFault(faults.CIRCUIT_OPEN, "The service failed lately and is left alone.")
        self._under_way[service] += 1
        try:
            reply = await self._tried(call, place, head, body)
        finally:
            self._under_way[service] -= 1
            self.breakers.left(service)
        return _served(call, reply)

    async def _tried(self, call: Call, place: Place, head: RequestHead, body: Body | bytes) -> Reply:
        service, breakers = call.request.service, self.breakers
        timeouts = Timeouts(
            connect_seconds=min(self._bounds.connect_seconds, call.definition.timeout_seconds),
            answer_seconds=call.definition.timeout_seconds,
        )
        tls = self._public_tls if place.secure else None
        try:
            reply = await self._client.call(place.host, place.port, head, body, tls=tls, timeouts=timeouts)
        except Unreachable:
            breakers.failed(service, monotonic())
            raise MessageFault(faults.NETWORK_ERROR, "The service cannot be reached.") from None
        except (NoAnswer, AnswerBroken) as fault:
            breakers.failed(service, monotonic())
            raise unanswered(fault, "The service") from None
        breakers.succeeded(service)
        return reply

    def _head(self, call: Call, place: Place) -> RequestHead:
        request = call.request
        path = request.path.decode()
        if place.path.endswith("/") and path.startswith("/"):
            path = path[1:]
        target = (place.path + path).encode() or b"/"
        if request.query is not None:
            target += b"?" + request.query
        headers = request.headers
        if places.needs(call.definition.person_at, PersonPlace.RESPONSE):  # the answer must be readable here
            headers = tuple(header for header in headers if header[0].lower() != b"accept-encoding")
        if call.definition.local:
            ticket = self._tickets.issue(principal_of(call)).encode()
            kept = tuple(header for header in headers if header[0].lower() not in _NOT_FOR_US)
            headers = (*kept, (b"Authorization", b"Bearer " + ticket))
        return RequestHead(request.method, target, headers)

    @cached_property
    def _public_tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()


def principal_of(call: Call) -> Principal:
    """Return for whom a service of this site is called; MessageFault access_denied.person_missing."""
    request = call.request
    user = purposes.header_text(request.said, b"x-road-userid")
    reason = call.why.reason(request.message_id)
    if call.definition.acts_as is ActsAs.PERSON:
        code = _person_code(user, request.service.provider.instance)
        actor = Actor(ActorKind.PERSON, id=code, system=str(request.client))
        return Principal(Caller(actor, frozenset({"signed-in"})), person=PersonCode(code), reason=reason)
    return Principal(Caller(_system(request.client, user), frozenset({EXCHANGE})), reason=reason)


def _system(client: ClientId, user: str) -> Actor:
    return Actor(
        ActorKind.SYSTEM, id=str(client), organisation=str(client.member), system=str(client), on_behalf=user
    )


def is_person_code(text: str) -> bool:
    """Tell whether `text` has the form of a personal code; a country's own check knows better."""
    return _PERSON_CODE.fullmatch(text) is not None


def _person_code(user: str, instance: str) -> str:
    code = user.removeprefix(instance)
    if not is_person_code(code):
        raise MessageFault(faults.PERSON_MISSING, "X-Road-UserId does not name the person concerned.")
    return code


@lru_cache(maxsize=1024)
def _place(url: str) -> Place:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        raise MessageFault(faults.INTERNAL, "The address of the service cannot be used.") from None
    if not parts.hostname or parts.query or parts.fragment:
        raise MessageFault(faults.INTERNAL, "The address of the service cannot be used.")
    return Place(parts.scheme == "https", parts.hostname, port, parts.path)


def _served(call: Call, reply: Reply) -> Served:
    """Return the answer without what only we need; where HTTP has no body there is none."""
    head, body = reply.head, reply.body
    count = last(head.headers, USAGE_COUNT)
    if count is not None:
        kept = tuple(header for header in head.headers if header[0].lower() != USAGE_COUNT)
        head = ResponseHead(head.status, head.reason, kept)
    if call.request.method == b"HEAD" or head.status in _BODYLESS:
        body.at_hand()
        body = body_of(b"")
    known = call.definition.local and count is not None and count.isdigit() and len(count) < 10
    return Served(head, body, int(count or b"0") if known else None)
