# SPDX-License-Identifier: EUPL-1.2
"""The published PubSub API against our own document; every difference is declared.

`PUBLISHED` states the published facts of the Information Mediator's PubSub API 2.0.0.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest
import schemathesis
import yaml
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from tests.blocks.exchange.service.news.rig import INTERIOR, Rig
from tests.blocks.exchange.service.news.test_crash import site
from tests.blocks.exchange.web.sites import EXCHANGE
from tests.blocks.exchange.web.test_news import PUBSUB_OPERATIONS, Bearers

from flagstone.blocks.exchange.web.news import OWN, NewsApi
from flagstone.blocks.exchange.web.news import PUBLISHED as PREFIX
from flagstone.kernel.clock import SetClock, parse_rfc3339
from flagstone.platform.http.application import Edge, Keepers, assemble

DEVIATIONS: list[dict[str, str]] = yaml.safe_load((EXCHANGE / "deviations.yaml").read_text("utf-8"))["pubsub"]
EXAMPLES = 8
CALLER = {"Authorization": "Bearer exchange.interior", "X-GovStack-Client": str(INTERIOR)}
PATH = ("path instanceid", "path memberclass", "path membercode", "path applicationcode")


class Operation(NamedTuple):
    """What is published of one operation: its id, success status and parameters beside the common ones."""

    method: str
    path: str
    name: str
    status: str = "200"
    parameters: tuple[str, ...] = ()


TYPE, EVENT = ("path eventtype",), ("path eventtype", "path eventid")
PUBLISHED = [
    Operation("post", "/api/v1/eventType", "createEventType"),
    Operation("get", "/api/v1/eventType", "getEventTypeList"),
    Operation("get", "/api/v1/eventType/{eventType}", "getEventType", "200", TYPE),
    Operation("delete", "/api/v1/eventType/{eventType}", "deleteEventType", "204", TYPE),
    Operation("post", "/pub/v1/{eventType}", "publishEvent", "201", TYPE),
    Operation("get", "/pub/v1/{eventType}/{eventId}", "getStatus", "200", EVENT),
    Operation("delete", "/pub/v1/{eventType}/{eventId}", "deleteEvent", "204", EVENT),
    Operation("get", "/api/v1/subs", "listSub"),
    Operation("post", "/api/v1/subs/{eventType}", "addSub", "200", TYPE),
    Operation("get", "/api/v1/subs/{eventType}", "getSub", "200", TYPE),
    Operation("patch", "/api/v1/subs/{eventType}", "patchSub", "201", TYPE),
    Operation("delete", "/api/v1/subs/{eventType}", "deleteSub", "204", TYPE),
    Operation("get", "/pull/v1/{eventType}", "pullEvent", "200", TYPE),
    Operation("delete", "/pull/v1/{eventType}/{eventId}", "confirmEvent", "204", EVENT),
]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    made: Rig = site(Path(tmp_path_factory.mktemp("pubsub")), SetClock(parse_rfc3339("2026-11-22T08:00:00Z")))
    made.prepare()
    routes = NewsApi(made.news, made.inbox, INTERIOR).routes()
    edge = Edge("Aralia", "0.1", frozenset({"testserver"}))
    return assemble(routes, edge=edge, keepers=Keepers(bearers=Bearers()))


@pytest.fixture(scope="module")
def ours(app: FastAPI) -> dict[str, Any]:
    found: dict[str, Any] = TestClient(app).get("/openapi/exchange-news.json").json()
    return found


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda one: one.name)
def test_each_published_operation_is_ours_too(published: Operation, ours: dict[str, Any]) -> None:
    operation = ours["paths"][PREFIX + published.path][published.method]
    assert operation["operationId"] == f"{published.name}Published"
    assert published.status in operation["responses"]
    parameters = {f"{each['in']} {each['name']}".lower() for each in operation["parameters"]}
    assert parameters == {*PATH, "header x-govstack-client", *published.parameters}
    assert published.method in ours["paths"][OWN + published.path]


def test_nothing_is_added_to_the_published_paths(ours: dict[str, Any]) -> None:
    ways = {
        (method, path)
        for path, methods in ours["paths"].items()
        for method in methods
        if path.startswith(PREFIX)
    }
    assert ways == {(each.method, PREFIX + each.path) for each in PUBLISHED}
    assert {each.name for each in PUBLISHED} == PUBSUB_OPERATIONS


def test_every_deviation_is_complete_and_of_a_published_operation() -> None:
    names = {"path", "operation", "kind", "what", "reason", "requirement", "scenario"}
    assert all(each.keys() == names for each in DEVIATIONS)
    published = {(each.path, each.name) for each in PUBLISHED}
    assert {(each["path"], each["operation"]) for each in DEVIATIONS} <= published
    assert {each["kind"] for each in DEVIATIONS} <= {"wider", "narrower", "safer", "other"}


def test_our_document_is_valid(ours: dict[str, Any]) -> None:
    assert ours["openapi"].startswith("3.1")
    validate(ours)


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_no_request_ends_in_an_error_of_ours(app: FastAPI, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi/exchange-news.json", app)
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) == 2 * 14 + 1
    room = dict(zip(("instanceId", "memberClass", "memberCode", "applicationCode"),
                    ("XA", "GOV", "10000001", "registry"), strict=True))  # fmt: skip
    for operation in operations:

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(mode))
        def send(case: Any) -> None:
            named = room | {"eventType": "birth-registered"}
            parts = case.path_parameters or {}
            if len(str(case.body)) % 3:  # most go where something is
                case.path_parameters = parts | {name: named[name] for name in named.keys() & parts.keys()}
            case.call_and_validate(headers=CALLER, checks=[not_a_server_error])

        if operation.path_parameters or operation.body or operation.headers:
            send()
