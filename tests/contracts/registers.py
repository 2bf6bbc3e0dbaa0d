# SPDX-License-Identifier: EUPL-1.2
"""Registers and callers that the registry's contract suite works with."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from flagstone.blocks.registry.contract.record import Query, Record
from flagstone.blocks.registry.contract.register import RegisterDefinition
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.model.definition_reader import parse_definition
from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason, job

MARI, JAAN, OFFICER = "48001010001", "37502020002", "36003030003"
CHECKS = {"personal-code": lambda text: len(text) == 11 and text.isdigit()}
WHY = Reason("Handling a case", message_reference="case-7")

ALL = [
    "list",
    "read",
    "exists",
    "create",
    "update",
    "bulk",
    "archive",
    "history",
    "import",
    "export",
    "read-log",
]

PLACES: dict[str, Any] = {
    "code": "places",
    "version": "1.0",
    "title": {"en": "Places"},
    "kind": "locations",
    "owner": "XA/GOV/10000002",
    "key": "code",
    "geometry": ["longitude", "latitude"],
    "fields": [
        {"code": "code", "type": "text", "title": {"en": "Code"}, "required": True, "filter": True},
        {
            "code": "name",
            "type": "text",
            "title": {"en": "Name"},
            "required": True,
            "search": True,
            "filter": True,
        },
        {"code": "longitude", "type": "decimal", "title": {"en": "Longitude"}},
        {"code": "latitude", "type": "decimal", "title": {"en": "Latitude"}},
        {
            "code": "residents",
            "type": "integer",
            "title": {"en": "Residents"},
            "filter": True,
            "minimum": "0",
        },
        {"code": "area", "type": "decimal", "title": {"en": "Area"}, "filter": True},
        {"code": "is_town", "type": "boolean", "title": {"en": "Town"}, "filter": True},
        {
            "code": "survey",
            "type": "text",
            "title": {"en": "Survey"},
            "filter": True,
            "read_roles": ["registrar"],
        },
    ],
    "permits": {"anyone": ["list", "read", "exists"], "registrar": ALL},
}

PEOPLE: dict[str, Any] = {
    "code": "people",
    "version": "1.0",
    "title": {"en": "People"},
    "kind": "individuals",
    "owner": "XA/GOV/10000001",
    "legal_basis": "People Act § 1",
    "id_prefix": "P-",
    "persons": ["personal_code"],
    "display": ["given_name"],
    "fields": [
        {
            "code": "personal_code",
            "type": "text",
            "title": {"en": "Personal code"},
            "required": True,
            "unique": True,
            "personal": True,
            "check": "personal-code",
        },
        {
            "code": "given_name",
            "type": "text",
            "title": {"en": "Given name"},
            "search": True,
            "length_max": 50,
        },
        {"code": "born", "type": "date", "title": {"en": "Born"}, "filter": True},
        {"code": "address", "type": "text", "title": {"en": "Address"}, "filter": True},
        {
            "code": "note",
            "type": "text",
            "title": {"en": "Note"},
            "secret": True,
            "read_roles": ["self", "registrar"],
        },
        {
            "code": "languages",
            "type": "list",
            "title": {"en": "Languages"},
            "items": {"code": "item", "type": "text", "title": {"en": "Language"}},
        },
    ],
    "links": [{"field": "address", "register": "places"}],
    "permits": {
        "self": ["read", "history", "read-log"],
        "clerk": ["list", "read", "exists", "history"],
        "registrar": ALL,
    },
}


def definition(data: Mapping[str, Any], **changes: Any) -> RegisterDefinition:
    """Return the definition that `data` with `changes` describes."""
    return parse_definition(deepcopy({**data, **changes}))


def changed_field(data: Mapping[str, Any], code: str, /, **changes: Any) -> list[dict[str, Any]]:
    """Return the fields of `data` with one of them changed."""
    return [{**one, **changes} if one["code"] == code else dict(one) for one in data["fields"]]


def official(*roles: str) -> Caller:
    """Return an official with `roles`."""
    actor = Actor(ActorKind.OFFICIAL, OFFICER, "Officer", "10000001", "")
    return Caller(actor, frozenset({"signed-in", *roles}))


def person(code: str) -> Caller:
    """Return a person in her own matter."""
    return Caller(Actor(ActorKind.PERSON, code, "Somebody"), frozenset({"signed-in"}))


def system(*roles: str, **actor: str) -> Caller:
    """Return an information system of another agency with `roles`."""
    name = "XA/GOV/10000136/desk"
    known = Actor(ActorKind.SYSTEM, name, organisation="XA/GOV/10000136", system=name, **actor)
    return Caller(known, frozenset(roles))


SITE = Caller(job("seeding"))
REGISTRAR, CLERK, ANALYST = official("registrar"), official("clerk"), official("analyst")
NOBODY = Caller(Actor(ActorKind.SYSTEM, "anonymous"))


def place(registry: Registry, code: str, **data: Any) -> Record:
    """Register a place and return it."""
    return registry.create(REGISTRAR, "places", {"code": code, "name": f"Place {code}", **data}, WHY)


def someone(registry: Registry, code: str = MARI, **data: Any) -> Record:
    """Register a person and return her record."""
    return registry.create(REGISTRAR, "people", {"personal_code": code, **data}, WHY)


def ids(registry: Registry, caller: Caller, register: str, **query: Any) -> list[str]:
    """Return the ids of the records that a query finds."""
    return [record.id for record in registry.find(caller, register, Query(**query), WHY).records]
