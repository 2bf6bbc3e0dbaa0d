# SPDX-License-Identifier: EUPL-1.2
"""The published Digital Registries APIs against our own OpenAPI documents; every difference is declared.

`PUBLISHED` states the published facts: data API 1.4.0 and database API 1.1.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from fastapi.testclient import TestClient
from openapi_spec_validator import validate
from tests.blocks.registry.web.sites import PEOPLE, PLACES, REGISTRY, api_site, real_registry

from flagstone.blocks.registry.web.dialect import PREFIX, conformance_definitions

DEVIATIONS: dict[str, Any] = yaml.safe_load((REGISTRY / "deviations.yaml").read_text(encoding="utf-8"))
CLIENT = "header Information-Mediator-Client"
ONE = "/data/{registryName}/{versionNumber}"
PATH = ("path registryName", "path versionNumber")


class Operation(NamedTuple):
    """What is published of one operation: success status, parameters, properties of body and answer."""

    method: str
    path: str
    status: str
    parameters: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    answer: tuple[str, ...] = ()
    ours: str = ""  # our path where a declared deviation renames it


LISTED = tuple(f"query {name}" for name in ("search", "filter", "ordering", "page", "pageSize"))
USED = ("id", "readerId", "readerInitials", "readerInstitutionId", "readerInstitutionName",
        "readerApplicationName", "searchDateTime", "refrences")  # fmt: skip

PUBLISHED = [
    Operation("get", ONE, "200", (*PATH, *LISTED), (), ("count", "next", "previous", "results")),
    Operation("post", f"{ONE}/create", "200", PATH, ("write",), ("content",)),
    Operation("post", "/data/mcts/createEntries", "201", (), ("write",), ("receive",),
              "/data/{registryName}/createEntries"),
    Operation("post", f"{ONE}/exists", "200", PATH, ("query",), ("answer",)),
    Operation("post", f"{ONE}/read", "200", PATH, ("query",), ("content",)),
    Operation("put", f"{ONE}/update", "200", PATH, ("query", "write")),
    Operation("put", f"{ONE}/updateEntries", "200", PATH, ("query", "write")),
    Operation("post", f"{ONE}/updateOrCreate", "200", PATH, ("query", "write"), ("content",)),
    Operation("delete", f"{ONE}/{{id}}/delete", "204", (*PATH, "path id")),
    Operation("get", f"{ONE}/{{uuid}}/readValue/{{field}}.{{ext}}", "200",
              (*PATH, "path uuid", "path field", "path ext")),
    Operation("get", "/data/mypersonalDataUsage", "200", ("query userId", "query databaseId"), (), USED),
    Operation("get", "/database/{id}", "200", ("path id",)),
    Operation("delete", "/database/{id}", "200", ("path id",)),
    Operation("post", "/database/modify", "200", (), ("groupName", "catalogName", "code", "schema")),
    Operation("get", "/databases", "200"),
]  # fmt: skip

DIALECT_ROUTES = 14  # the suite has no createEntries


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("published")
    with real_registry(folder, PEOPLE, PLACES, *conformance_definitions()) as registry:
        yield TestClient(api_site(registry))


def document(site: TestClient, name: str) -> dict[str, Any]:
    found: dict[str, Any] = site.get(f"/openapi/{name}.json").json()
    return found


@pytest.fixture(scope="module")
def ours(site: TestClient) -> dict[str, Any]:
    """Both of our documents as one."""
    data, database = document(site, "registry-data"), document(site, "registry-database")
    schemas = {**data["components"]["schemas"], **database["components"]["schemas"]}
    return {"paths": {**data["paths"], **database["paths"]}, "schemas": schemas}


def resolved(schema: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema or "items" in schema:
        schema = ours["schemas"][schema["$ref"].split("/")[-1]] if "$ref" in schema else schema["items"]
    return schema


def json_schema(content: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    return resolved(content["content"]["application/json"]["schema"], ours)


def test_fifteen_operations_are_published() -> None:
    assert len(PUBLISHED) == 11 + 4


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda one: f"{one.method} {one.path}")
def test_each_published_operation_is_ours_too(published: Operation, ours: dict[str, Any]) -> None:
    operation = ours["paths"][published.ours or published.path][published.method]
    assert published.status in operation["responses"]
    parameters = {f"{each['in']} {each['name']}": each for each in operation.get("parameters", [])}
    assert {CLIENT, *published.parameters} <= parameters.keys()
    compulsory = {name for name, each in parameters.items() if each.get("required")}
    assert compulsory <= {CLIENT, *published.parameters, "path registryName"}
    if published.body:
        body = json_schema(operation["requestBody"], ours)
        assert set(published.body) <= body["properties"].keys()
        assert set(body.get("required", [])) <= {*published.body}
    if published.answer:
        answer = json_schema(operation["responses"][published.status], ours)
        assert set(published.answer) <= answer["properties"].keys()


def test_every_renamed_path_is_a_declared_deviation() -> None:
    declared = {each["path"] for each in DEVIATIONS["canonical"]}
    assert {each.path for each in PUBLISHED if each.ours} <= declared


def test_every_deviation_is_complete_and_of_a_published_operation() -> None:
    names = {"path", "operation", "kind", "what", "reason", "requirement", "scenario"}
    assert all(each.keys() == names for each in DEVIATIONS["canonical"])
    assert {each["path"] for each in DEVIATIONS["canonical"]} <= {each.path for each in PUBLISHED}
    assert {each["kind"] for each in DEVIATIONS["canonical"]} <= {"wider", "narrower", "safer", "other"}
    assert all(
        re.fullmatch(r"DRS-\d+|cfr-\w+#\d+|none", each["requirement"]) for each in DEVIATIONS["canonical"]
    )


def test_what_we_add_to_the_published_paths_is_declared(ours: dict[str, Any]) -> None:
    known = {(each.method, each.ours or each.path) for each in PUBLISHED}
    added = {(method, path) for path, methods in ours["paths"].items() for method in methods} - known
    assert added == {("post", f"{ONE}/find"), ("post", "/data/mypersonalDataUsage")}


def test_the_dialect_has_its_operations_and_its_deviations(site: TestClient) -> None:
    paths = document(site, "registry-dialect")["paths"]
    assert sum(map(len, paths.values())) == DIALECT_ROUTES
    declared = [each["path"] for each in DEVIATIONS["dialect"]]
    assert all(any(path.startswith(PREFIX + each) for path in paths) for each in declared)


@pytest.mark.parametrize("name", ["registry", "registry-data", "registry-database", "registry-dialect"])
def test_our_documents_are_valid(site: TestClient, name: str) -> None:
    found = document(site, name)
    assert found["openapi"].startswith("3.1")
    validate(found)
