# SPDX-License-Identifier: EUPL-1.2
"""GovStack's data and database APIs on real storage: purposes, examples, pages and refusals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from tests.blocks.registry.web.sites import (
    HEADERS,
    PEOPLE,
    PERSON,
    PLACES,
    SYSTEM,
    api_site,
    real_registry,
)
from tests.blocks.registry.web.sites import client as machine_client

from flagstone.blocks.registry.web.schema import database_id

ONE = "/data/people/1.0"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[TestClient]:
    """A registrar's information system with a purpose, and three people in the register."""
    with real_registry(tmp_path, PEOPLE, PLACES) as registry:
        site = machine_client(registry)
        for code, given in ((PERSON, "Mari"), ("38001010002", "Jaan"), ("48001010003", "Mari")):
            content = {"personal_code": code, "given_name": given, "family_name": "Kask"}
            assert site.post(f"{ONE}/create", json={"write": {"content": content}}).status_code == 200
        yield site


def example(**content: object) -> dict[str, object]:
    return {"query": {"content": content}}


def change(query: Mapping[str, object], write: Mapping[str, object]) -> dict[str, object]:
    return {"query": {"content": query}, "write": {"content": write}}


def test_a_client_without_header_token_or_purpose_is_turned_away(machine: TestClient) -> None:
    anonymous = TestClient(machine.app)
    assert anonymous.get(ONE).status_code == 401
    assert anonymous.get(ONE, headers={"Authorization": HEADERS["Authorization"]}).status_code == 400
    unsaid = anonymous.get(ONE, headers=HEADERS)
    assert (unsaid.status_code, unsaid.json()["code"]) == (400, "registry.purpose-missing")
    for wrong in ("A/B/C", "A/B/C/D/E", "A//C/D", "A/B/C/ä"):
        token = HEADERS["Authorization"].encode()
        named = {b"Authorization": token, b"Information-Mediator-Client": wrong.encode()}
        refused = anonymous.get(ONE, headers=named)
        assert refused.status_code == 400


def test_a_register_without_persons_needs_no_purpose(machine: TestClient) -> None:
    assert TestClient(machine.app).get("/data/places/1.0", headers=HEADERS).json()["count"] == 0


def test_the_system_and_purpose_are_what_the_person_reads(machine: TestClient) -> None:
    machine.post(f"{ONE}/read", json=example(personal_code=PERSON))
    herself = {**HEADERS, "Authorization": "Bearer person"}
    usage = {"userId": PERSON, "databaseId": "people"}
    [reading] = machine.get("/data/mypersonalDataUsage", params=usage, headers=herself).json()
    assert reading["readerApplicationName"] == SYSTEM
    assert reading["readerInstitutionId"] == "XA/GOV/10000001"
    assert machine.post("/data/mypersonalDataUsage", json=usage, headers=herself).json() == [reading]
    assert machine.get("/data/mypersonalDataUsage", params=usage).status_code == 403


def test_read_takes_the_first_that_fits_and_says_when_none_does(machine: TestClient) -> None:
    found = machine.post(f"{ONE}/read", json=example(given_name="Mari")).json()["content"]
    assert found["personal_code"] == PERSON
    assert machine.post(f"{ONE}/read", json=example(id=found["id"])).json()["content"] == found
    missing = machine.post(f"{ONE}/read", json=example(given_name="Nobody"))
    assert (missing.status_code, missing.json()["detail"]) == (404, "no record found")


def test_exists_shows_nothing_but_yes_or_no(machine: TestClient) -> None:
    assert machine.post(f"{ONE}/exists", json=example(personal_code=PERSON)).json()["answer"]["status"]
    no = machine.post(f"{ONE}/exists", json=example(personal_code="39912310004")).json()
    assert no["answer"] == {"status": False, "message": "Object not found from database"}


def test_update_changes_one_and_refuses_to_guess(machine: TestClient) -> None:
    assert (
        machine.put(f"{ONE}/update", json=change({"given_name": "Mari"}, {"status": "dead"})).status_code
        == 409
    )
    assert (
        machine.put(f"{ONE}/update", json=change({"given_name": "X"}, {"status": "dead"})).status_code == 404
    )
    one = machine.put(f"{ONE}/update", json=change({"personal_code": PERSON}, {"status": "dead"}))
    assert one.json() == {"updated": 1}
    many = machine.put(f"{ONE}/updateEntries", json=change({"given_name": "Mari"}, {"status": "alive"}))
    assert many.json() == {"updated": 2}
    wrong = machine.put(f"{ONE}/update", json=change({"personal_code": PERSON}, {"status": "asleep"}))
    assert (wrong.status_code, wrong.json()["flaws"][0]["pointer"]) == (400, "/status")


def test_update_or_create_does_either(machine: TestClient) -> None:
    new = {"personal_code": "49912310005", "given_name": "Eva"}
    made = machine.post(f"{ONE}/updateOrCreate", json=change({"personal_code": "49912310005"}, new))
    again = machine.post(
        f"{ONE}/updateOrCreate", json=change({"personal_code": "49912310005"}, {"given_name": "Eeva"})
    )
    assert again.json()["content"] == {**made.json()["content"], "given_name": "Eeva"}


def test_delete_archives(machine: TestClient) -> None:
    assert machine.delete(f"{ONE}/P-000001/delete").status_code == 204
    assert machine.post(f"{ONE}/read", json=example(personal_code=PERSON)).status_code == 404
    assert machine.delete(f"{ONE}/P-999999/delete").status_code == 404


