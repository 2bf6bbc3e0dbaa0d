# SPDX-License-Identifier: EUPL-1.2
"""The supervisor: one process that forks a process for each site, watches them, and stops or starts one.

Everything is imported before the first fork, so that the sites share their programs' memory. The
supervisor itself opens no database and begins no thread, so that it can fork again at any time. When it is
killed, its sites stop.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import FrameType
from typing import Protocol

from flagstone.cli.doors import Doors
from flagstone.cli.lifeline import STOP_SECONDS_MAX, Lifeline
from flagstone.platform.http.server import AddressUnavailable
from flagstone.settings.options import Settings

READY_SECONDS_MAX = 60
TURN_SECONDS = 0.2
BACKOFF_SECONDS = (0.5, 1, 2, 5, 15, 30)
STEADY_SECONDS = 60
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Condition(Enum):
    """How a site stands."""

    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    STOPPED = "stopped"  # because somebody said so
    FAILED = "failed"  # it ended by itself or was stopped, and is started again after a pause


@dataclass
class Child:
    """One site: what it is given, and the process that runs it.

    While it is stopped nobody listens at its `doors`, so that callers are refused at once.
    """

    settings: Settings
    doors: Doors
    shut: bool = False
    condition: Condition = Condition.STOPPED
    process: int = 0
    ready: int = -1  # reading end of the pipe on which the process says that it is ready
    began: float = 0.0
    failures: int = 0
    again_at: float = 0.0
    wanted: bool = True


class Control(Protocol):
    """Lets the operator's commands in, one at a time."""

    listener: socket.socket

    def answer(self, supervisor: Supervisor) -> None:
        """Take one command, carry it out and answer it, within a second."""
        ...


Run = Callable[[Settings, Doors, Callable[[], None]], int]
"""Runs a site until a signal and returns the exit code; calls its last argument when it is ready."""


@dataclass
class Supervisor:
    """Runs sites, by code; `run` is called in the child, which never returns from it to us."""

    children: Mapping[str, Child]
    run: Run
    bind: Callable[[Settings], Doors]
    tell: Callable[[str, Condition], None] = lambda _site, _condition: None
    control: Control | None = None
    stopping: bool = False
    lifeline: Lifeline = field(default_factory=Lifeline)

    def start(self) -> None:
        """Fork every site."""
        gc.collect()
        gc.freeze()  # what is imported is never looked at again, so its pages stay shared
        for child in self.children.values():
            self._fork(child)

    def wait_ready(self) -> list[str]:
        """Wait until each site is ready or has failed; return the codes of those that are not ready."""
        until = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < until and not self.stopping:
            self.turn()
            if all(child.condition is not Condition.STARTING for child in self.children.values()):
                break
        return [code for code, child in self.children.items() if child.condition is not Condition.READY]

    def watch(self) -> None:
        """Watch until a signal says to stop."""
        while not self.stopping:
            self.turn()

    def turn(self) -> None:
        """Wait a moment for news of the sites or a command, and do what follows from it."""
        waiting: list[int] = [child.ready for child in self.children.values() if child.ready >= 0]
        door = self.control.listener.fileno() if self.control else -1
        heard, _, _ = select.select([*waiting, *([door] if door >= 0 else [])], [], [], TURN_SECONDS)
        for child in self.children.values():
            if child.ready in heard:
                self._hear(child)
        self._bury()
        self._revive()
        if self.control is not None and door in heard:
            self.control.answer(self)

    def stop_one(self, code: str) -> None:
        """Ask one site to stop; it is not started again until `start_one`."""
        child = self.children[code]
        child.wanted = False
        if child.process:
            child.condition = Condition.STOPPING
            os.kill(child.process, signal.SIGTERM)
        else:
            child.condition = Condition.STOPPED

    def start_one(self, code: str) -> None:
        """Let a site that is stopped start at the next turn; what is open here must not be in its process."""
        child = self.children[code]
        child.wanted, child.failures, child.again_at = True, 0, 0.0
        if not child.process:
            child.condition = Condition.FAILED

    def stop_all(self) -> None:
        """Stop every site in order, and kill those that do not end in time."""
        for code in self.children:
            self.stop_one(code)
        until = time.monotonic() + STOP_SECONDS_MAX
        while any(child.process for child in self.children.values()):
            self.turn()
            if time.monotonic() > until:
                self._kill()

    def _fork(self, child: Child) -> None:
        """Begin the process of a site; where its ports are taken by others, try again later."""
        if child.shut:
            try:
                child.doors, child.shut = self.bind(child.settings), False
            except AddressUnavailable:
                self._note_failure(child)
                return
        reader, writer = os.pipe()
        child.condition, child.began = Condition.STARTING, time.monotonic()
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # one that comes now must not be lost
        process = os.fork()
        if process == 0:
            os.close(reader)
            self._be(child, writer)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        os.close(writer)
        child.process, child.ready = process, reader
        self.tell(child.settings.site, child.condition)

    def _be(self, child: Child, writer: int) -> None:
        """Be the site from here on, and end with it."""
        code = 70
        try:
            for number in SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            for other in self.children.values():
                if other is not child:
                    other.doors.close()
                if other.ready >= 0:
                    os.close(other.ready)
            if self.control is not None:
                self.control.listener.close()
            self.lifeline.hang_on()
            code = self.run(child.settings, child.doors, lambda: _say_ready(writer))
        finally:
            os._exit(code)

    def _hear(self, child: Child) -> None:
        """Take the news on a site's pipe: it is ready, or its process ended."""
        if os.read(child.ready, 1):
            child.condition = Condition.READY
            self.tell(child.settings.site, child.condition)
        os.close(child.ready)
        child.ready = -1

    def _bury(self) -> None:
        """Note every process that ended."""
        for child in self.children.values():
            if child.process and os.waitpid(child.process, os.WNOHANG)[0]:
                child.process = 0
                self._note_end(child)

    def _note_end(self, child: Child) -> None:
        """Decide what becomes of a site whose process ended."""
        if not child.wanted or self.stopping:
            child.condition, child.shut = Condition.STOPPED, True
            child.doors.close()
        else:
            self._note_failure(child)
        self.tell(child.settings.site, child.condition)

    def _note_failure(self, child: Child) -> None:
        """Let a site that ended or could not begin be tried again after a pause that grows."""
        steady = time.monotonic() - child.began > STEADY_SECONDS
        child.failures = 1 if steady else child.failures + 1
        pause = BACKOFF_SECONDS[min(child.failures, len(BACKOFF_SECONDS)) - 1]
        child.condition, child.again_at = Condition.FAILED, time.monotonic() + pause

    def _revive(self) -> None:
        """Start again what failed, after its pause."""
        for child in self.children.values():
            due = child.condition is Condition.FAILED and time.monotonic() >= child.again_at
            if due and child.wanted and not self.stopping:
                self._fork(child)

    def _kill(self) -> None:
        """End at once what did not stop in time."""
        for child in self.children.values():
            if child.process:
                os.kill(child.process, signal.SIGKILL)

    def heed_signals(self) -> None:
        """Let a signal end `watch`; a second one changes nothing."""

        def stop(_number: int, _frame: FrameType | None) -> None:
            self.stopping = True

        for number in SIGNALS:
            signal.signal(number, stop)


def _say_ready(writer: int) -> None:
    """Tell the supervisor that the site answers."""
    os.write(writer, b"r")
    os.close(writer)
