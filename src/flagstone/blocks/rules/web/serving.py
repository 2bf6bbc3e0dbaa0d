# SPDX-License-Identifier: EUPL-1.2
"""Keeps the workers of one address: started with a bound socket, revived when one dies, ended together."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from time import monotonic, sleep

from flagstone.blocks.rules.contract.faults import LawUnavailable

READY = "ready"
_COMMAND = (sys.executable, "-m", "flagstone.blocks.rules.web.worker")
_WATCH_SECONDS = 0.5
_REVIVALS_A_MINUTE_MAX = 10
_END_SECONDS = 10.0


@dataclass(frozen=True)
class Task:
    """What a worker does: which law in which mode, on which inherited socket, within which limits.

    `cache` is the folder that keeps what loading the law found out; empty for the user's own.
    """

    package: str
    extensions: tuple[str, ...]
    reforms: tuple[str, ...]
    mode: str
    descriptor: int
    seconds_max: float
    body_bytes_max: int
    cache: str = ""


class Workers:
    """The worker processes of one address."""

    def __init__(self, task: Task, sock: socket.socket, count: int) -> None:
        """Plan `count` workers that answer on `sock`, which is bound and listens."""
        self._task = task
        self._socket = sock
        self._count = count
        self._processes: list[subprocess.Popen[str]] = []
        self._revived: list[float] = []

    def start(self) -> str:
        """Start all and wait until each has its law; return the law's digest. LawUnavailable."""
        started = [self._started() for _ in range(self._count)]
        self._processes = started
        return [self._awaited(each) for each in started][-1]

    def watch(self, ended: Callable[[], bool]) -> None:
        """Revive workers that die, until `ended`; LawUnavailable when they die again and again."""
        while not ended():
            for place, process in enumerate(self._processes):
                if process.poll() is not None:
                    _forget(process)
                    self._note_revival()
                    self._processes[place] = self._started()
                    self._awaited(self._processes[place])
            sleep(_WATCH_SECONDS)

    def stop(self) -> None:
        """End every worker, the slow ones by force."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            _forget(process)

    def _started(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(  # noqa: S603 - our own module, by this Python
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=(self._socket.fileno(),),
        )
        assert process.stdin is not None
        with process.stdin as told:
            json.dump(asdict(self._task), told)
        return process

    def _awaited(self, process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        word, _, digest = said.partition(" ")
        if word != READY:
            raise LawUnavailable(said or f"{self._task.package}: its worker ended before it was ready")
        return digest

    def _note_revival(self) -> None:
        now = monotonic()
        self._revived = [*(each for each in self._revived if now - each < 60), now]
        if len(self._revived) > _REVIVALS_A_MINUTE_MAX:
            raise LawUnavailable(f"{self._task.package}: its workers die again and again")


def _forget(process: subprocess.Popen[str]) -> None:
    """Close what connects us with a process that has ended."""
    if process.stdout:
        process.stdout.close()
