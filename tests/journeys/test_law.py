# SPDX-License-Identifier: EUPL-1.2
"""Another agency computes by the law through the exchange: the same bytes, and by its right alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from starlette.responses import JSONResponse

from flagstone.blocks.rules.contract.engine import USUAL
from flagstone.blocks.rules.contract.explanation import Wanted
from flagstone.blocks.rules.model.explanation_wire import to_wire
from tests.blocks.rules.decided import family, pool
from tests.journeys.state import State

pytestmark = pytest.mark.slow

SERVICE = "/r1/XA/GOV/10000107/assessments/law"
BENEFITS, STATISTICS = "XA/GOV/10000113/benefits", "XA/GOV/10000188/statistics"
COURTS = "XA/GOV/10000018/courts"


@pytest.fixture(scope="module")
def benefits(state: State) -> Iterator[httpx2.Client]:
    """The door of the server that carries the benefits agency and the statistics office."""
    with httpx2.Client(base_url=state.doors["centre"].exchange, timeout=180, trust_env=False) as door:
        yield door


@pytest.fixture(scope="module")
def computed() -> dict[str, bytes]:
    """What the law itself gives, as the tax board would answer an official of its own."""
    engine = pool()
    try:
        digest = engine.snapshot().digest
        how = {"law_digest": digest, "mode": "fast"}
        values = engine.calculate(family(), USUAL).values
        told = super(type(engine), engine).explain(family(), Wanted(("en", "et")), USUAL)
    finally:
        engine.close()
    explained = {"values": told.outcome.values, "explanation": to_wire(told.explanation), **how}
    return {
        "/calculate": bytes(JSONResponse({"values": values, **how}).body),
        "/explanations": bytes(JSONResponse(explained).body),
    }


def asked(door: httpx2.Client, path: str, client: str, body: dict[str, Any] | None = None) -> httpx2.Response:
    headers = {"X-Road-Client": client, "Accept": "application/json"}
    method = "GET" if body is None else "POST"
    return door.request(method, SERVICE + path, headers=headers, json=body)


def test_another_agency_computes_and_is_told_why_by_the_same_bytes(
    benefits: httpx2.Client, computed: dict[str, bytes]
) -> None:
    for path, more in (("/calculate", {}), ("/explanations", {"languages": ["en", "et"]})):
        answer = asked(benefits, path, BENEFITS, {"situation": family(), **more})
        assert answer.status_code == 200, answer.text[:500]
        assert answer.content == computed[path]


def test_mistakes_keep_their_places_on_the_way(benefits: httpx2.Client) -> None:
    wrong = family()
    wrong["persons"]["me"]["employment_income"]["2025"] = "much"
    answer = asked(benefits, "/calculate", BENEFITS, {"situation": wrong})
    assert (answer.status_code, answer.json()["code"]) == (400, "rules.situation-invalid")
    (flaw,) = answer.json()["flaws"]
    assert flaw["pointer"] == "/situation/persons/me/employment_income/2025"


def test_what_may_be_asked_is_described_where_it_is_asked(benefits: httpx2.Client) -> None:
    described = asked(benefits, "/openapi", BENEFITS).json()
    assert described["openapi"].startswith("3.1")
    assert {"/law", "/calculate", "/batch", "/explanations"} <= set(described["paths"])
    assert described["servers"] == [{"url": "."}]
    assert asked(benefits, "/law", BENEFITS).json()["law"]["name"]["package"] == "aralia_law"


@pytest.mark.parametrize(
    ("client", "path"),
    [(BENEFITS, "/batch"), (STATISTICS, "/explanations"), (BENEFITS, "/reforms/check")],
)
def test_each_asks_only_what_its_right_names(benefits: httpx2.Client, client: str, path: str) -> None:
    answer = asked(benefits, path, client, {"situation": family()})
    assert answer.status_code >= 400
    assert "access_denied" in answer.text


def test_whoever_has_no_right_computes_nothing(state: State) -> None:
    with httpx2.Client(base_url=state.doors["justice"].exchange, timeout=60, trust_env=False) as door:
        answer = asked(door, "/calculate", COURTS, {"situation": family()})
    assert "access_denied" in answer.text
