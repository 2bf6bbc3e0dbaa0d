# SPDX-License-Identifier: EUPL-1.2
"""A portal beside a real provider, with registries that are made up, in one application."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from starlette.testclient import TestClient
from tests.blocks.identity.site import BY, ISSUER, MARI, WHY, Directory, made_keys, terms

from flagstone.blocks.identity.contract import Client, ClientAuthentication
from flagstone.blocks.identity.service.provider import Provider
from flagstone.blocks.identity.service.test_authenticator import TestAuthenticator
from flagstone.blocks.identity.store import SCHEMA as IDENTITY
from flagstone.blocks.identity.web.protocol import protocol_routes
from flagstone.blocks.identity.web.signing_out import sign_out_routes
from flagstone.blocks.identity.web.test_authenticator import authenticator_routes
from flagstone.blocks.portal.contract import LifeEvent
from flagstone.blocks.portal.model import Limits
from flagstone.blocks.portal.service.facts import PersonFacts
from flagstone.blocks.portal.service.life import LifeEvents
from flagstone.blocks.portal.service.sessions import PortalSessions
from flagstone.blocks.portal.service.signing_in import SigningIn
from flagstone.blocks.portal.service.sources import Source
from flagstone.blocks.portal.store import SCHEMA
from flagstone.blocks.portal.web.agency import Agency
from flagstone.blocks.portal.web.routes import MENU, Portal, portal_routes
from flagstone.blocks.registry.contract.faults import NotPermitted, RegisterMissing
from flagstone.blocks.registry.contract.record import Page, Query, Record
from flagstone.blocks.registry.contract.register import (
    Field,
    FieldType,
    Option,
    RegisterDefinition,
    RegisterKind,
)
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.kernel.audit import ActorKind, Caller, Reason
from flagstone.kernel.clock import SetClock
from flagstone.kernel.errors import Fault, Kind
from flagstone.kernel.ids import PersonCode
from flagstone.platform.crypto.jose import public_jwk
from flagstone.platform.crypto.keys import KeyKind, generate_secret_key, generate_signing_key
from flagstone.platform.http.application import Edge, Keepers, assemble
from flagstone.platform.http.assets import Assets
from flagstone.platform.http.client import Answer
from flagstone.platform.http.language import Languages
from flagstone.platform.http.look import read_look
from flagstone.platform.http.pages import LOCALE, Pages
from flagstone.platform.http.relying_party import Registration, RelyingParty
from flagstone.platform.storage.database import Database

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

ROOT = Path(__file__).parents[3]
BLOCKS = ROOT / "src" / "flagstone" / "blocks"
LOOK = ROOT / "countries" / "aralia" / "look"
AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


def words(text: str) -> dict[str, str]:
    return {"en": text, "et": f"{text} (et)", "ar": f"{text} (ar)"}


def made_field(code: str, kind: FieldType = FieldType.TEXT, **options: Any) -> Field:
    return Field(code, kind, words(code.replace("_", " ").capitalize()), **options)


PERSON_FIELDS = (
    made_field("personal_code", check="personal-code"),
    made_field("given_name"),
    made_field("family_name"),
    made_field("birth_date", FieldType.DATE),
    made_field("citizen", FieldType.BOOLEAN),
    made_field(
        "status",
        FieldType.CATALOGUE,
        options=(Option("alive", {"en": "Alive", "et": "Elus", "ar": "على قيد الحياة"}),),
    ),
    made_field("languages", FieldType.LIST, items=made_field("language")),
    made_field("home", FieldType.OBJECT, properties=(made_field("street"), made_field("district"))),
    made_field("nothing"),
)
INDIVIDUALS = RegisterDefinition(
    "individuals",
    "1.0",
    {"en": "Population register", "et": "Rahvastikuregister", "ar": "سجل السكان"},
    RegisterKind.INDIVIDUALS,
    "XA/GOV/1",
    PERSON_FIELDS,
    owner_name={"en": "Ministry of the Interior", "et": "Siseministeerium", "ar": "وزارة الداخلية"},
    persons=("personal_code",),
    display=("given_name", "family_name"),
)
PERMITS = RegisterDefinition(
    "driving",
    "1.0",
    {"en": "Driving licences", "et": "Juhiload", "ar": "رخص القيادة"},
    RegisterKind.OTHER,
    "XA/GOV/2",
    (made_field("personal_code"), made_field("points", FieldType.INTEGER, unit="points")),
    persons=("personal_code",),
)
SERVICES = RegisterDefinition(
    "processes",
    "1.0",
    words("Services"),
    RegisterKind.PROCESSES,
    "XA/GOV/1",
    (made_field("name"),),
    key="code",
    display=("name",),
)


def record(register: str, record_id: str, **data: Any) -> Record:
    return Record(register, record_id, "1.0", 1, data, date(2020, 1, 1), AT)


MARIS = (
    record("driving", "D-1", personal_code=MARI, points=1200),
    record(
        "individuals",
        "P-1",
        personal_code=MARI,
        given_name="Mari",
        family_name="<Maasikas>",
        birth_date="1980-01-01",
        citizen=True,
        status="alive",
        languages=["Estonian", "English"],
        home={"street": "Long street 1", "district": "Harbour"},
        nothing=None,
    ),
)
EVENTS = (
    LifeEvent("moving", words("Moving home"), words("Tell us once."), ("address", "unknown")),
    LifeEvent("losing", words("Losing somebody"), words("We are sorry."), ()),
)


class RegistryDown(Fault):
    """Stands for a registry that cannot be reached."""

    kind = Kind.UNAVAILABLE


@dataclass
class FakeRegistry:
    """Keeps the part of the registry's promise that the portal leans on, and what it was asked."""

    records: Sequence[Record] = MARIS
    asked: list[tuple[Caller, Reason]] = field(default_factory=list)
    down: bool = False

    def definitions(self, caller: Caller) -> tuple[RegisterDefinition, ...]:
        if self.down:
            raise RegistryDown
        return (PERMITS, INDIVIDUALS, SERVICES)

    def facts_about(self, caller: Caller, person: PersonCode, reason: Reason) -> tuple[Record, ...]:
        if caller.actor.id != person or caller.actor.kind is not ActorKind.PERSON:
            raise NotPermitted
        if self.down:
            raise RegistryDown
        self.asked.append((caller, reason))
        return tuple(each for each in self.records if each.data["personal_code"] == person)

    def find(self, caller: Caller, register: str, query: Query, reason: Reason) -> Page:
        if self.down:
            raise RegistryDown
        if register != "processes":
            raise RegisterMissing
        found = record("processes", "address", name="New address", name_et="Uus aadress", proactive=True)
        return Page((found,), 1, query.page, query.page_size)


