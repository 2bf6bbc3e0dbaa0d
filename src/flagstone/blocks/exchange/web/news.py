# SPDX-License-Identifier: EUPL-1.2
"""GovStack's pub/sub API (Information Mediator PubSub 2.0.0), and the inbox that events are pushed to.

The same operations stand below `/exchange/news`, where a message of the exchange reaches them, and below
`/r1/{instanceId}/{memberClass}/{memberCode}/{applicationCode}` as published. Deviations, each because the
published file leaves it open or contradicts itself: the parameter `eventType` of `pull`, declared twice
there, is declared once; callers without a right get 403, without a token 401; the answers of POST and
PATCH on `subs` carry the subscription; an event's status lists its deliveries; `X-GovStack-Client`
is needed only below `/r1`, since a message of the exchange names its client by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

from fastapi import Depends, Header, Path
from pydantic import BaseModel, Field, JsonValue
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.news import (
    Delivery,
    EventType,
    Inbox,
    Json,
    Mode,
    News,
    Subscription,
    TypeId,
)
from flagstone.blocks.exchange.contract.news_faults import (
    EventInvalid,
    EventTypeInvalid,
    EventTypeUnknown,
    NewsNotPermitted,
    SubscriptionInvalid,
    SubscriptionUnknown,
)
from flagstone.blocks.exchange.model.names import named_subject, subsystem_named
from flagstone.blocks.exchange.model.news import client_of
from flagstone.blocks.exchange.model.news_wire import client_from, client_item, event_from, event_item
from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.errors import Fault, Flaw, Kind
from flagstone.platform.http.principal import current
from flagstone.platform.http.routes import CLIENT, Routes

DOCUMENT = "exchange-news"
OWN = "/exchange/news"
PUBLISHED = "/r1/{instanceId}/{memberClass}/{memberCode}/{applicationCode}"
TTL_SECONDS = 3_600
EXCHANGE = "exchange"

Code = Annotated[str, Path(alias="eventType", max_length=64)]
EventId = Annotated[str, Path(alias="eventId", max_length=64)]
Part = Annotated[str, Path(max_length=255)]
ClientHeader = Annotated[str, Header(alias="X-GovStack-Client", max_length=1_100)]
Room = Callable[..., ClientId]
Content = dict[str, JsonValue]


class ClientMismatch(Fault):
    """The header names another system than the one that calls."""

    code = "exchange.client-mismatch"
    kind = Kind.FORBIDDEN
    title = "The call comes from another information system"
    remedy = "Name in X-GovStack-Client the system that the token was given to."


class TypeBody(BaseModel):
    """GovStack's `EventType`; `subscribers` (who may subscribe) and `subject` are ours."""

    eventType: str = Field(max_length=64)  # noqa: N815 -- GovStack's names
    schema_: Content = Field(alias="schema")
    subscribers: list[str] = Field(default=[], max_length=1_000)
    subject: str = Field(default="", max_length=64)


class PublishBody(BaseModel):
    """GovStack's `PublishEvent`."""

    eventType: str = Field(max_length=64)  # noqa: N815
    event: Content


class OptionsBody(BaseModel):
    """The options of a subscription; a TTL of 0 is without end."""

    TTL: int = Field(default=TTL_SECONDS, ge=0, le=2**31 - 1)
    FIFO: bool = False


class SubscriptionBody(BaseModel):
    """GovStack's `SubscriptionItem`."""

    eventType: str = Field(max_length=64)  # noqa: N815
    delivery: str = Field(default="PUSH", pattern="^(PUSH|PULL)$")
    options: OptionsBody = OptionsBody()
    subscriberId: Content | None = None  # noqa: N815


