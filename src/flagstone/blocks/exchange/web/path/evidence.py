# SPDX-License-Identifier: EUPL-1.2
"""Evidence at the door of information systems: each may have its own, and anybody the configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.model import faults
from flagstone.blocks.exchange.model.faults import MessageFault
from flagstone.blocks.exchange.web.evidence import TEXT, EvidenceAnswers, Given, asked_for
from flagstone.kernel.audit import Actor, ActorKind, Caller
from flagstone.platform.http.wire.messages import Answer, Incoming, ResponseHead

ASIC, CONFIGURATION = b"/asic", b"/verificationconf"
PATHS = frozenset({ASIC, CONFIGURATION})

Authenticate = Callable[[ClientId], None]
"""Raises MessageFault unless the request's connection is the one that is registered for the client."""


class EvidenceDoor:
    """Answers GET of both paths; storage is read in a thread, so that messages go on."""

    def __init__(self, answers: EvidenceAnswers) -> None:
        """Answer by `answers`."""
        self._answers = answers

    async def answer(self, incoming: Incoming, authenticate: Authenticate) -> Answer:
        """Return the answer to one request; its body is not read."""
        incoming.body.abandon()
        path, _, query = incoming.head.target.partition(b"?")
        if incoming.head.method != b"GET":
            return _answer(Given(405, TEXT, b"Evidence is read by GET.\n"))
        if path == CONFIGURATION:
            return _answer(await asyncio.to_thread(self._answers.verificationconf))
        asked = asked_for(query.decode("latin-1"))
        if isinstance(asked, Given):
            return _answer(asked)
        try:
            authenticate(asked.client)
        except MessageFault as fault:
            unknown = fault.code == faults.UNKNOWN_MEMBER
            return _answer(Given(404 if unknown else 401, TEXT, f"{fault.text}\n".encode()))
        actor = Actor(
            ActorKind.SYSTEM,
            id=str(asked.client),
            organisation=asked.client.member_code,
            system=str(asked.client),
        )
        return _answer(await asyncio.to_thread(self._answers.asic, Caller(actor), asked))


def _answer(given: Given) -> Answer:
    headers = {"content-type": given.kind, **{name.lower(): value for name, value in given.headers.items()}}
    pairs = tuple((name.encode(), value.encode("latin-1")) for name, value in headers.items())
    return Answer(ResponseHead(given.status, b"", pairs), given.body)
