# SPDX-License-Identifier: EUPL-1.2
"""Two agencies on one database: a register of people that publishes, one of permits that reacts."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from tests.contracts.registers import CHECKS, PEOPLE, PLACES, definition
from tests.contracts.sealer import ToySealer

from flagstone.blocks.exchange.contract.faults import ClientUnknown
from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.news import Message, TypeId
from flagstone.blocks.exchange.contract.news_plan import NewsPlan
from flagstone.blocks.exchange.model.news_reader import parse_news
from flagstone.blocks.exchange.model.news_rules import at_clients
from flagstone.blocks.exchange.model.news_wire import event_from
from flagstone.blocks.exchange.service.news.delivering import Courier
from flagstone.blocks.exchange.service.news.inbox import InboxService
from flagstone.blocks.exchange.service.news.keeping import NewsService
from flagstone.blocks.exchange.service.news.planting import plant
from flagstone.blocks.exchange.service.news.publishing import RegisterNews
from flagstone.blocks.exchange.service.news.reacting import Reactor
from flagstone.blocks.exchange.store import news_tables  # noqa: F401 - its tables join the schema
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.blocks.registry.service.registry import Service
from flagstone.blocks.registry.store.tables import SCHEMA as REGISTRY_SCHEMA
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason, job
from flagstone.kernel.clock import Clock
from flagstone.platform.storage.database import Database

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

INTERIOR = ClientId("XA", "GOV", "10000001", "registry")
NATURE = ClientId("XA", "GOV", "10000047", "registry")
CENTRE = ClientId("XA", "GOV", "10000099", "registry")
STRANGER = ClientId("XA", "COM", "20000001", "shop")
DEATH = TypeId(INTERIOR, "death-registered")
BIRTH = TypeId(INTERIOR, "birth-registered")
SITE = Caller(job("test"))
WHY = Reason("A test")
MARI, JAAN = "48001010001", "37502020002"

PERMITS: dict[str, Any] = {
    "code": "permits",
    "version": "1.0",
    "title": {"en": "Permits"},
    "kind": "other",
    "owner": "XA/GOV/10000047",
    "id_prefix": "F-",
    "persons": ["holder"],
    "fields": [
        {"code": "holder", "type": "text", "title": {"en": "Holder"}, "required": True, "filter": True},
        {"code": "status", "type": "text", "title": {"en": "Status"}, "filter": True},
        {"code": "ended_on", "type": "date", "title": {"en": "Ended"}},
        {"code": "note", "type": "text", "title": {"en": "Note"}},
    ],
}

PLAN: dict[str, Any] = {
    str(INTERIOR): {
        "death-registered": {
            "title": {"en": "A death was registered"},
            "purpose": "Telling of a death",
            "legal_basis": "Population Register Act § 40",
            "subject": "person",
            "schema": {
                "type": "object",
                "properties": {
                    "person": {"type": "string", "pattern": "^[0-9]{11}$"},
                    "died_on": {"type": "string", "format": "date"},
                },
                "required": ["person"],
                "additionalProperties": False,
            },
            "publish": [
                {
                    "register": "people",
                    "upon": "corrected",
                    "fields": ["note"],
                    "when": {"given_name": ["Mari", "Jaan"]},
                    "payload": {"person": "personal_code", "died_on": "born"},
                }
            ],
            "reactions": {
                "end-permits": {
                    "at": str(NATURE),
                    "register": "permits",
                    "match": {"holder": "person"},
                    "where": {"status": "valid"},
                    "set": {"status": "ended", "ended_on": {"from": "died_on", "otherwise": "2026-01-01"}},
                    "purpose": "Ending permits of the deceased",
                    "legal_basis": "Use of Nature Act § 20",
                }
            },
        },
        "birth-registered": {
            "title": {"en": "A birth was registered"},
            "schema": {
                "type": "object",
                "properties": {"person": {"type": "string"}, "name": {"type": "string"}},
                "required": ["person"],
            },
            "subscribers": [str(CENTRE)],
            "publish": [
                {
                    "register": "people",
                    "upon": "registered",
                    "payload": {"person": "personal_code", "name": "given_name"},
                }
            ],
            "reactions": {
                "open-permit": {
                    "at": str(NATURE),
                    "register": "permits",
                    "match": {"holder": "person"},
                    "create": {"holder": {"from": "person"}, "status": "valid", "note": {"from": "name"}},
                    "purpose": "A permit for each child",
                }
            },
        },
    }
}


def plan() -> NewsPlan:
    return parse_news(deepcopy(PLAN))


def system(client: ClientId, *roles: str) -> Caller:
    """The information system `client`, as the exchange vouches for it."""
    actor = Actor(ActorKind.SYSTEM, str(client), "", str(client.member), str(client))
    return Caller(actor, frozenset({"exchange", *roles}))


def official(*roles: str) -> Caller:
    return Caller(Actor(ActorKind.OFFICIAL, "36003030003", "Officer", "10000001"), frozenset(roles))


class Wire:
    """The exchange in the test's hand: carries pushes to inboxes, or fails as it is told."""

    def __init__(self) -> None:
        self.inboxes: dict[ClientId, InboxService] = {}
        self.sent: list[tuple[str, str]] = []  # subscriber and event
        self.headers: list[dict[str, str]] = []
        self.answer: Callable[[ClientId, dict[str, Any]], int | None] = lambda _to, _item: None

    def send(self, sender: ClientId, receiver: ClientId, service: str, path: str, message: Message) -> int:
        item = json.loads(message.body)
        assert (service, path) == ("events", f"/inbox/{item['eventType']}")
        self.sent.append((str(receiver), item["id"]))
        self.headers.append(dict(message.headers))
        told = self.answer(receiver, item)
        if told is not None:
            return told
        if receiver not in self.inboxes:
            raise ClientUnknown
        self.inboxes[receiver].take(system(sender), event_from(item, item["eventType"]))
        return 202