class NewsApi:
    """The pub/sub API over a site's events."""

    def __init__(self, news: News, inbox: Inbox, room: ClientId) -> None:
        """Answer from `news` and `inbox`; `room` is meant where the path names none."""
        self._news = news
        self._inbox = inbox
        self._room = room

    def routes(self) -> Sequence[Routes]:
        """Return the operations under both prefixes, and the inbox."""
        own, published = (Routes(each, tags=["Events"], document=DOCUMENT) for each in (OWN, PUBLISHED))
        own_room = self._room
        self._declare(own, lambda: own_room, "")
        self._declare(published, _room_of, "Published")
        own.post("/inbox/{eventType}", access=CLIENT, status_code=202, operation_id="takeEvent")(self._take)
        return own, published

    def _declare(self, routes: Routes, room: Room, ending: str) -> None:
        """Add GovStack's operations to `routes`."""
        self._declare_types(routes, room, ending)
        self._declare_publishing(routes, room, ending)
        self._declare_subscriptions(routes, room, ending)
        self._declare_pulling(routes, room, ending)

    def _declare_types(self, routes: Routes, room: Room, ending: str) -> None:
        """Add the operations of types."""
        every, one = "/api/v1/eventType", "/api/v1/eventType/{eventType}"

        @routes.post(every, access=CLIENT, operation_id=f"createEventType{ending}")
        def create(request: Request, body: TypeBody, at: ClientId = Depends(room)) -> Response:
            """Make a type of event in the room."""
            self._news.declare(caller_of(request), _type(body, at), _reason(request))
            return Response(status_code=200)

        @routes.get(
            every,
            access=CLIENT,
            operation_id=f"getEventTypeList{ending}",
            responses={200: {"model": list[str]}, 204: {"description": "none"}},
        )
        def types(request: Request, at: ClientId = Depends(room)) -> Response:
            """Return the codes of the room's types; 204 when there is none."""
            found = self._news.types(caller_of(request), at)
            return JSONResponse([each.id.code for each in found]) if found else Response(status_code=204)

        @routes.get(
            one,
            access=CLIENT,
            operation_id=f"getEventType{ending}",
            responses={200: {"model": Content}, 204: {"description": "none"}},
        )
        def type_(request: Request, code: Code, at: ClientId = Depends(room)) -> Response:
            """Return one type with its schema; 204, as published, when there is none."""
            try:
                found = self._news.type(caller_of(request), TypeId(at, code))
            except EventTypeUnknown:
                return Response(status_code=204)
            return JSONResponse(_type_item(found))

        @routes.delete(one, access=CLIENT, status_code=204, operation_id=f"deleteEventType{ending}")
        def withdraw(request: Request, code: Code, at: ClientId = Depends(room)) -> Response:
            """End a type with its subscriptions."""
            self._news.withdraw(caller_of(request), TypeId(at, code), _reason(request))
            return Response(status_code=204)

    def _declare_publishing(self, routes: Routes, room: Room, ending: str) -> None:
        """Add the operations of publishers."""
        one = "/pub/v1/{eventType}/{eventId}"

        @routes.post(
            "/pub/v1/{eventType}",
            access=CLIENT,
            status_code=201,
            response_model=Content,
            operation_id=f"publishEvent{ending}",
        )
        def publish(
            request: Request, code: Code, body: PublishBody, at: ClientId = Depends(room)
        ) -> JSONResponse:
            """Publish an event; answers its id."""
            _same(code, body.eventType, EventInvalid)
            event = self._news.publish(caller_of(request), TypeId(at, code), body.event)
            return JSONResponse({"id": event.id}, 201)

        @routes.get(one, access=CLIENT, response_model=Content, operation_id=f"getStatus{ending}")
        def status(
            request: Request, code: Code, event_id: EventId, at: ClientId = Depends(room)
        ) -> JSONResponse:
            """Return a published event and where its deliveries are."""
            event, sent = self._news.event(caller_of(request), TypeId(at, code), event_id)
            return JSONResponse({**event_item(event), "deliveries": [_delivery_item(each) for each in sent]})

        @routes.delete(one, access=CLIENT, status_code=204, operation_id=f"deleteEvent{ending}")
        def stop(request: Request, code: Code, event_id: EventId, at: ClientId = Depends(room)) -> Response:
            """Deliver an event to nobody any more."""
            self._news.stop(caller_of(request), TypeId(at, code), event_id, _reason(request))
            return Response(status_code=204)

    def _declare_subscriptions(self, routes: Routes, room: Room, ending: str) -> None:
        """Add the operations of subscribers."""
        one = "/api/v1/subs/{eventType}"

        @routes.get(
            "/api/v1/subs", access=CLIENT, response_model=list[Content], operation_id=f"listSub{ending}"
        )
        def every(request: Request, at: ClientId = Depends(room)) -> JSONResponse:
            """Return the caller's subscriptions in the room."""
            caller = caller_of(request)
            found = self._news.subscriptions(caller, at, client_of(caller))
            if not found:
                raise SubscriptionUnknown
            return JSONResponse([_subscription_item(each) for each in found])

        @routes.post(one, access=CLIENT, response_model=Content, operation_id=f"addSub{ending}")
        def add(
            request: Request, code: Code, body: SubscriptionBody, at: ClientId = Depends(room)
        ) -> JSONResponse:
            """Subscribe the caller to a type."""
            caller = caller_of(request)
            wanted = _subscription(body, TypeId(at, code), client_of(caller), None)
            return JSONResponse(_subscription_item(self._news.subscribe(caller, wanted, _reason(request))))

        @routes.get(one, access=CLIENT, response_model=Content, operation_id=f"getSub{ending}")
        def show(request: Request, code: Code, at: ClientId = Depends(room)) -> JSONResponse:
            """Return the caller's subscription to a type."""
            return JSONResponse(_subscription_item(self._own(caller_of(request), TypeId(at, code))))

        @routes.patch(
            one, access=CLIENT, response_model=Content, operation_id=f"patchSub{ending}", status_code=201
        )
        def patch(
            request: Request, code: Code, body: SubscriptionBody, at: ClientId = Depends(room)
        ) -> JSONResponse:
            """Change what the body names of the caller's subscription."""
            caller = caller_of(request)
            before = self._own(caller, TypeId(at, code))
            wanted = _subscription(body, before.type, before.subscriber, before)
            changed = self._news.change(caller, wanted, _reason(request))
            return JSONResponse(_subscription_item(changed), 201)

        @routes.delete(one, access=CLIENT, status_code=204, operation_id=f"deleteSub{ending}")
        def end(request: Request, code: Code, at: ClientId = Depends(room)) -> Response:
            """End the caller's subscription."""
            caller = caller_of(request)
            self._news.unsubscribe(caller, TypeId(at, code), client_of(caller), _reason(request))
            return Response(status_code=204)

    def _declare_pulling(self, routes: Routes, room: Room, ending: str) -> None:
        """Add the operations of subscribers who pull."""

        @routes.get(
            "/pull/v1/{eventType}", access=CLIENT, response_model=Content, operation_id=f"pullEvent{ending}"
        )
        def pull(request: Request, code: Code, at: ClientId = Depends(room)) -> JSONResponse:
            """Return the next event that is not acknowledged."""
            return JSONResponse(event_item(self._news.pull(caller_of(request), TypeId(at, code))))

        @routes.delete(
            "/pull/v1/{eventType}/{eventId}",
            access=CLIENT,
            status_code=204,
            operation_id=f"confirmEvent{ending}",
        )
        def confirm(
            request: Request, code: Code, event_id: EventId, at: ClientId = Depends(room)
        ) -> Response:
            """Acknowledge an event."""
            self._news.acknowledge(caller_of(request), TypeId(at, code), event_id)
            return Response(status_code=204)

    def _take(self, request: Request, code: Code, body: Content) -> JSONResponse:
        """Take an event that its publisher pushes; the same one again changes nothing."""
        event = event_from(body, code)
        fresh = self._inbox.take(caller_of(request), event)
        return JSONResponse({"id": event.id, "taken": "now" if fresh else "before"}, 202)

    def _own(self, caller: Caller, type_id: TypeId) -> Subscription:
        """Return the caller's subscription to a type; SubscriptionUnknown."""
        found = self._news.subscriptions(caller, type_id.room, client_of(caller))
        mine = next((each for each in found if each.type == type_id), None)
        if mine is None:
            raise SubscriptionUnknown
        return mine


