# SPDX-License-Identifier: EUPL-1.2
"""A small exchange for the tests of this room: one server, at the centre or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from flagstone.blocks.exchange.contract.country import ExchangePlan, ServerPlan
from flagstone.blocks.exchange.contract.directory import Member, Subsystem
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId
from flagstone.blocks.exchange.contract.log import RequestLogged, ResponseLogged, Side
from flagstone.blocks.exchange.contract.service import (
    Connection,
    LocalClient,
    ServiceDefinition,
    ServiceKind,
)
from flagstone.blocks.exchange.model.names import service_named
from flagstone.blocks.exchange.service.configuration import Place
from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.service.planting import plant
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason
from flagstone.platform.storage.database import Database

MINISTRY = ClientId("XA", "GOV", "10000001")
REGISTRY = ClientId("XA", "GOV", "10000001", "registry")
PORTAL = ClientId("XA", "GOV", "10000001", "portal")
AGENCY = ClientId("XA", "GOV", "10000099")
TAX = ClientId("XA", "GOV", "10000099", "declarations")
INTERIOR = ServerId(MINISTRY, "interior")
CENTRE = ServerId(AGENCY, "centre")
INDIVIDUALS = service_named("XA/GOV/10000001/registry/individuals")

PLAN = ExchangePlan(
    instance="XA",
    centre="centre",
    members=(Member(MINISTRY, {"en": "Interior"}), Member(AGENCY, {"en": "Digital Agency"})),
    subsystems=(
        Subsystem(REGISTRY, {"en": "Registers"}),
        Subsystem(PORTAL, {"en": "Portal"}),
        Subsystem(TAX, {"en": "Declarations"}),
    ),
    servers={
        "interior": ServerPlan(
            INTERIOR,
            (LocalClient(REGISTRY, Connection.INTERNAL), LocalClient(PORTAL, Connection.INTERNAL)),
            address="http://127.0.0.1:5500",
        ),
        "centre": ServerPlan(CENTRE, (LocalClient(TAX),), address="http://127.0.0.1:5504"),
    },
)

OFFERED = ServiceDefinition(
    INDIVIDUALS, ServiceKind.REST, "/registry/v1", {"en": "Individuals"}, local=True, personal=True
)
WHY = Reason("Agreed with the agency", "Exchange Act § 3")
AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class PlainSealer:
    """Seals by turning bytes around, so that tests see that nothing stands in clear."""

    def seal(self, context: str, plaintext: bytes) -> bytes:
        return context.encode()[::-1] + b"|" + plaintext[::-1]

    def open(self, context: str, sealed: bytes) -> bytes:
        place, _, content = sealed.partition(b"|")
        assert place == context.encode()[::-1]
        return content[::-1]


def fetch_nothing(url: str) -> bytes:
    raise AssertionError(f"{url} must not be fetched")


def interior(database: Database) -> Service:
    """Return the service of the interior's server, which is not the centre, with its first configuration."""
    service = Service(database, PlainSealer(), place=Place(INTERIOR), fetch=fetch_nothing)
    plant(service, PLAN, "interior")
    return service


def centre(database: Database) -> Service:
    """Return the service of the centre."""
    service = Service(database, PlainSealer(), place=Place(CENTRE, is_centre=True), fetch=fetch_nothing)
    plant(service, PLAN, "centre")
    return service


def official(*roles: str, organisation: str = "10000001") -> Caller:
    """Return somebody in an office with `roles`."""
    actor = Actor(ActorKind.OFFICIAL, "60001019906", "Mari", organisation)
    return Caller(actor, frozenset(roles))


OPERATOR = official("operator")
AUDITOR = official("auditor")
GOVERNOR = official("operator", organisation="10000099")


def asked(number: int, *, side: Side = Side.PROVIDER, seconds: int = 0) -> RequestLogged:
    """Return the record of a request."""
    return RequestLogged(
        exchange=f"exchange-{number}",
        side=side,
        at=AT + timedelta(seconds=seconds),
        message_id=f"XA-{number}",
        client=TAX,
        service=INDIVIDUALS,
        method="GET",
        head=b"GET\r\n/r1/XA/GOV/10000001/registry/individuals/records/60001019906\r\n",
        purpose="Checking an address",
        legal_basis="Tax Act § 1",
        case="2026-17",
        peer=str(CENTRE),
        personal=True,
    )


def answered(request: RequestLogged, *, milliseconds: int = 5, status: int = 200) -> ResponseLogged:
    """Return the record of its response."""
    return ResponseLogged(
        exchange=request.exchange,
        side=request.side,
        at=request.at + timedelta(milliseconds=milliseconds),
        status=status,
        head=b"200\r\nOK\r\n",
        request_hash="hash",
        response_bytes=17,
        usage_count=1,
        milliseconds=milliseconds,
    )


def failed(request: RequestLogged, code: str) -> ResponseLogged:
    """Return the record of a failure."""
    return replace(answered(request), status=500, fault=code, usage_count=None)
