# SPDX-License-Identifier: EUPL-1.2
"""One worker as the site sees it: a process that holds a law, and answers one question after another."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from flagstone.blocks.rules.contract import faults
from flagstone.blocks.rules.contract.calculation import Bounds, Mode
from flagstone.blocks.rules.contract.faults import (
    BudgetSpent,
    CalculationFailed,
    LawUnavailable,
    SituationInvalid,
    WorkerLost,
)
from flagstone.blocks.rules.contract.law import LawName, LawSnapshot
from flagstone.blocks.rules.model.wire import NotOnWire, from_wire, on_wire
from flagstone.blocks.rules.service.frames import Channel, FrameBroken, FrameTooLong, Late
from flagstone.kernel.errors import Fault, Flaw

_COMMAND = (sys.executable, "-W", "ignore", "-m", "flagstone.blocks.rules.service.engine.process")
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_UNSAID = "The question is too long or too deep, or holds what is no number."
_GRACE_SECONDS = 3.0
_END_SECONDS = 2.0
_FAULTS = {
    each.code: each for each in vars(faults).values() if isinstance(each, type) and issubclass(each, Fault)
}


@dataclass(frozen=True)
class Task:
    """What a worker is for: one law in one mode, within limits.

    `admitted` are the dotted paths of reform classes that a question may bring in. `cache` is the folder that
    keeps what loading the law found out, empty for the user's own; `path` are folders from which packages
    are imported before any other. `memory_bytes_max` 0 sets no limit.
    """

    law: LawName
    mode: Mode
    seconds_max: float = 20.0
    admitted: tuple[str, ...] = ()
    cache: str = ""
    path: tuple[str, ...] = ()
    memory_bytes_max: int = 0
    bounds: Bounds = field(default_factory=Bounds)


class Worker:
    """A process with its law in memory; for one thread at a time."""

    def __init__(self, task: Task, *, boot_seconds_max: float = 120.0) -> None:
        """Start the process and wait until it has its law; LawUnavailable says why it has not."""
        self._task = task
        self._process = subprocess.Popen(  # noqa: S603 - our own module, by this Python
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
            process_group=0,  # a terminal's Ctrl-C is for the site, which ends its workers
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        writing, reading = self._process.stdin.fileno(), self._process.stdout.fileno()
        for descriptor in (writing, reading):
            os.set_blocking(descriptor, False)
        self._channel = Channel(reading, writing)
        self._asked = 0
        try:
            self.snapshot = self._greeted(monotonic() + boot_seconds_max)
        except BaseException:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Tell whether the process has not ended."""
        return self._process.poll() is None

    def ask(self, do: str, payload: Mapping[str, Any]) -> Any:
        """Return what the deed `do` gives for `payload`, as JSON.

        The faults of the deed; BudgetSpent when the process did not answer in time, WorkerLost when it ended
        or said what cannot be understood. After these two the worker must be killed.
        """
        self._asked += 1
        until = monotonic() + self._task.seconds_max + _GRACE_SECONDS
        try:
            self._channel.send({"id": self._asked, "do": do, **payload}, until)
            said = self._channel.receive(until)
        except (FrameTooLong, ValueError, TypeError, RecursionError):
            raise SituationInvalid(flaws=(Flaw("", _UNSAID),)) from None
        except Late:
            self.kill()
            raise BudgetSpent from None
        except (OSError, FrameBroken):
            self.kill()
            raise WorkerLost from None
        if said is None or said.get("id") != self._asked:
            self.kill()
            raise WorkerLost
        return _ok(said)

    def end(self) -> None:
        """Let the process end: its input closes; by force when it takes long."""
        _close(self._process, leave_output=True)
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        _close(self._process)

    def kill(self) -> None:
        """End the process by force; once more is nothing."""
        self._process.kill()
        self._process.wait()
        _close(self._process)

    def _greeted(self, until: float) -> LawSnapshot:
        law = self._task.law.package
        try:
            self._channel.send(on_wire(self._task), until)
            said = self._channel.receive(until)
        except Late:
            raise LawUnavailable(f"{law}: it took too long to load") from None
        except (OSError, FrameBroken):
            said = None
        if said is None:
            raise LawUnavailable(f"{law}: its process ended before it was ready")
        return from_wire(LawSnapshot, _ok(said))


def _environment() -> dict[str, str]:
    """Return what a worker may know of the site's surroundings: nothing of its settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FLAGSTONE_")} | (
        _ONE_THREAD
    )


def _ok(said: Mapping[str, Any]) -> Any:
    """Return what a worker answered; raises the fault that it answered instead."""
    if "ok" in said:
        return said["ok"]
    kind = _FAULTS.get(str(said.get("fault")), CalculationFailed)
    try:
        flaws = from_wire(tuple[Flaw, ...], said.get("flaws", []))
    except NotOnWire:
        flaws = ()
    raise kind(str(said.get("detail", "")), flaws=flaws)


def _close(process: subprocess.Popen[bytes], *, leave_output: bool = False) -> None:
    if process.stdin is not None:
        process.stdin.close()
    if process.stdout is not None and not leave_output:
        process.stdout.close()
