# SPDX-License-Identifier: EUPL-1.2
"""The 57 behaviours that the published Digital Registries suite asks for, each against real storage.

The names, numbers and records are our own. Each case first sends the request as the suite's client
does by mistake, without its body, which must change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from tests.blocks.registry.web.sites import api_site, real_registry

from flagstone.blocks.registry.web.dialect import (
    CALLER,
    PREFIX,
    REASON,
    Dialect,
    from_dialect,
)

REGISTER = f"{PREFIX}/data/registryname/111"
CLIENT = {"Information-Mediator-Client": "XA/GOV/90000009/conformance"}

PEOPLE = [
    ("u-01", "XA1001", "Liis", "Lepik", "BC-01"),
    ("u-02", "XA1002", "Liis", "Saar", "BC-02"),
    ("u-03", "XA1003", "Omar", "Haddad", "BC-03"),
    ("u-04", "XA1004", "Noor", "Haddad", "BC-04"),
    ("u-05", "XA1005", "Kofi", "Mensah", "BC-05"),
    ("u-06", "XA1006", "Mei Lin", "Wong", "BC-06"),
    ("u-07", "XA1007", "Jaan", "Tamm", "BC-07"),
    ("u-08", "XA1007", "Juta", "Tamm", "BC-08"),  # identifiers are not unique in the suite's data
]


class Suite:
    """Sends a request twice, first without its body, and hands back the second answer."""

    def __init__(self, site: TestClient) -> None:
        self.site = site

    def send(self, method: str, path: str, body: Any = None, **query: str) -> httpx2.Response:
        if body is not None:
            assert self.site.request(method, path).status_code == 400
        return self.site.request(method, path, json=body, params=query)

    def contents(self) -> list[dict[str, str]]:
        return list(self.send("GET", REGISTER).json()["results"])


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Suite]:
    """The dialect over a register on disk that holds `PEOPLE`."""
    with real_registry(tmp_path) as registry:
        for _ in range(2):
            Dialect(registry).prepare()
        names = ("uuid", "national_id", "given_name", "family_name", "birth_certificate")
        rows = [dict(zip(names, person, strict=True)) for person in PEOPLE]
        registry.create_many(CALLER, "registryname", rows, REASON)
        yield Suite(TestClient(api_site(registry), headers=CLIENT))


def person(number: str, given: str, family: str, certificate: str) -> dict[str, str]:
    return {"ID": number, "FirstName": given, "LastName": family, "BirthCertificateID": certificate}


def is_json(answer: httpx2.Response, status: int = 200) -> bool:
    return answer.status_code == status and "application/json" in answer.headers["content-type"]


NEW = [
    person("2001", "Ada", "Ilves", "BC-91"),
    person("2002", "Bo", "Kivi", "BC-92"),
    person("2003", "Cem", "Demir", "BC-93"),
    person("2004", "Dua", "Nasser", "BC-94"),
    person("2005", "Eve", "Mets", "BC-95"),
]


@pytest.mark.parametrize("new", NEW, ids=lambda new: new["ID"])
def test_create_registers_a_record(suite: Suite, new: dict[str, str]) -> None:
    answer = suite.send("POST", f"{REGISTER}/create", {"write": {"content": new}})
    assert is_json(answer)
    assert answer.json() == {"content": new}
    assert new in suite.contents()


@pytest.mark.parametrize("number", ["XA1001", "XA1002", "XA1007", "%7Bid%7D"])
def test_delete_answers_204_also_for_what_is_not_there(suite: Suite, number: str) -> None:
    for _ in range(2):
        answer = suite.send("DELETE", f"{REGISTER}/{number}/delete")
        assert (answer.status_code, answer.content) == (204, b"")
    assert number not in {each["ID"] for each in suite.contents()}


def test_exists_says_true_for_a_bare_example(suite: Suite) -> None:
    answer = suite.send("POST", f"{REGISTER}/exists", person("XA1003", "Omar", "Haddad", "BC-03"))
    assert is_json(answer)
    assert answer.json()["answer"] == {"status": True, "message": "Object found from database"}
    wrapped = {"query": {"content": person("XA1003", "Omar", "Haddad", "BC-03")}}
    assert suite.send("POST", f"{REGISTER}/exists", wrapped).json()["answer"]["status"] is True


@pytest.mark.parametrize("given", ["Noor", "Kofi", "Liis", "Nobody"])
def test_exists_says_false_when_one_value_differs(suite: Suite, given: str) -> None:
    answer = suite.send("POST", f"{REGISTER}/exists", person("XA1003", given, "Haddad", "BC-03"))
    assert is_json(answer)
    assert answer.json()["answer"] == {"status": False, "message": "Object not found from database"}


def test_list_counts_what_it_shows(suite: Suite) -> None:
    answer = suite.send("GET", REGISTER)
    assert is_json(answer)
    assert answer.json()["count"] == len(answer.json()["results"]) == len(PEOPLE)
    assert answer.json().get("next", "") is not None


@pytest.mark.parametrize(
    ("given", "ordering", "found"),
    [
        ("Liis", "ascending", 2),
        ("Omar", "descending", 1),
        ("Mei Lin", "ascending", 1),
        ("Xu", "descending", 0),
    ],
)
def test_list_keeps_only_what_equals_the_filtered_field(
    suite: Suite, given: str, ordering: str, found: int
) -> None:
    answer = suite.send("GET", REGISTER, search=given, filter="FirstName", ordering=ordering)
    assert is_json(answer)
    assert [each["FirstName"] for each in answer.json()["results"]] == [given] * found
    assert answer.json()["count"] == found


def test_list_of_an_empty_register_is_empty(suite: Suite) -> None:
    answer = suite.send("GET", REGISTER.replace("registryname", "registryempty"))
    assert is_json(answer)
    assert (answer.json()["count"], answer.json()["results"]) == (0, [])


USAGE = f"{PREFIX}/data/MyPersonalDataUsage/1.0"


@pytest.mark.parametrize("number", ["XA1001", "XA1002", "XA1003", "XA1004"])
def test_usage_names_who_read_the_person(suite: Suite, number: str) -> None:
    before = len(suite.send("GET", USAGE, userID=number, DatabaseID="MCTS").json())
    suite.send("POST", f"{REGISTER}/read", {"query": {"content": {"ID": number}}})
    answer = suite.send("GET", USAGE, userID=number, DatabaseID="MCTS")
    assert is_json(answer)
    assert len(answer.json()) == before + 1
    reading = answer.json()[0]
    assert reading["ReaderApplicationName"] == CLIENT["Information-Mediator-Client"]
    assert reading["Refrences"] == [{"ReferenceID": f"u-0{number[-1]}"}]


def test_usage_refuses_a_malformed_person(suite: Suite) -> None:
    assert suite.send("GET", USAGE, userID="...", DatabaseID="MCTS").status_code == 400


def test_usage_refuses_a_malformed_register(suite: Suite) -> None:
    assert suite.send("GET", USAGE, userID="XA1001", DatabaseID="...").status_code == 400


def test_read_finds_by_a_name_of_two_words(suite: Suite) -> None:
    answer = suite.send("POST", f"{REGISTER}/read", {"query": {"content": {"FirstName": "Mei Lin"}}})
    assert is_json(answer)
    assert answer.json()["content"] == person("XA1006", "Mei Lin", "Wong", "BC-06")


@pytest.mark.parametrize(
    ("name", "value"),
    [("ID", "XA1007"), ("FirstName", "Kofi"), ("LastName", "Haddad"), ("BirthCertificateID", "BC-04")],
)
def test_read_finds_by_one_field(suite: Suite, name: str, value: str) -> None:
    answer = suite.send("POST", f"{REGISTER}/read", {"query": {"content": {name: value}}})
    assert is_json(answer)
    assert answer.json()["content"][name] == value
    assert answer.json()["content"].keys() == person("", "", "", "").keys()


def test_read_finds_by_all_fields(suite: Suite) -> None:
    wanted = person("XA1005", "Kofi", "Mensah", "BC-05")
    answer = suite.send("POST", f"{REGISTER}/read", {"query": {"content": wanted}})
    assert is_json(answer)
    assert answer.json()["content"] == wanted


def test_read_says_no_record_found(suite: Suite) -> None:
    answer = suite.send("POST", f"{REGISTER}/read", {"query": {"content": {"FirstName": "Nobody"}}})
    assert is_json(answer, 404)
    assert answer.json() == {"detail": "no record found"}


def test_read_value_is_a_bare_string(suite: Suite) -> None:
    answer = suite.send("GET", f"{REGISTER}/u-06/read-value/FirstName.json")
    assert is_json(answer)
    assert answer.json() == "Mei Lin"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (PEOPLE[0], person("XA3001", "Elo", "Rand", "BC-31")),
        (PEOPLE[2], person("XA1003", "Omar", "Nasser", "BC-03")),
        (PEOPLE[4], person("XA1005", "Kwame", "Mensah", "BC-55")),
        (PEOPLE[6], person("XA1007", "Juhan", "Tamm", "BC-07")),
    ],
)
def test_update_overwrites_a_record_and_may_be_repeated(
    suite: Suite, before: tuple[str, ...], after: dict[str, str]
) -> None:
    body = {"query": {"content": person(*before[1:])}, "write": {"content": after}}
    for _ in range(2):
        assert suite.send("PUT", f"{REGISTER}/update", body).status_code == 200
    assert suite.contents().count(after) == 1
    assert person(*before[1:]) not in suite.contents()


@pytest.mark.parametrize(
    ("query", "write", "changed"),
    [
        ({"FirstName": "Liis"}, {"FirstName": "Liisa"}, 2),
        ({"FirstName": "Noor"}, {"FirstName": "Nour"}, 1),
        ({"FirstName": "Nobody"}, {"FirstName": "Somebody"}, 0),
        (person("XA1005", "Kofi", "Mensah", "BC-05"), person("XA1005", "Kojo", "Boateng", "BC-05"), 1),
    ],
)
def test_update_entries_changes_every_match_and_may_be_repeated(
    suite: Suite, query: dict[str, str], write: dict[str, str], changed: int
) -> None:
    body = {"query": {"content": query}, "write": {"content": write}}
    for _ in range(2):
        assert suite.send("PUT", f"{REGISTER}/update-entries", body).status_code == 200
    assert sum(write.items() <= each.items() for each in suite.contents()) == changed


@pytest.mark.parametrize("new", NEW[:2], ids=lambda new: new["ID"])
def test_update_or_create_registers_what_is_not_there(suite: Suite, new: dict[str, str]) -> None:
    body = {"query": {"content": new}, "write": {"content": new}}
    answer = suite.send("POST", f"{REGISTER}/update-or-create", body)
    assert is_json(answer)
    assert answer.json() == {"content": new}
    assert suite.contents().count(new) == 1


@pytest.mark.parametrize("at", [0, 3])
def test_update_or_create_changes_what_is_there(suite: Suite, at: int) -> None:
    number, *rest = PEOPLE[at][1:]
    after = person(number, "Uku", "Uus", rest[2])
    body = {"query": {"content": person(number, *rest)}, "write": {"content": after}}
    answer = suite.send("POST", f"{REGISTER}/update-or-create", body)
    assert is_json(answer)
    assert answer.json() == {"content": after}
    assert len(suite.contents()) == len(PEOPLE)


@pytest.mark.parametrize("number", [5, 75, 99123, 4_000_111_222])
def test_database_delete_says_success_for_any_number(suite: Suite, number: int) -> None:
    answer = suite.send("DELETE", f"{PREFIX}/database/{number}")
    assert is_json(answer)
    assert answer.json() == "Success"
    assert suite.contents()


def test_databases_is_one_group_with_its_databases(suite: Suite) -> None:
    answer = suite.send("GET", f"{PREFIX}/databases")
    assert is_json(answer)
    known = {"id", "name", "code", "databases", "group_id", "order", "data_index_increment"}
    assert answer.json().keys() <= known
    assert answer.json()["databases"][0]["name"] == "registryname"


def test_database_modify_takes_loose_types_and_may_be_repeated(suite: Suite) -> None:
    leaf = {"type": "a sort of string", "description": "Guardian", "id": 7}
    schema = {
        "type": "a sort of object",
        "properties": {
            "ID": {"type": "a sort of string", "primaryKey": True, "triggers": []},
            "Ward": {"type": "a sort of string", "properties": {"Guardian": leaf}},
        },
        "required": ["ID"],
        "incrementIndex": 4,
    }
    body = {"group_name": "Care", "catalog_name": "Wards", "code": "WRD", "schema": schema}
    for _ in range(2):
        answer = suite.send("POST", f"{PREFIX}/database/modify", body)
        assert is_json(answer)
        assert answer.json()["properties"]["ward"]["type"] == "object"


@pytest.mark.parametrize("number", [1, 12, 345, 6_789_012_345, 9_007_199_254])
def test_database_is_shown_under_any_number(suite: Suite, number: int) -> None:
    answer = suite.send("GET", f"{PREFIX}/database/{number}")
    assert is_json(answer)
    assert answer.json()["id"] == number
    assert "number_format" in answer.json()


def test_the_dialect_reaches_no_other_register_and_knows_no_other_field(suite: Suite) -> None:
    assert suite.send("GET", REGISTER.replace("registryname", "individuals")).status_code == 404
    wrong = {"write": {"content": {"Shoe": "39"}}}
    assert suite.site.post(f"{REGISTER}/create", json=wrong).status_code == 400
    assert from_dialect({"ID": "x"}) == {"national_id": "x"}


def test_the_dialect_wants_the_client_header(suite: Suite) -> None:
    for header in ("", "only/three/parts", "A/B/C/D/E"):
        answer = suite.site.get(REGISTER, headers={"Information-Mediator-Client": header})
        assert answer.status_code == 400
