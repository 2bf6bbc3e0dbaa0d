# SPDX-License-Identifier: EUPL-1.2
"""What watchers see: life, readiness, counts and the OpenAPI documents."""

from __future__ import annotations

import time

import pytest
from openapi_spec_validator import validate
from starlette.testclient import TestClient

from flagstone.platform.http import health
from flagstone.platform.http.application import Edge, assemble

from .conftest import Maker, Site, sample_routes


def fail() -> None:
    raise RuntimeError("the password is 1234")


def test_life_is_told_without_any_check(make_site: Maker) -> None:
    assert make_site(checks={"database": fail}).client.get("/health/live").json() == {"status": "ok"}


def test_readiness_names_what_failed_and_nothing_more(make_site: Maker) -> None:
    answer = make_site(checks={"database": fail, "keys": lambda: None}).client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json() == {"status": "failed", "checks": {"database": "failed", "keys": "ok"}}
    assert make_site(checks={"keys": lambda: None}).client.get("/health/ready").status_code == 200


def test_a_check_that_hangs_is_slow(make_site: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECK_SECONDS_MAX", 0.05)
    answer = make_site(checks={"database": lambda: time.sleep(0.3)}).client.get("/health/ready")
    assert answer.json()["checks"] == {"database": "slow"}


def test_counts_are_for_loopback_only(site: Site) -> None:
    assert site.client.get("/metrics").status_code == 403
    near = TestClient(site.app, client=("127.0.0.1", 5000))
    assert near.get("/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")


def test_counts_are_for_the_token_where_one_is_set() -> None:
    app = assemble([], edge=Edge("S", "1", hosts=None, metrics_token="t0ken"))
    client = TestClient(app, client=("127.0.0.1", 5000))
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer t0ken"}).status_code == 200
    assert "t0ken" not in repr(Edge("S", "1", hosts=None, metrics_token="t0ken"))


def test_each_document_is_valid_openapi_and_tells_access(site: Site) -> None:
    document = site.client.get("/openapi/sample.json").json()
    validate(document)
    assert document["openapi"] == "3.1.0"
    record = document["paths"]["/api/records/{record}"]["get"]
    assert record["security"] == [{"bearer": []}, {"session": []}]
    assert "422" not in record["responses"]
    assert "application/problem+json" in record["responses"]["default"]["content"]
    assert document["paths"]["/api/open"]["get"]["security"] == []
    assert document["paths"]["/api/machine/special"]["get"]["security"] == [{"bearer": ["special"]}]
    assert "/facts" not in document["paths"]


def test_a_document_matches_the_routes(site: Site) -> None:
    document = site.client.get("/openapi/sample.json").json()
    told = {(m.upper(), path) for path, ways in document["paths"].items() for m in ways}
    routes = {(m, d.path) for r in sample_routes() if r.document for d in r.doors for m in d.methods or ()}
    assert told == routes