def caller_of(request: Request) -> Caller:
    """Return the system that calls; ClientMismatch when the header names another, twice or none of it."""
    caller = current(request).caller
    client = client_of(caller)
    named = request.headers.getlist("x-govstack-client")
    if any(each.strip() != str(client) for each in named) or len(named) > 1:
        raise ClientMismatch
    if not named and not caller.holds(EXCHANGE):
        raise NewsNotPermitted("the header X-GovStack-Client is missing")
    return caller


def _room_of(
    instanceId: Part,  # noqa: N803 -- GovStack's names
    memberClass: Part,  # noqa: N803
    memberCode: Part,  # noqa: N803
    applicationCode: Part,  # noqa: N803
    client: ClientHeader,
) -> ClientId:
    """Return the room that the published path names; the header must be there."""
    del client
    return subsystem_named(f"{instanceId}/{memberClass}/{memberCode}/{applicationCode}")


def _reason(request: Request) -> Reason:
    """Return why, as the message says it."""
    return current(request).reason or Reason("Events between organisations")


def _same(path: str, body: str, fault: type[Fault]) -> None:
    """Raise `fault` unless the path and the body name the same type."""
    if path != body:
        raise fault("", flaws=(Flaw("/eventType", "is another than in the path"),))


def _type(body: TypeBody, room: ClientId) -> EventType:
    """Return the type that a body describes."""
    try:
        named = frozenset(subsystem_named(each) for each in body.subscribers)
    except Fault as fault:
        raise EventTypeInvalid("", flaws=(Flaw("/subscribers", fault.title),)) from fault
    return EventType(TypeId(room, body.eventType), body.schema_, subject=body.subject, subscribers=named)


