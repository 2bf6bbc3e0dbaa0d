# SPDX-License-Identifier: EUPL-1.2
"""Tickets are good once, for a minute, and never too many."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from flagstone.kernel.audit import Actor, ActorKind, Caller, Reason
from flagstone.platform.http.bounds import Bounds
from flagstone.platform.http.principal import Principal
from flagstone.platform.http.tickets import TICKET_SECONDS, Tickets

from .conftest import Maker


def system(name: str) -> Principal:
    """Return the principal of the information system `name`."""
    return Principal(Caller(Actor(ActorKind.SYSTEM, id=name, system=name), frozenset({"exchange"})))


def test_a_ticket_is_good_once() -> None:
    tickets = Tickets()
    asked, other = system("XA/GOV/1/asks"), system("XA/GOV/2/asks")
    token, second = tickets.issue(asked), tickets.issue(other)
    assert token != second
    assert tickets.find(token) is asked
    assert tickets.find(token) is None
    assert tickets.find(second) is other
    assert tickets.waiting() == 0


def test_looking_whether_a_ticket_waits_does_not_use_it() -> None:
    now = [0.0]
    tickets = Tickets(seconds=lambda: now[0])
    token = tickets.issue(system("a"))
    assert tickets.waits(token)
    assert tickets.waits(token)
    assert not tickets.waits("invented")
    now[0] = TICKET_SECONDS
    assert not tickets.waits(token)
    assert tickets.find(token) is None


def test_who_shows_a_ticket_is_not_counted_against_the_address(make_site: Maker) -> None:
    tickets = Tickets()
    site = make_site(
        bounds=Bounds(requests_per_second_per_client=1.0, requests_burst_per_client=2), tickets=tickets
    )
    shown = [{"Authorization": f"Bearer {tickets.issue(system('a'))}"} for _ in range(8)]
    assert {site.client.get("/nowhere", headers=each).status_code for each in shown} == {404}
    assert [site.client.get("/nowhere").status_code for _ in range(3)] == [404, 404, 429]
    invented = {"Authorization": "Bearer invented"}
    assert site.client.get("/nowhere", headers=invented).status_code == 429


def test_an_invented_ticket_is_nobody() -> None:
    tickets = Tickets()
    token = tickets.issue(system("a"))
    assert tickets.find("") is None
    assert tickets.find(token[:-1]) is None
    assert tickets.find(token.swapcase()) is None
    assert tickets.find(token) is not None


def test_a_ticket_ends_after_a_minute_and_is_forgotten() -> None:
    now = [100.0]
    tickets = Tickets(seconds=lambda: now[0])
    early, late = tickets.issue(system("early")), tickets.issue(system("late"))
    now[0] += TICKET_SECONDS - 0.001
    assert tickets.find(early) is not None
    now[0] += 0.001
    assert tickets.find(late) is None
    for _ in range(3):
        tickets.issue(system("unused"))
    now[0] += TICKET_SECONDS
    tickets.issue(system("new"))
    assert tickets.waiting() == 1


@given(st.integers(min_value=1, max_value=5), st.integers(min_value=0, max_value=20))
def test_past_the_bound_the_oldest_is_forgotten(bound: int, count: int) -> None:
    tickets = Tickets(tickets_max=bound)
    tokens = [tickets.issue(system(str(number))) for number in range(count)]
    assert tickets.waiting() == min(bound, count)
    found = [tickets.find(token) is not None for token in tokens]
    assert found == [number >= count - bound for number in range(count)]


def test_two_threads_never_both_use_one_ticket() -> None:
    tickets = Tickets()
    tokens = [tickets.issue(system(str(number))) for number in range(200)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(tickets.find, tokens * 4))
    assert sum(each is not None for each in found) == len(tokens)


def test_a_principal_may_carry_the_reason_of_its_message_and_does_not_show_it() -> None:
    reason = Reason("annual tax", "Tax Act 5", "XA-1")
    principal = Principal(system("a").caller, reason=reason)
    assert principal.reason is reason
    assert system("a").reason is None
    assert "annual tax" not in repr(principal)
