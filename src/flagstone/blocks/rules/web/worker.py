# SPDX-License-Identifier: EUPL-1.2
"""A worker that answers OpenFisca's web API: a law in memory, and a socket that it may share with others.

It is a process of its own, started by `serving` with its task as JSON on the standard input. It computes one
request at a time; more wait in their connections.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from collections.abc import Awaitable, Mapping
from pathlib import Path

import uvloop

from flagstone.blocks.rules.contract.calculation import Bounds, Mode
from flagstone.blocks.rules.contract.engine import Question, Reply
from flagstone.blocks.rules.contract.faults import LawUnavailable
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.service.engine.answering import Api
from flagstone.blocks.rules.service.engine.cache import Shelf, users_shelf
from flagstone.blocks.rules.service.engine.home import go_home
from flagstone.blocks.rules.service.engine.loading import load, settle
from flagstone.blocks.rules.service.engine.modes import enter
from flagstone.blocks.rules.service.engine.room import with_room
from flagstone.blocks.rules.web.serving import READY, Task
from flagstone.platform.http.wire.bounds import WireBounds
from flagstone.platform.http.wire.faults import BodyBroken, BodyOversize
from flagstone.platform.http.wire.messages import Answer, Incoming, RequestHead, ResponseHead
from flagstone.platform.http.wire.server import WireServer

_GRACE_SECONDS = 5.0


class Worker:
    """Answers by one law."""

    def __init__(self, api: Api, task: Task) -> None:
        """Answer by `api` within the limits of `task`."""
        self._api = api
        self._task = task

    def answer(self, incoming: Incoming) -> Answer | Awaitable[Answer]:
        """Return the API's answer to a request: at once when its body is here, as it mostly is."""
        whole = incoming.body.at_hand()
        return self._late(incoming) if whole is None else self._now(incoming.head, whole)

    async def _late(self, incoming: Incoming) -> Answer:
        try:
            whole = await incoming.body.read(self._task.body_bytes_max)
        except BodyBroken as broken:
            return _plain(broken.status, broken.title)
        return self._now(incoming.head, whole)

    def _now(self, head: RequestHead, body: bytes) -> Answer:
        if len(body) > self._task.body_bytes_max:
            return _plain(BodyOversize.status, BodyOversize.title)
        told = {name.lower(): value for name, value in head.headers}
        question = Question(
            method=head.method.decode("latin-1"),
            path=head.target.partition(b"?")[0].decode("latin-1"),
            address=_address(told),
            body=body,
            known=told.get(b"if-none-match", b"").decode("latin-1"),
        )
        return _sent(self._api.answer(question), bare=head.method == b"HEAD")

    @staticmethod
    def refused(status: int, why: str) -> Answer:
        """Return the answer to what was not even a request."""
        return _plain(status, why)


def _address(told: Mapping[bytes, bytes]) -> str:
    return f"http://{told.get(b'host', b'localhost').decode('latin-1')}/"


def _sent(reply: Reply, *, bare: bool) -> Answer:
    headers = tuple((name.encode(), value.encode()) for name, value in reply.headers.items())
    return Answer(ResponseHead(reply.status, b"", headers), b"" if bare else reply.body)


def _plain(status: int, why: str) -> Answer:
    body = json.dumps({"error": why}).encode()
    return Answer(ResponseHead(status, b"", ((b"Content-Type", b"application/json"),)), body)


async def serve(task: Task) -> None:
    """Load the law, say that it is there, and answer until told to end."""
    shelf = Shelf(Path(task.cache).resolve()) if task.cache else users_shelf()
    go_home(task.package)
    enter(Mode(task.mode))
    law = load(LawName(task.package, tuple(task.extensions), tuple(task.reforms)), shelf)
    settle()
    worker = Worker(Api(law, Bounds(), seconds_max=task.seconds_max), task)
    server = WireServer(worker.answer, bounds=WireBounds(), refusal=worker.refused)
    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    await server.start(socket.socket(fileno=task.descriptor))
    print(f"{READY} {law.snapshot.digest}", flush=True)  # what the parent waits for
    await ended.wait()
    await server.stop(_GRACE_SECONDS)


def main() -> None:
    """Run the worker that the standard input describes."""
    task = Task(**json.load(sys.stdin))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(serve(task))
        except LawUnavailable as unavailable:
            print(unavailable.detail, flush=True)  # the parent says so
            sys.exit(1)


if __name__ == "__main__":
    with_room(main)