def _type_item(found: EventType) -> Mapping[str, Json]:
    """Return a type as GovStack's `EventType`, with ours."""
    return {
        "eventType": found.id.code,
        "schema": dict(found.schema),
        "subscribers": sorted(named_subject(each) for each in found.subscribers),
        "subject": found.subject,
    }


def _subscription(
    body: SubscriptionBody, type_id: TypeId, client: ClientId, before: Subscription | None
) -> Subscription:
    """Return the subscription that a body describes; what it leaves out stays as `before`."""
    _same(type_id.code, body.eventType, SubscriptionInvalid)
    if body.subscriberId is not None and client_from(body.subscriberId) != client:
        raise SubscriptionInvalid("subscriberId is another system than the caller")
    options = body.options
    if before is None:
        return Subscription(type_id, client, Mode[body.delivery], "events", options.TTL, options.FIFO)
    said, set_options = body.model_fields_set, options.model_fields_set
    return Subscription(
        type_id,
        client,
        Mode[body.delivery] if "delivery" in said else before.mode,
        before.service,
        options.TTL if "TTL" in set_options else before.ttl_seconds,
        options.FIFO if "FIFO" in set_options else before.fifo,
    )


def _subscription_item(found: Subscription) -> dict[str, Json]:
    """Return a subscription as GovStack's `SubscriptionItem`."""
    return {
        "id": found.id,
        "subscriberId": client_item(found.subscriber),
        "eventType": found.type.code,
        "delivery": found.mode.name,
        "options": {"TTL": found.ttl_seconds, "FIFO": found.fifo},
    }


def _delivery_item(found: Delivery) -> dict[str, Json]:
    """Return where a delivery is."""
    return {
        "subscriberId": client_item(found.subscriber),
        "state": found.state.value,
        "attempts": found.attempts,
        "lastFault": found.last_fault,
    }