class Door:
    """The way to the provider, without a network; `broken` makes it answer with errors."""

    def __init__(self) -> None:
        self.client: TestClient | None = None
        self.broken = False
        self.changes: dict[str, Any] = {}
        self.calls: list[str] = []

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        assert self.client is not None
        self.calls.append(path)
        if path in self.changes:
            return self.changes[path]  # type: ignore[no-any-return]
        answer = self.client.request(method, path, headers=dict(headers or {}), content=body)
        return Answer(503 if self.broken else answer.status_code, dict(answer.headers), answer.content)


@dataclass
class Site:
    """The whole: what the tests drive and what they look at."""

    app: Any
    browser: TestClient
    provider: Provider
    sessions: PortalSessions
    party: RelyingParty
    registry: FakeRegistry
    other: FakeRegistry
    database: Database
    clock: SetClock
    door: Door

    def another_browser(self) -> TestClient:
        return TestClient(self.app, base_url=ISSUER, follow_redirects=False)

    def sign_in(
        self,
        person: str = MARI,
        *,
        browser: TestClient | None = None,
        office: int | None = None,
        to: str = "/me",
    ) -> Any:
        """Go the whole way in a browser, and return the last answer, which leads to `to`."""
        browser = browser or self.browser
        asked = browser.get("/sign-in", params={"return_to": to})
        at_provider = browser.get(asked.headers["location"])
        address = at_provider.headers["location"]
        if address.startswith("/authenticate"):
            page = browser.get(address)
            form = {"choice": person if office is None else f"{person}/{office}", **hidden(page.text)}
            address = browser.post("/authenticate/test/choose", data=form).headers["location"]
        return browser.get(address)


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of a page."""
    return dict(re.findall(r'<input type="hidden" name="(csrf|request)" value="([^"]*)">', page))


def client(key: Any) -> Client:
    return Client(
        id="portal",
        name=words("Portal"),
        authentication=ClientAuthentication.PRIVATE_KEY_JWT,
        redirect_uris=(ISSUER + "/sign-in/return",),
        post_logout_redirect_uris=(ISSUER + "/signed-out",),
        backchannel_logout_uri=ISSUER + "/sign-out/notice",
        scopes=frozenset({"openid", "profile", "personal_code", "roles"}),
        jwks=({name: str(value) for name, value in public_jwk(key.public).items()},),
    )


def made_pages() -> Pages:
    languages = Languages(["en", "et", "ar"], [LOCALE, BLOCKS / "identity/locale", BLOCKS / "portal/locale"])
    folders = [BLOCKS / "identity/templates", BLOCKS / "portal/templates"]
    return Pages(read_look(LOOK), languages, Assets(LOOK), folders, menu=MENU)


def make_site(
    open_database: OpenDatabase,
    folder: Path,
    clock: SetClock,
    *,
    limits: Limits | None = None,
    agency: Agency | None = None,
) -> Site:
    shutil.copytree(made_keys(), folder / "keys")
    provider = Provider(open_database(IDENTITY), folder / "keys", terms(), clock)
    key, secret = generate_signing_key(KeyKind.EC_P256), generate_secret_key()
    provider.clients.add(client(key), BY, WHY)
    database, door = open_database(SCHEMA), Door()
    registration = Registration(
        ISSUER,
        "portal",
        ISSUER + "/sign-in/return",
        ISSUER + "/signed-out",
        ("openid", "profile", "personal_code", "roles"),
        key,
    )
    party = RelyingParty(registration, door, clock)
    beside = provider if agency is None else None  # an agency's site is not the one that signs in
    sessions = PortalSessions(database, secret, limits or Limits(), clock, identity=beside)
    registry, other = FakeRegistry(), FakeRegistry(records=())
    known, silent = cast("Registry", registry), cast("Registry", other)
    sources = [
        Source.here("interior", words("Registers of the state"), known),
        Source.here("health", words("Health registers"), silent),
    ]
    portal = Portal(
        sessions,
        SigningIn(party, secret, clock),
        party,
        PersonFacts(sources),
        LifeEvents(EVENTS, known),
    )
    pages = made_pages()
    routes = [
        pages.routes(),
        pages.assets.routes(),
        *portal_routes(portal, pages, agency),
        protocol_routes(provider, pages.languages),
        sign_out_routes(provider, pages),
        authenticator_routes(provider, pages, TestAuthenticator(Directory(), [], sandbox=True)),
    ]
    keepers = Keepers(pages=pages, sessions=sessions, bearers=provider.bearers)
    app = assemble(routes, edge=Edge("Test", "1", hosts=None), keepers=keepers)
    browser = TestClient(app, base_url=ISSUER, follow_redirects=False)
    door.client = TestClient(app, base_url=ISSUER, follow_redirects=False)
    return Site(app, browser, provider, sessions, party, registry, other, database, clock, door)
