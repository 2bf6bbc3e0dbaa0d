# SPDX-License-Identifier: EUPL-1.2
"""Tiny: two small registers and their first content. Set TINY_PAUSE to seconds for a slow making."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aralia
from flagstone.blocks.registry.contract.register import RegisterDefinition
from flagstone.blocks.registry.model.definition_reader import parse_definition
from flagstone.country import Country, Row, TestPerson
from flagstone.kernel.ids import PersonCode

LOOK = Path(str(aralia.__file__)).parent / "look"
ALL = ["list", "read", "exists", "create", "update", "archive", "history", "import", "export", "read-log"]


def text(code: str, title: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "type": "text", "title": {"en": title}, **more}


PERSONS: dict[str, Any] = {
    "code": "individuals",
    "version": "1.0",
    "kind": "individuals",
    "title": {"en": "Persons"},
    "owner": "XT/GOV/1",
    "legal_basis": "Persons Act § 1",
    "id_prefix": "P-",
    "persons": ["personal_code"],
    "display": ["given_name", "family_name"],
    "fields": [
        text("personal_code", "Personal code", required=True, unique=True, personal=True, filter=True),
        text("given_name", "Given name", personal=True, search=True),
        text("family_name", "Family name", personal=True, search=True),
        text("birth_date", "Date of birth", personal=True),
        text("status", "Status", filter=True),
        text("secret", "Secret", personal=True, secret=True, read_roles=["registrar"]),
    ],
    "permits": {
        "self": ["read", "history", "read-log"],
        "identity": ["list", "read"],
        "registrar": ALL,
    },
}
PLACES: dict[str, Any] = {
    "code": "places",
    "version": "1.0",
    "kind": "locations",
    "title": {"en": "Places"},
    "owner": "XT/GOV/1",
    "key": "code",
    "fields": [text("code", "Code", required=True), text("name", "Name", required=True, search=True)],
    "permits": {"anyone": ["list", "read", "exists"], "registrar": ALL},
}
NAMES = ("Ada", "Bo", "Cleo", "Dag", "Eva", "Finn", "Gry", "Hal")


def definitions() -> tuple[RegisterDefinition, ...]:
    return (parse_definition(PERSONS), parse_definition(PLACES))


def rows(register: str) -> Iterator[Row]:
    if register == "places":
        yield from ({"code": f"T-{number}", "name": f"Place {number}"} for number in range(3))
        return
    for number, name in enumerate(NAMES):
        time.sleep(float(os.environ.get("TINY_PAUSE", "0")))
        yield {
            "personal_code": f"4800101000{number}",
            "given_name": name,
            "family_name": "Tiny",
            "birth_date": "1980-01-01",
            "status": "alive",
            "secret": f"secret {number}",
        }


def test_persons() -> tuple[TestPerson, ...]:
    part, hint = {"en": "A person"}, {"en": "look at your facts [bold]here[/]"}
    return (TestPerson(PersonCode("48001010000"), "Ada Tiny", part, hint),)


COUNTRY = Country(
    code="tiny",
    instance="XT",
    name={"en": "Tiny"},
    languages=("en",),
    sandbox=True,
    look=LOOK,
    definitions=definitions,
    rows=rows,
    test_persons=test_persons,
)