class Rig:
    """One site with both roles: the interior's room and the environment's reactions."""

    def __init__(
        self,
        exchange: Database,
        registers: Database,
        clock: Clock,
        *,
        patience_seconds: float = 60,
        **options: Any,
    ) -> None:
        self.clock = clock
        self.registry = Service(registers, ToySealer(), CHECKS)
        self.plan = plan()
        self.probe: Callable[[str], None] = lambda _step: None
        self.news = NewsService(exchange, INTERIOR.member, **options)
        self.wire = Wire()
        self.courier = Courier(
            self.news, self.wire, chance=lambda: 0.5, patience_seconds=patience_seconds, probe=self.step
        )
        here = at_clients(self.plan, [NATURE])
        self.inbox = InboxService(
            exchange, here, Reactor(self.registry), owner=INTERIOR.member, probe=self.step
        )
        self.wire.inboxes[NATURE] = self.inbox
        self.heard = RegisterNews(self.news, self.registry, at_clients(self.plan, [INTERIOR]))
        self.registers = registers
        registers.outbox.subscribe("RecordRegistered", ("news",))
        registers.outbox.subscribe("RecordCorrected", ("news",))
        registers.outbox.subscribe("RecordsLoaded", ("news",))

    def step(self, name: str) -> None:
        """Tell the probe that is set now."""
        self.probe(name)

    def prepare(self) -> None:
        for data in (PLACES, PEOPLE, PERMITS):
            self.registry.publish(SITE, definition(data), WHY)
        plant(self.news, self.plan, [INTERIOR])

    def hear(self) -> int:
        """Carry the registry's news to the publisher; return how many events were made."""
        made = 0
        for one in self.registers.outbox.pending(1000):
            made += self.heard.heard(one.event, one.payload)
            self.registers.outbox.delivered(one.id, one.listener)
        return made

    def permit(self, holder: str, status: str = "valid") -> str:
        data = {"holder": holder, "status": status}
        return self.registry.create(SITE, "permits", data, WHY).id


def rig(open_database: OpenDatabase, clock: Clock, *, patience_seconds: float = 60, **options: Any) -> Rig:
    """Return a site whose courier waits for every push, also on a slow machine, unless told otherwise."""
    databases = open_database(SCHEMA), open_database(REGISTRY_SCHEMA)
    made = Rig(*databases, clock, patience_seconds=patience_seconds, **options)
    made.prepare()
    return made
