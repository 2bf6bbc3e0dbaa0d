# SPDX-License-Identifier: EUPL-1.2
"""One agency with a register of people, its tracker, and ways to read persons' data there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fastapi.testclient import TestClient
from tests.contracts.registers import CHECKS, PEOPLE, PLACES, SITE, definition, someone
from tests.contracts.sealer import ToySealer

from flagstone.blocks.registry.service.reading_log import Log
from flagstone.blocks.registry.service.registry import Service as Registry
from flagstone.blocks.registry.store.tables import SCHEMA as REGISTRY
from flagstone.blocks.tracker.client import Client
from flagstone.blocks.tracker.contract import Tracker, Use
from flagstone.blocks.tracker.service.terms import Terms
from flagstone.blocks.tracker.service.tracker import Service
from flagstone.blocks.tracker.store import SCHEMA
from flagstone.blocks.tracker.web.protocol import ProtocolApi
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason
from flagstone.kernel.clock import SetClock
from flagstone.kernel.ids import PersonCode
from flagstone.platform.crypto.keys import SecretKey
from flagstone.platform.http.application import Application, Edge, Keepers, assemble
from flagstone.platform.http.client import Answer
from flagstone.platform.http.principal import Principal
from flagstone.platform.storage.database import Database

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

KEY = SecretKey("key", bytes(range(32)))
OWNER = "XA/GOV/10000001"
NAMES = {
    "10000001": {"en": "Ministry of the Interior", "et": "Siseministeerium", "ar": "وزارة الداخلية"},
    "10000009": {"en": "Tax and Customs Board", "et": "Maksu- ja Tolliamet", "ar": "مجلس الضرائب"},
}
TAX = "XA/GOV/10000009/declarations"
OFFICIAL_CODE = "36003030003"


def official(*roles: str, code: str = OFFICIAL_CODE, organisation: str = "10000001") -> Caller:
    """Return an official of an organisation, the agency's own by default."""
    actor = Actor(ActorKind.OFFICIAL, code, "Olev Official", organisation)
    return Caller(actor, frozenset({"signed-in", *roles}))


def person(code: str) -> Caller:
    """Return a person in her own matter."""
    return Caller(Actor(ActorKind.PERSON, code, "Somebody"), frozenset({"signed-in"}))


def system(name: str = TAX, *, on_behalf: str = "") -> Caller:
    """Return another agency's system, as the exchange lets it through."""
    member = name.rpartition("/")[0]
    actor = Actor(ActorKind.SYSTEM, name, "", member, name, on_behalf)
    return Caller(actor, frozenset({"exchange", "clerk"}))


@dataclass
class Agency:
    """What the tests drive and what they look at."""

    registry: Registry
    tracker: Service
    database: Database
    registry_database: Database
    clock: SetClock
    records: dict[str, str]

    def read(self, caller: Caller, code: str, purpose: str = "Handling a case", **said: Any) -> None:
        """Read the record of a person."""
        self.registry.read(caller, "people", self.records[code], Reason(purpose, **said))

    def use(self, code: str, **changes: Any) -> Use:
        """Return a use of a person's data at a service that is no register."""
        reason = Reason("Paying a benefit", "Benefits Act § 3", "message-1", "case-1")
        use = Use(
            PersonCode(code), OWNER, TAX, "Asked for the income of a year", reason, "payments", ("sum",)
        )
        return replace(use, **changes)

    def over_http(self) -> Tracker:
        """Return the tracker as another site sees it."""
        return over_http(self.tracker)


def make_agency(
    open_database: OpenDatabase, clock: SetClock, codes: tuple[str, ...], terms: Terms | None = None
) -> Agency:
    """Return an agency whose register of people knows `codes`."""
    registers, database = open_database(REGISTRY), open_database(SCHEMA)
    registry = Registry(registers, ToySealer(), CHECKS)
    registry.publish(SITE, definition(PLACES), Reason("start"))
    registry.publish(SITE, definition(PEOPLE), Reason("start"))
    records = {code: someone(registry, code, given_name=f"Name {code[-1]}").id for code in codes}
    terms = terms or Terms(OWNER, frozenset({"10000001"}), NAMES)
    tracker = Service(database, registry, Log(registers), key=KEY, terms=terms)
    return Agency(registry, tracker, database, registers, clock, records)


class Vouched:
    """Gives each caller a token and finds the caller again, as the exchange's tickets do."""

    def __init__(self) -> None:
        self._callers: dict[str, Caller] = {}

    def token(self, caller: Caller) -> str:
        token = f"ticket-{len(self._callers)}"
        self._callers[token] = caller
        return token

    def find(self, token: str) -> Principal | None:
        caller = self._callers.get(token)
        if caller is None:
            return None
        human = caller.actor.kind is not ActorKind.SYSTEM
        code = PersonCode(caller.actor.id) if human else None
        return Principal(caller, code, reason=Reason("own access", message_reference="message-9"))


class InProcess:
    """The other site, called without a network; the last answer is kept."""

    def __init__(self, browser: TestClient) -> None:
        self._browser = browser
        self.last: Answer | None = None

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        answer = self._browser.request(method, path, headers=dict(headers or {}), content=body)
        self.last = Answer(answer.status_code, dict(answer.headers), answer.content)
        return self.last


def application(tracker: Tracker, vouched: Vouched) -> Application:
    """Return an application with the protocol alone."""
    return assemble(
        [ProtocolApi(tracker, "XA").routes()],
        edge=Edge("Aralia", "0.1", frozenset({"testserver"})),
        keepers=Keepers(bearers=vouched),
    )


def over_http(tracker: Tracker) -> Client:
    """Return `tracker` as another site sees it."""
    vouched = Vouched()
    way = InProcess(TestClient(application(tracker, vouched)))
    return Client(way, instance="XA", token=vouched.token)


def at(clock: SetClock) -> datetime:
    """Return the present instant of the test."""
    return clock.now()
