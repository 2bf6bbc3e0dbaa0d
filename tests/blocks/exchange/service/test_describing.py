# SPDX-License-Identifier: EUPL-1.2
"""Descriptions are fetched from the service's own host only, and a good one is never lost."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.blocks.exchange.service.exchanges import (
    INDIVIDUALS,
    INTERIOR,
    OFFERED,
    OPERATOR,
    PLAN,
    TAX,
    WHY,
    PlainSealer,
)
from tests.conftest import OpenDatabase

from flagstone.blocks.exchange.contract.faults import DescriptionRefused
from flagstone.blocks.exchange.contract.service import Endpoint, Right, ServiceDefinition, ServiceKind
from flagstone.blocks.exchange.jobs.configuration import refresh_descriptions
from flagstone.blocks.exchange.service.configuration import Place
from flagstone.blocks.exchange.service.describing import HttpFetch
from flagstone.blocks.exchange.service.documents import plain_data, text_of
from flagstone.blocks.exchange.service.exchange import Service
from flagstone.blocks.exchange.service.planting import plant
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.kernel.clock import SetClock
from flagstone.platform.http.client import SiteUnreachable

GOOD = json.dumps({"openapi": "3.1.0", "info": {}, "paths": {"/a": {"get": {}}, "/b": {"get": {}}}}).encode()
FEWER = json.dumps({"openapi": "3.1.0", "info": {}, "paths": {"/b": {"get": {}}, "/c": {"put": {}}}}).encode()


def test_json_and_yaml_say_the_same() -> None:
    data = {"openapi": "3.1.0", "paths": {"/x": {"get": {"tags": ["a", 7, True, None]}}}}
    assert plain_data(json.dumps(data)) == data
    assert plain_data(yaml.safe_dump(data)) == data
    assert plain_data("{a: [1, 2]}") == {"a": [1, 2]}  # YAML's flow style


def bomb() -> str:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        bomb(),
        "a: &a\n  b: *a\n",
        "[" * 200,
        "[" * 100_000,
        '{"a":' * 100_000,
        "- " * 100_000,
        "a: !!python/object/apply:os.system [echo]",
        "a: !!python/name:os.system",
        "a: b: c",
        "\tx",
        "--- a\n--- b\n",
        "x: \x00",
        "a: " + "x" * 1_048_576,
        "- x\n" * 250_000,
    ],
    ids=range(14),
)
def test_bombs_and_nonsense_are_refused_quickly(text: str) -> None:
    begun = time.monotonic()
    with pytest.raises(DescriptionRefused):
        plain_data(text)
    assert time.monotonic() - begun < 10


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        plain_data(text)
    except DescriptionRefused as refused:
        assert refused.detail  # noqa: PT017 - both ends are good


@pytest.mark.parametrize("data", [b"\xff\xfe", b"\xc3", b"x" * 1_048_577])
def test_bytes_that_are_no_text_are_refused(data: bytes) -> None:
    with pytest.raises(DescriptionRefused):
        text_of(data)


class Fetched:
    """A fetch that answers as told."""

    def __init__(self, answer: bytes | Exception) -> None:
        self.answer = answer
        self.urls: list[str] = []

    def __call__(self, url: str) -> bytes:
        self.urls.append(url)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def fetch() -> Fetched:
    return Fetched(GOOD)


@pytest.fixture
def service(open_database: OpenDatabase, fetch: Fetched) -> Service:
    made = Service(open_database(SCHEMA), PlainSealer(), place=Place(INTERIOR), fetch=fetch)
    plant(made, PLAN, "interior")
    return made


def described(url: str = "https://boats.example/openapi.json", **changes: object) -> ServiceDefinition:
    elsewhere = replace(OFFERED, kind=ServiceKind.OPENAPI3, url="https://boats.example/v1", local=False)
    return replace(elsewhere, description_url=url, **changes)  # type: ignore[arg-type]


A, B, C = Endpoint("GET", "/a"), Endpoint("GET", "/b"), Endpoint("PUT", "/c")


def test_a_refresh_takes_rights_to_endpoints_that_went(
    service: Service, fetch: Fetched, clock: SetClock
) -> None:
    service.offer(OPERATOR, described(), WHY)
    service.give(OPERATOR, [Right(TAX, INDIVIDUALS, A), Right(TAX, INDIVIDUALS, B)], WHY)
    assert service.snapshot().services[INDIVIDUALS].endpoints == (A, B)
    clock.advance(timedelta(days=1))
    fetch.answer = FEWER
    after = service.refresh(OPERATOR, INDIVIDUALS, WHY)
    assert (after.endpoints, after.refreshed_at) == ((B, C), clock.now())
    assert [right.endpoint for right in service.snapshot().rights[INDIVIDUALS]] == [B]


@pytest.mark.parametrize(
    "answer", [b"<html>", b"{}", b"\xff", b"openapi: 2.0", SiteUnreachable(), DescriptionRefused("404")]
)
def test_a_refresh_that_fails_changes_nothing(
    service: Service, fetch: Fetched, answer: bytes | Exception
) -> None:
    service.offer(OPERATOR, described(), WHY)
    before = service.snapshot()
    fetch.answer = answer
    with pytest.raises(DescriptionRefused):
        service.refresh(OPERATOR, INDIVIDUALS, WHY)
    refresh_descriptions(service)  # the job says so in the log and goes on
    assert service.snapshot() == before


def test_the_daily_refresh_keeps_services_up_to_date(service: Service, fetch: Fetched) -> None:
    service.offer(OPERATOR, described(), WHY)
    fetch.answer = FEWER
    refresh_descriptions(service)
    assert service.snapshot().services[INDIVIDUALS].endpoints == (B, C)


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/openapi.json",
        "http://boats.example/openapi.json",
        "https://boats.example:8443/openapi.json",
        "https://boats.example@elsewhere.example/openapi.json",
        "https://name:word@boats.example/openapi.json",
        "https://boats.example.elsewhere.example/",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "//elsewhere.example/x",
        "/openapi.json",
        "https://[::1",
        "https://boats.example:99999/x",
    ],
)
def test_nothing_is_fetched_from_elsewhere(service: Service, fetch: Fetched, url: str) -> None:
    with pytest.raises(DescriptionRefused):
        service.offer(OPERATOR, described(url), WHY)
    assert fetch.urls == []


def test_a_service_of_this_site_has_its_description_here(service: Service, fetch: Fetched) -> None:
    local = replace(OFFERED, kind=ServiceKind.OPENAPI3, description_url="/openapi/registry.json")
    service.offer(OPERATOR, local, WHY)
    assert fetch.urls == ["/openapi/registry.json"]
    with pytest.raises(DescriptionRefused):
        service.change(OPERATOR, replace(local, description_url="http://127.0.0.1:9000/x"), WHY)


class Serving(BaseHTTPRequestHandler):
    """Answers by the path."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/good?x=1")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = GOOD if self.path == "/good?x=1" else b"x" * 1_200_000
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Serving)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_over_http_it_is_bounded_and_not_led_elsewhere(address: str) -> None:
    fetch = HttpFetch(lambda: address)
    assert fetch(f"{address}/good?x=1") == GOOD
    assert fetch("/good?x=1") == GOOD
    for path in ("/moved", "/large"):
        with pytest.raises(Exception, match=r"302|large"):
            fetch(f"{address}{path}")
