# SPDX-License-Identifier: EUPL-1.2
"""A push leaves as a message of the exchange: from its room, to the subscriber's inbox, for its purpose."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.blocks.exchange.service.news.rig import INTERIOR, NATURE

from flagstone.blocks.exchange.contract.directory import Directory, GlobalGroup
from flagstone.blocks.exchange.contract.identifiers import GroupId, ServerId
from flagstone.blocks.exchange.contract.news import Message
from flagstone.blocks.exchange.contract.service import Snapshot
from flagstone.blocks.exchange.model.news import groups_in
from flagstone.blocks.exchange.service.news.sending import OverExchange
from flagstone.kernel.clock import parse_rfc3339
from flagstone.kernel.errors import Fault
from flagstone.platform.http.client import Answer


class Server:
    """Our own server's door, which keeps what it was given."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.calls: list[tuple[str, str, dict[str, str], bytes]] = []

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        self.calls.append((method, path, dict(headers or {}), body))
        return self.answer


MESSAGE = Message(b"{}", {"Content-Type": "application/json", "Flagstone-Purpose": "Telling"})


def test_a_push_is_a_message_of_its_room() -> None:
    server = Server(Answer(202, {}, b""))
    over = OverExchange(server, "secret")
    for _ in range(2):
        assert over.send(INTERIOR, NATURE, "events", "/inbox/birth-registered", MESSAGE) == 202
    method, path, headers, body = server.calls[0]
    assert (method, path) == ("POST", "/r1/XA/GOV/10000047/registry/events/inbox/birth-registered")
    assert headers["X-Road-Client"] == "XA/GOV/10000001/registry"
    assert (headers["Flagstone-Purpose"], headers["Content-Type"]) == ("Telling", "application/json")
    assert headers["Flagstone-Client-Secret"] == "secret"
    assert body == b"{}"


def test_a_fault_of_the_exchange_is_no_answer() -> None:
    fault = {"x-road-error": "server.serverproxy.access_denied"}
    with pytest.raises(Fault) as caught:
        OverExchange(Server(Answer(500, fault, b"")), "").send(
            INTERIOR, NATURE, "events", "/inbox/a", MESSAGE
        )
    assert caught.value.code.startswith("exchange.")


def test_groups_are_those_of_the_directory_at_the_moment() -> None:
    groups: list[GlobalGroup] = []

    def snapshot() -> Snapshot:
        now = parse_rfc3339("2026-11-22T08:00:00Z")
        directory = Directory("XA", 1, now, groups=tuple(groups))
        return Snapshot(ServerId(INTERIOR.member, "interior"), directory, {}, {}, {})

    in_group = groups_in(snapshot)
    assert not in_group(NATURE, GroupId("agencies"))
    groups.append(GlobalGroup("agencies", {}, frozenset({NATURE})))
    assert in_group(NATURE, GroupId("agencies"))
    assert not in_group(INTERIOR, GroupId("agencies"))
    assert not in_group(NATURE, GroupId("agencies", local=True))
