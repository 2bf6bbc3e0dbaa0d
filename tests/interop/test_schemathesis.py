# SPDX-License-Identifier: EUPL-1.2
"""Hostile requests made from each of our OpenAPI documents: none may end in an error of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from tests.blocks.portal.site import make_site
from tests.blocks.registry.web.sites import HEADERS, PEOPLE, PLACES, WHY, api_site, real_registry

from flagstone.blocks.registry.web.dialect import conformance_definitions
from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.contract.roles import OFFICER
from flagstone.blocks.rules.service.worker import Task
from flagstone.blocks.rules.service.workers import Pool
from flagstone.blocks.rules.web.api import RulesApi
from flagstone.blocks.rules.web.openfisca import OpenFiscaApi
from flagstone.blocks.rules.web.quotas import Quota
from flagstone.kernel.audit import Actor, ActorKind, Caller
from flagstone.platform.http.application import Edge, Keepers, assemble
from flagstone.platform.http.principal import Principal

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

    from flagstone.kernel.clock import SetClock

DOCUMENTS = ["registry", "registry-data", "registry-database", "registry-dialect"]
EXAMPLES = 4
CALLER = {**HEADERS, **WHY, "Authorization": "Bearer analyst"}
KNOWN = {
    "registryName": ["people", "places"],
    "versionNumber": ["1.0", ""],
    "registryname": ["registryname", "registryempty"],
    "versionnumber": ["111", "1"],
    "register": ["people", "places"],
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    definitions = (PEOPLE, PLACES, *conformance_definitions())
    with real_registry(tmp_path_factory.mktemp("hostile"), *definitions) as registry:
        yield api_site(registry)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_request_ends_in_an_error_of_ours(app: FastAPI, document: str, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_asgi(f"/openapi/{document}.json", app)
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert operations
    for operation in operations:
        attack(operation.as_strategy(mode))


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("document", ["identity", "portal"])
@pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)
def test_no_sign_in_ends_in_an_error_of_ours(
    open_database: OpenDatabase, tmp_path: Path, clock: SetClock, document: str, mode: GenerationMode
) -> None:
    app = make_site(open_database, tmp_path, clock).app
    schema = schemathesis.openapi.from_asgi(f"/openapi/{document}.json", app)
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert operations
    for operation in operations:
        attack(operation.as_strategy(mode))


@pytest.fixture(scope="module")
def law_app() -> Iterator[FastAPI]:
    """The interfaces of a site with a law, for whom may compute; with real processes."""
    pool, quota = Pool(Task(LawName("openfisca_country_template"), Mode.FAST)), Quota(1_000_000)
    routes = [OpenFiscaApi(pool, "http://testserver", quota).routes(), RulesApi(pool, quota).routes()]
    edge = Edge("Aralia", "0.1", frozenset({"testserver"}))
    yield assemble(routes, edge=edge, keepers=Keepers(bearers=Officers()))
    pool.close()


class Officers:
    """Takes every token for that of an official who may have situations computed."""

    def find(self, _token: str) -> Principal:
        return Principal(Caller(Actor(ActorKind.OFFICIAL, id="38001010008"), frozenset({OFFICER})))


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("document", ["rules", "openfisca"])
def test_no_calculation_ends_in_an_error_of_ours(
    law_app: FastAPI, document: str, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_asgi(f"/openapi/{document}.json", law_app)
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert operations
    for operation in operations:
        attack(operation.as_strategy(mode))


def attack(cases: SearchStrategy[Any]) -> None:
    """Send `EXAMPLES` of `cases` as somebody who may do everything, mostly to registers that exist."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def send(case: Any) -> None:
        named = KNOWN.keys() & set(case.path_parameters or {})
        case.path_parameters |= {name: KNOWN[name][len(str(case.body)) % 2] for name in named}
        case.call_and_validate(headers=CALLER, checks=[not_a_server_error])

    try:
        send()
    except Unsatisfiable:
        return  # nothing wrong can be said of an operation without input
