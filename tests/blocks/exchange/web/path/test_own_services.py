# SPDX-License-Identifier: EUPL-1.2
"""Services of the site itself: called with a ticket that says who asks, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler

import pytest

from flagstone.blocks.exchange.contract.identifiers import ServiceId
from flagstone.blocks.exchange.contract.log import Side
from flagstone.kernel.audit import ActorKind
from flagstone.platform.http.principal import Principal

from .rig import ASKS, SECRET, TELLS, Exchange, Got, ended
from .system import Asked, echo

LOCAL, OWN = "/r1/XA/GOV/200/registry/local/x?y=1", "/r1/XA/GOV/200/registry/own"
PERSONAL, DECLARED = "/r1/XA/GOV/200/registry/personal", "/r1/XA/GOV/200/registry/declared"


def called(exchange: Exchange, target: str, headers: dict[str, str]) -> tuple[Got, Principal | None]:
    """Ask, and return the answer with whom the ticket stood for."""
    found: list[Principal | None] = []

    def react(handler: BaseHTTPRequestHandler, asked: Asked) -> None:
        (bearer,) = asked.values("Authorization")
        found.append(exchange.telling.tickets.find(bearer.removeprefix("Bearer ")))
        echo(handler, asked)

    exchange.provider.react = react
    got = exchange.ask("GET", target, headers)
    return got, found[0] if found else None


def test_a_system_is_called_for_by_its_name_and_member(exchange: Exchange) -> None:
    got, principal = called(
        exchange,
        LOCAL,
        {
            "X-Road-UserId": "EE123",
            "X-Road-Id": "m-1",
            "Flagstone-Purpose": "yearly%20tax",
            "Flagstone-Legal-Basis": "Tax%20Act%205",
            "Flagstone-Case": "C-1",
        },
    )
    assert got.status == 200
    assert exchange.provider.asked[0].target == "/web/x?y=1"
    assert principal is not None
    actor = principal.caller.actor
    assert (actor.kind, actor.id, actor.system) == (ActorKind.SYSTEM, "XA/GOV/100/asks", "XA/GOV/100/asks")
    assert (actor.organisation, actor.on_behalf) == ("XA/GOV/100", "EE123")
    assert principal.caller.roles == {"exchange"}
    assert principal.person is None
    assert principal.reason is not None
    reason = principal.reason
    assert (reason.purpose, reason.legal_basis) == ("yearly tax", "Tax Act 5")
    assert (reason.message_reference, reason.case) == ("m-1", "C-1")


def test_the_ticket_takes_the_place_of_whatever_the_consumer_sent(exchange: Exchange) -> None:
    forged = {
        "Authorization": "Bearer stolen",
        "Cookie": "session=stolen",
        "X-Forwarded-For": "10.0.0.1",
        "Forwarded": "for=10.0.0.1",
    }
    got, principal = called(exchange, LOCAL, forged)
    assert got.status == 200
    assert principal is not None
    assert principal.reason is None, "no purpose was said or declared"
    seen = exchange.provider.asked[0]
    assert not seen.values("Cookie") + seen.values("X-Forwarded-For") + seen.values("Forwarded")
    assert exchange.telling.tickets.waiting() == 0


def test_another_programs_service_gets_no_ticket_and_keeps_its_headers(exchange: Exchange) -> None:
    given = {"Authorization": "Basic eA==", "Cookie": "a=1", "X-Forwarded-For": "10.0.0.1"}
    exchange.ask("GET", "/r1/XA/GOV/200/registry/echo", given)
    seen = exchange.provider.asked[0]
    assert {name: seen.values(name) for name in given} == {name: [value] for name, value in given.items()}


@pytest.mark.parametrize("user", ["60001019906", "XA60001019906"])
def test_a_service_for_the_person_is_called_in_her_name(exchange: Exchange, user: str) -> None:
    got, principal = called(exchange, OWN, {"X-Road-UserId": user, "Flagstone-Purpose": "own%20facts"})
    assert got.status == 200
    assert principal is not None
    actor = principal.caller.actor
    assert (actor.kind, actor.id, actor.system) == (ActorKind.PERSON, "60001019906", "XA/GOV/100/asks")
    assert principal.person == "60001019906"
    assert principal.caller.roles == {"signed-in"}


@pytest.mark.parametrize("user", ["", "XA", "6000 1019906", "a/b/c/d", "x" * 40])
def test_a_service_for_the_person_needs_one(exchange: Exchange, user: str) -> None:
    got = exchange.ask("GET", OWN, {"X-Road-UserId": user})
    assert (got.status, got.fault) == (500, "server.serverproxy.access_denied.person_missing")
    assert exchange.provider.asked == []


def test_the_count_of_usage_records_is_noted_and_not_passed_on(exchange: Exchange) -> None:
    got = exchange.ask("GET", LOCAL)
    assert got.all("Flagstone-Usage-Count") == []
    assert ended(exchange.telling, Side.PROVIDER)[-1].usage_count == 3
    exchange.ask("GET", "/r1/XA/GOV/200/registry/echo")
    assert ended(exchange.telling, Side.PROVIDER, 2)[-1].usage_count is None, "others count nothing for us"


def test_personal_data_is_not_given_without_a_purpose(exchange: Exchange) -> None:
    got = exchange.ask("GET", PERSONAL)
    assert (got.status, got.fault) == (500, "server.serverproxy.access_denied.purpose_missing")
    assert exchange.provider.asked == []
    assert exchange.ask("GET", PERSONAL, {"Flagstone-Purpose": "%20"}).fault == got.fault
    odd = exchange.ask("GET", PERSONAL, {"Flagstone-Purpose": "x%0ay"})
    assert odd.fault == "server.clientproxy.bad_request"
    assert exchange.ask("GET", PERSONAL, {"Flagstone-Purpose": "inquiry"}).status == 200
    assert [each.personal for each in exchange.telling.log.requests] == [True, True, True]


def test_only_who_was_let_to_by_the_service_hides_a_use(exchange: Exchange) -> None:
    said = {"Flagstone-Purpose": "inquiry", "Flagstone-Hidden-Until": "2099-01-01T00%3A00%3A00Z"}
    refused = exchange.ask("GET", PERSONAL, said)
    assert (refused.status, refused.fault) == (500, "server.serverproxy.access_denied")
    assert exchange.provider.asked == []
    exchange.offer(hiders=(ASKS,))
    got, principal = called(exchange, LOCAL, said)
    assert got.status == 200
    assert principal is not None
    assert principal.reason is not None
    assert principal.reason.hidden_until == datetime(2099, 1, 1, tzinfo=UTC)


def test_the_purpose_is_the_messages_own_then_the_rights_then_the_services(exchange: Exchange) -> None:
    inside = {"X-Road-Client": "XA/GOV/100/portal", "Flagstone-Client-Secret": SECRET}
    exchange.ask("GET", DECLARED, {"Flagstone-Purpose": "own", "Flagstone-Case": "7"})
    exchange.ask("GET", DECLARED, inside)
    exchange.ask("GET", DECLARED)
    said = [(each.purpose, each.legal_basis, each.case) for each in exchange.telling.log.requests]
    assert said == [("own", "", "7"), ("on the right", "Act 2", ""), ("declared", "Act 1", "")]


def test_a_service_whose_address_cannot_be_used_has_its_fault(exchange: Exchange) -> None:
    service = ServiceId(TELLS, "echo")
    for url in ("ftp://x", "http://", "http://[::1", "http://x/?a=b", "nonsense", "http://x:99999"):
        services = dict(exchange.telling.snapshot.services)
        services[service] = replace(services[service], url=url)
        exchange.telling.snapshot = replace(exchange.telling.snapshot, services=services)
        got = exchange.ask("GET", "/r1/XA/GOV/200/registry/echo")
        assert got.fault == "server.serverproxy.internal_error", url
