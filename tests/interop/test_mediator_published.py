# SPDX-License-Identifier: EUPL-1.2
"""The published Information Mediator APIs against our own document; every difference is declared.

`PUBLISHED` states the published facts: Service Metadata API 1.0 and Configuration Management API 1.0.1.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import schemathesis
import yaml
from fastapi import FastAPI
from fastapi.testclient import TestClient
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from tests.blocks.exchange.web.memory import PEOPLE, TAXES, MemoryExchange
from tests.blocks.exchange.web.sites import EXCHANGE
from tests.interop.mediator import mediator
from tests.interop.test_schemathesis import attack

from flagstone.blocks.exchange.web.govstack.dialect import PREFIX as DIALECT
from flagstone.blocks.exchange.web.govstack.directory import PREFIX

DEVIATIONS: dict[str, Any] = yaml.safe_load((EXCHANGE / "deviations.yaml").read_text(encoding="utf-8"))
BESIDE = Path(__file__).parents[3] / "shared" / "govstack" / "bb-information-mediator" / "api"
"""Where the published files lie beside a clone, if they do."""

ONE = "/r1/{instanceId}/{memberClass}/{memberCode}/{applicationCode}"
PATH = ("path instanceId", "path memberClass", "path memberCode", "path applicationCode")
CLIENT = "header X-GovStack-Client"
FILTERS = ("memberClass", "memberCode", "applicationId", "serviceId", "pageSize", "nextPageToken")


class Operation(NamedTuple):
    """What is published of one operation: its id, success status and parameters."""

    method: str
    path: str
    name: str
    status: str = "200"
    parameters: tuple[str, ...] = ()


PUBLISHED = [
    Operation("get", "/listClients", "listClients", "200", ("query instanceId",)),
    Operation("get", f"{ONE}/listMethods", "listMethods", "200", (*PATH, CLIENT, "query serviceId")),
    Operation("get", f"{ONE}/allowedMethods", "allowedMethods", "200", (*PATH, CLIENT, "query serviceId")),
    Operation("get", f"{ONE}/getOpenAPI", "getOpenAPI", "200", (*PATH, CLIENT, "query serviceCode")),
    Operation("get", "/api/v1/config", "listIMconf"),
    Operation("post", "/api/v1/config", "createIMconf", "201", ("query init",)),
    Operation("patch", "/api/v1/config", "updateIMconf", "201"),
    Operation("put", "/api/v1/config", "replaceIMconf", "201"),
    Operation("get", "/api/v1/status", "checkIMconf"),
    Operation("get", "/api/v1/rights/allow", "getAllowed", "200", tuple(f"query {e}" for e in FILTERS)),
    Operation("patch", "/api/v1/rights/allow", "setAllowed"),
    Operation("patch", "/api/v1/rights/deny", "setDenied"),
]
FILES = ("GovStack_IM_Directory_Services_API.yaml", "GovStack_IM_Configuration_Management_API.yaml")
OPERATOR = {"Authorization": "Bearer operator", "X-GovStack-Client": str(TAXES)}
NAMED = dict(zip(("instanceId", "memberClass", "memberCode", "applicationCode"),
                 ("XA", "GOV", "10000001", "registry"), strict=True))  # fmt: skip


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return mediator(MemoryExchange(is_centre=True))


@pytest.fixture(scope="module")
def ours(app: FastAPI) -> dict[str, Any]:
    found: dict[str, Any] = TestClient(app).get("/openapi/mediator.json").json()
    return found


def test_twelve_operations_are_published() -> None:
    assert len(PUBLISHED) == 4 + 8


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda one: one.name)
def test_each_published_operation_is_ours_too(published: Operation, ours: dict[str, Any]) -> None:
    operation = ours["paths"][PREFIX + published.path][published.method]
    assert operation["operationId"] == published.name
    assert published.status in operation["responses"]
    parameters = {f"{each['in']} {each['name']}".lower() for each in operation.get("parameters", [])}
    assert parameters == {each.lower() for each in published.parameters}


def test_nothing_is_added_to_the_published_paths(ours: dict[str, Any]) -> None:
    ways = {(method, path) for path, methods in ours["paths"].items() for method in methods}
    assert ways == {(each.method, PREFIX + each.path) for each in PUBLISHED}


def test_every_deviation_is_complete_and_of_a_published_operation() -> None:
    names = {"path", "operation", "kind", "what", "reason", "requirement", "scenario"}
    assert all(each.keys() == names for each in DEVIATIONS["canonical"])
    published = {(each.path, each.name) for each in PUBLISHED}
    assert {(each["path"], each["operation"]) for each in DEVIATIONS["canonical"]} <= published
    assert {each["kind"] for each in DEVIATIONS["canonical"]} <= {"wider", "narrower", "safer", "other"}


def test_the_dialect_has_its_operations_and_its_deviations(app: FastAPI) -> None:
    paths = TestClient(app).get("/openapi/mediator-dialect.json").json()["paths"]
    assert len(paths) == 1 + 2 * 3
    assert all(DIALECT + each["path"] in paths for each in DEVIATIONS["dialect"])


@pytest.mark.parametrize("name", ["mediator", "mediator-dialect"])
def test_our_documents_are_valid(app: FastAPI, name: str) -> None:
    found = TestClient(app).get(f"/openapi/{name}.json").json()
    assert found["openapi"].startswith("3.1")
    validate(found)


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("document", ["mediator", "mediator-dialect"])
def test_no_request_ends_in_an_error_of_ours(app: FastAPI, document: str, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_asgi(f"/openapi/{document}.json", app)
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert operations
    for operation in operations:
        attack(operation.as_strategy(mode))


@pytest.mark.parametrize("file", FILES)
def test_the_published_documents_are_kept(file: str) -> None:
    """Ask as the published OpenAPI files say; MEDIATOR_APIS may name another folder that holds them."""
    path = Path(os.environ.get("MEDIATOR_APIS", BESIDE)) / file
    if not path.is_file():
        pytest.skip("component missing: GovStack's published OpenAPI files (MEDIATOR_APIS)")
    app = mediator(MemoryExchange(is_centre=True))
    published = yaml.safe_load(path.read_text("utf-8"))
    published["paths"] = {PREFIX + at: item for at, item in published["paths"].items()}
    schema = schemathesis.openapi.from_dict(published)
    schema.app = app
    seen = 0
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    for operation in operations:
        case = operation.Case(headers=dict(OPERATOR))
        case.path_parameters = {name: NAMED[name] for name in re.findall(r"\{(\w+)\}", operation.path)}
        case.query = {"serviceCode": PEOPLE.code} if "getOpenAPI" in operation.path else {}
        if operation.method.lower() in {"post", "put", "patch"}:
            case.body = [] if "rights" in operation.path else {"domain": "x", "instance": "XA"}
            case.media_type = "application/json"
        answer = case.call()
        assert answer.status_code in {200, 201}, operation.path
        case.validate_response(answer, checks=[not_a_server_error])
        operation.validate_response(answer)
        seen += 1
    assert seen in {4, 8}
