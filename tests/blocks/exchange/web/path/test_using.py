# SPDX-License-Identifier: EUPL-1.2
"""Whose data an answer uses is on disk before anybody gets the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
import structlog

from flagstone.blocks.exchange.contract.log import PersonsUsed, Side
from flagstone.blocks.exchange.model import places
from flagstone.blocks.exchange.model.places import place_named
from flagstone.blocks.exchange.web.path.bounds import PathBounds
from flagstone.kernel.clock import parse_rfc3339

from .rig import ASKS, TELLS, Exchange, Got, ended
from .system import Asked, Reaction

MARI, JAAN = "60001019906", "39912310174"
SERVICE = "/r1/XA/GOV/200/registry/personal"
SAID = {
    "Flagstone-Purpose": "yearly%20tax",
    "Flagstone-Legal-Basis": "Tax%20Act%205",
    "Flagstone-Case": "C-1",
    "X-Road-Id": "m-1",
    "X-Road-UserId": "XA49002010976",
}


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    with Exchange(bounds=PathBounds(person_bytes_max=100_000)) as made:
        yield made


def asked(
    exchange: Exchange,
    place: str,
    target: str = "",
    *,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Got:
    """Ask the service, whose messages name persons at `place`."""
    exchange.offer(personal=True, person_at=(place_named(place),))
    return exchange.ask(
        "POST" if body is not None else "GET", SERVICE + target, {**SAID, **(headers or {})}, body
    )


def uses(exchange: Exchange) -> list[PersonsUsed]:
    return exchange.telling.log.uses


def answering(status: int, body: bytes, **headers: str) -> Reaction:
    """Return what answers with a body, chunked when it has no length."""

    def react(handler: BaseHTTPRequestHandler, asked: Asked) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return react


def test_a_use_says_who_asked_for_whom_and_why(exchange: Exchange) -> None:
    hidden = {"Flagstone-Hidden-Until": "2099-01-01T00%3A00%3A00Z"}
    exchange.offer(personal=True, person_at=(place_named("path:/people/{person}"),), hiders=(ASKS,))
    got = exchange.ask("GET", f"{SERVICE}/people/XA{MARI}", {**SAID, **hidden})
    assert got.status == 200
    (use,) = uses(exchange)
    assert list(use.persons.values()) == [MARI]
    assert (use.client, use.service.provider, use.message_id) == (ASKS, TELLS, "m-1")
    assert (use.reason.purpose, use.reason.legal_basis, use.reason.case) == ("yearly tax", "Tax Act 5", "C-1")
    assert use.reason.hidden_until == parse_rfc3339("2099-01-01T00:00:00Z")
    assert (use.user, use.unread) == ("XA49002010976", "")
    assert MARI not in repr(use)
    (answered,) = ended(exchange.telling, Side.PROVIDER)
    assert answered.usage_count == 1  # by which reconciliation finds a record that is missing


@pytest.mark.parametrize("size", [0, 20_000, 90_000])
def test_a_person_is_found_in_the_body_of_a_request(exchange: Exchange, size: int) -> None:
    body = json.dumps({"code": JAAN, "pad": "x" * size}).encode()
    got = asked(exchange, "request:/code", body=body)
    assert got.body == body
    assert list(uses(exchange)[0].persons.values()) == [JAAN]


@pytest.mark.parametrize("size", [0, 90_000])
def test_persons_are_found_in_the_body_of_an_answer(exchange: Exchange, size: int) -> None:
    body = json.dumps([{"code": MARI}, {"code": JAAN, "pad": "x" * size}]).encode()
    exchange.provider.react = answering(200, body)
    got = asked(exchange, "response:/*/code", headers={"Accept-Encoding": "gzip"})
    assert got.body == body
    assert set(uses(exchange)[0].persons.values()) == {MARI, JAAN}
    assert exchange.provider.asked[0].values("Accept-Encoding") == []


def test_bodies_too_large_to_be_looked_at_pass_and_are_said_to_be_unread(exchange: Exchange) -> None:
    body = json.dumps({"code": MARI, "pad": "x" * 200_000}).encode()
    got = asked(exchange, "request:/code", body=body)
    assert got.body == body
    exchange.provider.react = answering(200, body)
    got = asked(exchange, "response:/code", headers={"X-Road-Id": "m-2"})
    assert got.body == body
    assert [(use.persons, use.unread) for use in uses(exchange)] == [({}, places.TOO_LARGE)] * 2


def test_a_message_that_names_nobody_passes_and_is_said_to_be_unread(exchange: Exchange) -> None:
    with structlog.testing.capture_logs() as logged:
        got = asked(exchange, "path:/people/{person}", "/people/60001019906x%20Mari")
    assert got.status == 200
    (use,) = uses(exchange)
    assert (use.persons, use.unread) == ({}, places.NOT_CODE)
    (line,) = [each for each in logged if each["event"] == "person not read from message"]
    assert line["request_id"] == use.exchange
    assert "Mari" not in str(logged)
    assert MARI not in str(logged)


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_a_service_that_refuses_uses_nobodys_data(exchange: Exchange, status: int) -> None:
    exchange.provider.react = answering(status, b"{}")
    got = asked(exchange, "path:/people/{person}", f"/people/{MARI}")
    assert got.status == status
    assert uses(exchange) == []
    assert ended(exchange.telling, Side.PROVIDER)[0].usage_count is None


def test_an_answer_whose_use_cannot_be_written_is_not_passed_on(exchange: Exchange) -> None:
    exchange.telling.log.unusable = True
    got = asked(exchange, "path:/people/{person}", f"/people/{MARI}")
    assert (got.status, got.fault) == (500, "server.serverproxy.logging_failed")
    assert MARI.encode() not in got.body


def test_a_service_that_names_no_place_is_as_before(exchange: Exchange) -> None:
    exchange.offer(personal=True)
    assert exchange.ask("GET", f"{SERVICE}/people/{MARI}", SAID).status == 200
    assert uses(exchange) == []