def test_create_entries_takes_all_or_none(machine: TestClient) -> None:
    rows = [
        {"content": {"code": f"L{n}", "name": "Quay", "longitude": 24.5, "latitude": 59.25}} for n in (1, 2)
    ]
    made = machine.post("/data/places/createEntries", json={"write": rows})
    assert made.status_code == 201
    assert [each["content"]["longitude"] for each in made.json()["receive"]] == ["24.5", "24.5"]
    again = machine.post("/data/places/createEntries", json={"write": [{"content": {"code": "L3"}}, *rows]})
    assert again.status_code == 409
    assert machine.get("/data/places/1.0").json()["count"] == 2


def test_one_value_comes_as_json_or_text(machine: TestClient) -> None:
    assert machine.get(f"{ONE}/P-000001/readValue/given_name.json").json() == "Mari"
    assert machine.get(f"{ONE}/P-000001/readValue/given_name.txt").text == "Mari"
    assert machine.get(f"{ONE}/P-000001/readValue/given_name.exe").status_code == 400
    assert machine.get(f"{ONE}/P-000001/readValue/shoe.json").status_code == 404


def test_pages_are_linked_without_what_was_searched_for(machine: TestClient) -> None:
    first = machine.get(ONE, params={"search": "Mari", "filter": "given_name", "pageSize": 1}).json()
    assert (first["count"], first["previous"]) == (2, None)
    assert "Mari" not in first["next"]
    address = urlsplit(first["next"])
    second = machine.get(f"{address.path}?{address.query}").json()
    assert second["results"] != first["results"]
    assert second["next"] is None
    stranger = machine.get(f"{address.path}?{address.query}", headers={"Authorization": "Bearer person"})
    assert stranger.status_code == 404
    assert machine.post(f"{ONE}/find", json={"search": "mar", "page_size": 1}).json()["count"] == 2


@pytest.mark.parametrize(
    "query",
    [
        "shoe=39",
        "query.shoe=39",
        "search=a&search=b",
        "page=0",
        "pageSize=201",
        "ordering=shoe",
        "filter=shoe&search=1",
    ],
)
def test_a_list_that_cannot_be_made_is_refused(machine: TestClient, query: str) -> None:
    assert machine.get(f"{ONE}?{query}").status_code == 400


def test_lists_are_ordered_as_asked(machine: TestClient) -> None:
    def names(**query: str) -> list[str]:
        found = machine.get(ONE, params=query).json()["results"]
        return [each["personal_code"] for each in found]

    assert names(filter="personal_code", ordering="descending") == sorted(names(), reverse=True)
    assert names(ordering="personal_code") == sorted(names())


def test_databases_describe_registers_and_publish_versions(machine: TestClient) -> None:
    number = database_id("people")
    assert {each["code"] for each in machine.get("/databases").json()} == {"people", "places"}
    described = machine.get(f"/database/{number}").json()
    assert described["fieldsUniques"] == [["personal_code"]]
    assert {"name": "personalDataId", "path": "/personal_code"} in described["schemaFlags"]
    fields: dict[str, Any] = {"plate": {"type": "string", "primaryKey": True}, "seats": {"type": "integer"}}
    schema = {"properties": fields, "required": ["plate"]}
    body = {"code": "CARS", "catalogName": "Cars", "schema": schema}
    assert machine.post("/database/modify", json=body).status_code == 403
    analyst = {"Authorization": "Bearer analyst"}
    assert machine.post("/database/modify", json=body, headers=analyst).json()["required"] == ["plate"]
    car = {"write": {"content": {"id": "123 ABC", "seats": 4}}}
    assert machine.post("/data/cars/1.0/create", json=car).json()["content"]["plate"] == "123 ABC"
    fields["colour"] = {"type": "string"}
    assert machine.post("/database/modify", json=body, headers=analyst).status_code == 200
    assert machine.get(f"/database/{database_id('cars')}").json()["version"] == "1.1"
    del fields["seats"]
    broken = machine.post("/database/modify", json=body, headers=analyst)
    assert (broken.status_code, broken.json()["code"]) == (409, "registry.breaking-change-undeclared")
    body["schema"] = {"properties": {"plate": {"type": "vehicle"}}}
    wrong = machine.post("/database/modify", json=body, headers=analyst).json()
    assert wrong["flaws"][0]["pointer"] == "/schema/properties/plate/type"
    assert machine.delete(f"/database/{database_id('cars')}", headers=analyst).json() == "Success"
    assert machine.get(f"/database/{database_id('cars')}").status_code == 404


def test_export_and_import_go_round(machine: TestClient, tmp_path: Path) -> None:
    whole = machine.post("/registry/v1/registers/people/export", json={"format": "csv"})
    assert whole.headers["content-disposition"].endswith('people-1.0.csv"')
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    with real_registry(fresh, PEOPLE, PLACES) as registry:
        other = TestClient(api_site(registry), headers=dict(machine.headers))
        rows = whole.text.splitlines()
        stripped = "\n".join(row.split(",", 1)[1] for row in rows)
        report = other.post("/registry/v1/registers/people/import?dry_run=false", content=stripped).json()
        assert (report["created"], report["findings"]) == (3, [])


def test_places_come_as_geojson(machine: TestClient) -> None:
    place = {"code": "L1", "name": "Quay", "longitude": "24.75", "latitude": "59.44"}
    machine.post("/data/places/1.0/create", json={"write": {"content": place}})
    answer = machine.post("/registry/v1/registers/places/export", json={"format": "geojson"})
    assert answer.headers["content-type"] == "application/geo+json"
    [feature] = answer.json()["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [24.75, 59.44]}
    assert machine.post("/registry/v1/registers/people/export", json={"format": "geojson"}).status_code == 400
