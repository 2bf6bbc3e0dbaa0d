# SPDX-License-Identifier: EUPL-1.2
"""Places, queues and token buckets."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.platform.http.bounds import Bounds
from flagstone.platform.http.quota import Buckets, Places, client_address, client_key

from .conftest import Maker

PROXIES = (ip_network("10.0.0.0/8"),)


def test_a_bound_must_let_something_through() -> None:
    with pytest.raises(ValueError, match="queue_max"):
        Bounds(queue_max=0)


def test_a_bucket_empties_and_fills_with_time() -> None:
    now = [0.0]
    bounds = Bounds(requests_per_second_per_client=2.0, requests_burst_per_client=3)
    buckets = Buckets(bounds, seconds=lambda: now[0])
    assert [buckets.draw("a") for _ in range(4)] == [None, None, None, 1]
    assert buckets.draw("b") is None
    now[0] = 0.5
    assert [buckets.draw("a"), buckets.draw("a")] == [None, 1]
    now[0] = 1000.0
    assert [buckets.draw("a") for _ in range(4)] == [None, None, None, 1]


def test_the_number_of_buckets_is_bounded() -> None:
    buckets = Buckets(Bounds(clients_tracked_max=10))
    for number in range(1000):
        buckets.draw(str(number))
    assert len(buckets._levels) == 10


def test_a_client_that_asks_too_often_is_told_when(make_site: Maker) -> None:
    client = make_site(bounds=Bounds(requests_per_second_per_client=0.1, requests_burst_per_client=2)).client
    answers = [client.get("/api/open") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["code"] == "http.too-many-requests"
    assert 1 <= int(answers[2].headers["retry-after"]) <= 10
    assert client.get("/health/live").status_code == 200


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("1.2.3.4", "9.9.9.9", "1.2.3.4"),
        ("10.0.0.1", "9.9.9.9", "9.9.9.9"),
        ("10.0.0.1", "6.6.6.6, 9.9.9.9", "9.9.9.9"),
        ("10.0.0.1", "6.6.6.6, 10.0.0.2", "6.6.6.6"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("testclient", "9.9.9.9", "testclient"),
    ],
)
def test_only_our_own_proxies_are_believed(peer: str, forwarded: str, address: str) -> None:
    assert client_address(peer, forwarded, PROXIES) == address


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_forwarding_header_is_read_or_ignored(peer: str, forwarded: str) -> None:
    assert isinstance(client_key(client_address(peer, forwarded, PROXIES)), str)


def test_one_network_of_ipv6_is_one_client() -> None:
    assert client_key("2001:db8::1") == client_key("2001:db8::ffff:1") != client_key("2001:db8:0:1::1")
    assert client_key("::ffff:1.2.3.4") == "1.2.3.4"


def test_the_newest_who_waits_is_served_first() -> None:
    bounds = Bounds(requests_at_once_max=1, queue_max=2, queue_seconds_max=0.2)

    async def play() -> tuple[list[str], list[bool]]:
        places, order = Places(bounds), []
        assert await places.take()

        async def wait(name: str) -> bool:
            got = await places.take()
            if got:
                order.append(name)
            return got

        first, second = asyncio.create_task(wait("first")), asyncio.create_task(wait("second"))
        await asyncio.sleep(0)
        assert not await places.take()
        places.give_back()
        results = [await first, await second]
        places.give_back()
        assert places.busy == 0
        return order, results

    assert asyncio.run(play()) == (["second"], [False, True])


def test_who_gives_up_waiting_loses_no_place() -> None:
    async def play() -> int:
        places = Places(Bounds(requests_at_once_max=1, queue_seconds_max=5.0))
        await places.take()
        waiting = asyncio.create_task(places.take())
        await asyncio.sleep(0)
        places.give_back()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return places.busy if waiting.cancelled() else places.busy - 1

    assert asyncio.run(play()) == 0
