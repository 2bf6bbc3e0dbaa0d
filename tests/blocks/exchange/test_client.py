# SPDX-License-Identifier: EUPL-1.2
"""Calls through the exchange: what is said on the way, what is repeated, and what a fault becomes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from flagstone.blocks.exchange.client import CallRefused, Door, ServiceUnreachable, ThroughExchange
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServiceId
from flagstone.kernel.audit import Reason
from flagstone.kernel.ids import PersonCode
from flagstone.platform.http.client import Answer, AnswerRefused, SiteUnreachable

PORTAL = ClientId("XA", "GOV", "10000001", "portal")
FACTS = ServiceId(ClientId("XA", "GOV", "10000018", "regis try"), "own-facts")
WHY = Reason("Own facts § 1", "Act", case="K-1", hidden_until=datetime(2027, 1, 1, tzinfo=UTC))
GOOD = Answer(200, {"x-road-id": "XA-1"}, b"{}")


class Server:
    """Our own server, which answers as told."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[str, str, dict[str, str], bytes]] = []

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        self.calls.append((method, path, dict(headers or {}), body))
        answer = self.answers.pop(0) if self.answers else GOOD
        if isinstance(answer, Exception):
            raise answer
        return answer


class HandClock:
    """Seconds that pass when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def way(server: Server, clock: HandClock | None = None) -> ThroughExchange:
    door = Door(server, PORTAL, "s3cret")
    return ThroughExchange(door, FACTS, prefix="/registry/v1", seconds=clock or HandClock())


def fault(code: str) -> Answer:
    return Answer(500, {"x-road-error": code}, b"{}")


def test_a_call_says_who_and_why_and_loses_what_is_ours() -> None:
    server = Server()
    through = way(server).for_person(PersonCode("60001019906"), WHY)
    headers = {"Authorization": "Bearer x", "flagstone-purpose": "other", "Content-Type": "application/json"}
    assert through.call("POST", "/registry/v1/persons/facts", headers=headers, body=b"{}") == GOOD
    ((method, path, sent, body),) = server.calls
    assert (method, path, body) == ("POST", "/r1/XA/GOV/10000018/regis%20try/own-facts/persons/facts", b"{}")
    assert sent == {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "X-Road-Client": "XA/GOV/10000001/portal",
        "X-Road-UserId": "XA60001019906",
        "Flagstone-Client-Secret": "s3cret",
        "Flagstone-Purpose": "Own%20facts%20%C2%A7%201",
        "Flagstone-Legal-Basis": "Act",
        "Flagstone-Case": "K-1",
        "Flagstone-Hidden-Until": "2027-01-01T00%3A00%3A00.000000Z",
    }


def test_the_services_own_answers_pass_whatever_their_status() -> None:
    for status in (200, 404, 500):
        assert way(Server(Answer(status, {}, b""))).call("GET", "/x").status == status


@pytest.mark.parametrize(
    "code",
    [
        "server.clientproxy.network_error",
        "server.serverproxy.service_failed.timeout",
        "Server.ServerProxy.ServiceFailed.NetworkError",
        "server.serverproxy.maintenance_mode",
        "server.clientproxy.logging_failed",
        "server.clientproxy.service_failed.circuit_open",
    ],
)
def test_what_may_pass_by_itself_is_unreachable(code: str) -> None:
    with pytest.raises(ServiceUnreachable) as raised:
        way(Server(fault(code))).call("GET", "/x")
    assert raised.value.detail == f"{FACTS}: {code}"
    assert isinstance(raised.value, SiteUnreachable)


@pytest.mark.parametrize(
    "code",
    [
        "server.serverproxy.access_denied",
        "Server.ServerProxy.AccessDenied",
        "server.clientproxy.unknown_member",
        "server.clientproxy.inconsistent_response",
        "client.bad_request",
    ],
)
def test_what_will_not_pass_by_itself_is_refused(code: str) -> None:
    with pytest.raises(CallRefused) as raised:
        way(Server(fault(code))).call("GET", "/x")
    assert raised.value.detail == f"{FACTS}: {code}"
    assert isinstance(raised.value, AnswerRefused)


def test_a_hostile_code_is_not_repeated_to_anybody() -> None:
    with pytest.raises(CallRefused) as raised:
        way(Server(fault("x\x1b[31m"))).call("GET", "/x")
    assert raised.value.detail == str(FACTS)


def test_only_a_read_that_nothing_answered_is_sent_again() -> None:
    server = Server(SiteUnreachable(), GOOD)
    assert way(server).call("GET", "/x") == GOOD
    assert len(server.calls) == 2
    for method, answer in (
        ("POST", SiteUnreachable()),
        ("GET", fault("server.clientproxy.network_error")),
        ("GET", AnswerRefused("too large")),
    ):
        server = Server(answer, GOOD)
        with pytest.raises((ServiceUnreachable, CallRefused)):
            way(server).call(method, "/x")
        assert len(server.calls) == 1


def test_a_read_that_took_long_is_not_sent_again() -> None:
    clock = HandClock()

    class Slow(Server):
        def call(
            self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
        ) -> Answer:
            clock.now += 5
            return super().call(method, path, headers=headers, body=body)

    server = Slow(SiteUnreachable(), GOOD)
    with pytest.raises(ServiceUnreachable):
        way(server, clock).call("GET", "/x")
    assert len(server.calls) == 1


def test_after_three_failures_it_is_left_alone_and_then_tried_once() -> None:
    clock, bad = HandClock(), fault("server.clientproxy.network_error")
    server = Server(bad, bad, bad)
    through = way(server, clock)
    person = through.for_person(PersonCode("60001019906"), WHY)  # shares the circuit
    for caller in (through, person, through, person, through):
        with pytest.raises(ServiceUnreachable):
            caller.call("GET", "/x")
    assert len(server.calls) == 3
    clock.now = 10.5
    server.answers = [bad]
    for _ in range(3):
        with pytest.raises(ServiceUnreachable):
            through.call("GET", "/x")
    assert len(server.calls) == 4  # one probe
    clock.now = 25.0
    assert person.call("GET", "/x") == GOOD
    assert through.call("GET", "/x") == GOOD


def test_refusals_do_not_open_the_circuit() -> None:
    denied = fault("server.serverproxy.access_denied")
    server = Server(denied, denied, denied, denied)
    through = way(server)
    for _ in range(4):
        with pytest.raises(CallRefused):
            through.call("GET", "/x")
    assert through.call("GET", "/x") == GOOD
