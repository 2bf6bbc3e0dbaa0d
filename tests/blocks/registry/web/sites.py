# SPDX-License-Identifier: EUPL-1.2
"""A small site around a registry, with callers that tests may be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient
from tests.empty import placed

from flagstone.blocks.registry.contract.register import RegisterDefinition
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.model.definition_reader import parse_definition
from flagstone.blocks.registry.service.registry import Service
from flagstone.blocks.registry.store.tables import SCHEMA
from flagstone.blocks.registry.web.caller import Purposes
from flagstone.blocks.registry.web.correction import Correction
from flagstone.blocks.registry.web.data import DataApi
from flagstone.blocks.registry.web.database import DatabaseApi
from flagstone.blocks.registry.web.desk import Desk
from flagstone.blocks.registry.web.dialect import Dialect
from flagstone.blocks.registry.web.registers import RegistersApi
from flagstone.blocks.registry.web.searches import Searches
from flagstone.blocks.registry.web.transfer import Transfer
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason, job
from flagstone.kernel.clock import SetClock
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.application import Edge, Keepers, assemble
from flagstone.platform.http.assets import Assets
from flagstone.platform.http.language import Languages
from flagstone.platform.http.look import read_look
from flagstone.platform.http.pages import LOCALE, Pages
from flagstone.platform.http.principal import Principal
from flagstone.platform.storage.database import Database

ROOT = Path(__file__).parents[4]
REGISTRY = ROOT / "src/flagstone/blocks/registry"
LOOK = ROOT / "countries/aralia/look"
CLOCK = SetClock(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))
SYSTEM = "XA/GOV/10000001/population"
HEADERS = {"Authorization": "Bearer registrar", "Information-Mediator-Client": SYSTEM}
WHY = {"Flagstone-Purpose": "moving%20house", "Flagstone-Legal-Basis": "Act%20%C2%A7%2012"}
PERSON = "49001010001"

EVERYTHING = [
    "list", "read", "exists", "create", "update", "bulk", "archive", "history", "import", "export",
    "read-log",
]  # fmt: skip

PEOPLE = parse_definition(
    {
        "code": "people",
        "version": "1.0",
        "kind": "individuals",
        "title": {"en": "People", "et": "Inimesed", "ar": "الناس"},
        "owner": "XA/GOV/10000001",
        "owner_name": {"en": "Ministry"},
        "legal_basis": "Population Register Act § 12",
        "id_prefix": "P-",
        "persons": ["personal_code"],
        "display": ["given_name", "family_name"],
        "fields": [
            {"code": "personal_code", "type": "text", "title": {"en": "Personal code"}, "required": True,
             "unique": True, "personal": True, "filter": True},
            {"code": "given_name", "type": "text", "title": {"en": "Given name"}, "search": True,
             "filter": True, "personal": True},
            {"code": "family_name", "type": "text", "title": {"en": "Family name"}, "search": True,
             "filter": True, "personal": True},
            {"code": "born", "type": "date", "title": {"en": "Born"}},
            {"code": "status", "type": "catalogue", "title": {"en": "Status"}, "filter": True,
             "options": [{"code": "alive", "title": {"en": "Alive"}},
                         {"code": "dead", "title": {"en": "Dead"}}]},
            {"code": "nationalities", "type": "list", "title": {"en": "Nationalities"},
             "items": {"code": "item", "type": "text", "title": {"en": "Nationality"}}},
        ],
        "permits": {"registrar": EVERYTHING, "clerk": ["list", "read", "history"],
                    "self": ["read", "history", "read-log"]},
    }
)  # fmt: skip

PLACES = parse_definition(
    {
        "code": "places",
        "version": "1.0",
        "kind": "locations",
        "title": {"en": "Places"},
        "owner": "XA/GOV/10000002",
        "key": "code",
        "display": ["name"],
        "geometry": ["longitude", "latitude"],
        "fields": [
            {"code": "code", "type": "text", "title": {"en": "Code"}, "required": True, "unique": True},
            {"code": "name", "type": "text", "title": {"en": "Name"}, "search": True, "filter": True},
            {"code": "longitude", "type": "decimal", "title": {"en": "Longitude"}},
            {"code": "latitude", "type": "decimal", "title": {"en": "Latitude"}},
        ],
        "permits": {"registrar": EVERYTHING, "anyone": ["list", "read"]},
    }
)  # fmt: skip


class Unsealed:
    """A sealer for tests: secret fields stay as they are."""

    def seal(self, context: str, plaintext: bytes) -> bytes:
        return plaintext

    def open(self, context: str, sealed: bytes) -> bytes:
        return sealed


@contextmanager
def real_registry(folder: Path, *definitions: RegisterDefinition) -> Iterator[Service]:
    """Give a registry on SQLite in `folder` in which `definitions` are published."""
    where = placed(SCHEMA, folder / "registry.sqlite")
    database = Database(SCHEMA, where, "aralia/test/registry", clock=CLOCK)
    service = Service(database, Unsealed(), {})
    for definition in definitions:
        service.publish(Caller(job("setup")), definition, Reason("setting up"))
    try:
        yield service
    finally:
        database.close()


class Tokens:
    """Bearer tokens and session cookies named after the role they give."""

    def find(self, token: str) -> Principal | None:
        if token == "person":
            actor = Actor(ActorKind.PERSON, id=PERSON, name="Mari Maasikas")
            return Principal(Caller(actor, frozenset({"self", "signed-in"})), PersonCode(PERSON), actor.name)
        if token == "analyst":
            return machine({"analyst", "registrar"})
        return (
            machine({"registrar"})
            if token == "registrar"
            else machine({"clerk"})
            if token == "clerk"
            else None
        )


def machine(roles: set[str]) -> Principal:
    return Principal(Caller(Actor(ActorKind.SYSTEM, id="machine", name="Population desk"), frozenset(roles)))


def api_site(registry: Registry) -> FastAPI:
    """Return an application with every machine surface of the registry."""
    declared = Purposes({"declared": Reason("as declared")})
    routes = [
        DataApi(registry, declared, Searches(CLOCK)).routes(),
        DatabaseApi(registry, declared).routes(),
        RegistersApi(registry, declared).routes(),
        Dialect(registry).routes(),
    ]
    edge = Edge("Aralia", "0.1", frozenset({"testserver"}))
    return assemble(routes, edge=edge, keepers=Keepers(sessions=Tokens(), bearers=Tokens()))


def client(registry: Registry) -> TestClient:
    return TestClient(api_site(registry), headers={**HEADERS, **WHY})


class Officials:
    """Sessions whose cookie names the role: a registrar or a clerk of the Ministry of the Interior."""

    def __init__(self, language: str | None = None) -> None:
        self.language = language

    def find(self, token: str) -> Principal | None:
        actor = Actor(ActorKind.OFFICIAL, "48001010002", "Kadri Kask", "XA/GOV/10000001")
        caller = Caller(actor, frozenset({token, "signed-in"}))
        return Principal(caller, PersonCode(actor.id), actor.name, token, f"csrf-{token}", self.language)


def desk_site(registry: Registry, *, language: str | None = None) -> FastAPI:
    """Return an application with the registry desk in Aralia's look and its three languages."""
    languages = Languages(["en", "et", "ar"], [REGISTRY / "locale", LOCALE])
    assets = Assets(LOOK)
    pages = Pages(read_look(LOOK), languages, assets, [REGISTRY / "templates"])
    searches = Searches(CLOCK)
    desk = Desk(registry, pages, searches)
    routes = [
        assets.routes(),
        pages.routes(),
        desk.routes(),
        Correction(registry, pages, desk).routes(),
        Transfer(registry, pages, CLOCK).routes(),
    ]
    edge = Edge("Aralia", "0.1", frozenset({"testserver", "127.0.0.1"}))
    return assemble(routes, edge=edge, keepers=Keepers(pages=pages, sessions=Officials(language)))


def official(registry: Registry, *, role: str = "registrar", language: str | None = None) -> TestClient:
    """Return a browser in which an official with `role` is signed in; forms carry their token by header."""
    return TestClient(
        desk_site(registry, language=language),
        cookies={"session": role, "__Host-session": role},
        headers={"X-CSRF-Token": f"csrf-{role}", "Accept": "text/html"},
    )
