# SPDX-License-Identifier: EUPL-1.2
"""A worker process: one law in one mode for life, which answers frames on its standard input by frames.

The first frame is its task, answered with the law's snapshot; each further one is a question
`{"id", "do", ...}`, answered `{"id", "ok"}` or `{"id", "fault", "detail", "flaws"}`. It ends when its input
closes, also in the middle of a calculation.
"""

from __future__ import annotations

import os
import resource
import select
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from typing import Any

from flagstone.blocks.rules.contract.faults import CalculationFailed
from flagstone.blocks.rules.model.wire import NotOnWire, from_wire, on_wire
from flagstone.blocks.rules.service.engine.budget import Budget
from flagstone.blocks.rules.service.engine.cache import Shelf, users_shelf
from flagstone.blocks.rules.service.engine.deeds import DEEDS
from flagstone.blocks.rules.service.engine.home import go_home
from flagstone.blocks.rules.service.engine.loading import load, settle
from flagstone.blocks.rules.service.engine.modes import enter
from flagstone.blocks.rules.service.engine.room import with_room
from flagstone.blocks.rules.service.engine.standing import Standing
from flagstone.blocks.rules.service.frames import Channel, FrameBroken, FrameTooLong
from flagstone.blocks.rules.service.worker import Task
from flagstone.kernel.errors import Fault

_NULL, _IN, _OUT, _ERROR = os.devnull, 0, 1, 2


def main() -> None:
    """Run the worker that the first frame on the standard input describes."""
    reading, writing = _own_pipes()
    channel = Channel(reading, writing)
    first = channel.receive()
    if first is None:
        return
    Thread(target=_end_with, args=(reading,), daemon=True).start()
    try:
        task = from_wire(Task, first)
        standing = _loaded(task)
    except Fault as fault:
        channel.send(_refusal(fault))
        sys.exit(1)
    channel.send({"ok": on_wire(standing.law.snapshot)})
    budget = Budget(task.seconds_max)
    try:
        while (asked := channel.receive()) is not None:
            _send(channel, asked, _answered(standing, asked, budget))
    except (FrameBroken, BrokenPipeError):
        sys.exit(2)


def _loaded(task: Task) -> Standing:
    """Load the law within the memory that the process may use; LawUnavailable."""
    if task.memory_bytes_max:
        resource.setrlimit(resource.RLIMIT_DATA, (task.memory_bytes_max, task.memory_bytes_max))
    sys.path[:0] = task.path
    shelf = Shelf(Path(task.cache).resolve()) if task.cache else users_shelf()
    go_home(task.law.package)
    enter(task.mode)
    law = load(task.law, shelf)
    settle()
    return Standing(law, task)


def _answered(standing: Standing, asked: Mapping[str, Any], budget: Budget) -> dict[str, Any]:
    """Return what a deed gives, or its fault; whatever a law raises is a fault too."""
    deed = DEEDS.get(str(asked.get("do")))
    if deed is None:
        return _refusal(CalculationFailed("a worker has no such deed"))
    try:
        with budget.spent():
            return {"ok": deed(standing, asked)}
    except Fault as fault:
        return _refusal(fault)
    except NotOnWire as wrong:
        return _refusal(CalculationFailed(f"the question cannot be read at {wrong.place}"))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a law's code may raise whatever it likes
        return _refusal(CalculationFailed(type(error).__name__))


def _send(channel: Channel, asked: Mapping[str, Any], said: dict[str, Any]) -> None:
    """Send an answer, or that it cannot be sent."""
    number = {"id": asked.get("id")}
    try:
        channel.send(number | said)
    except FrameTooLong:
        channel.send(number | _refusal(CalculationFailed("the answer is too long")))
    except (ValueError, TypeError):
        channel.send(number | _refusal(CalculationFailed("the answer holds what is no number")))


def _refusal(fault: Fault) -> dict[str, Any]:
    return {"fault": fault.code, "detail": fault.detail, "flaws": on_wire(fault.flaws)}


def _own_pipes() -> tuple[int, int]:
    """Return the input and output as descriptors that a law's code does not know, and leave it others."""
    reading, writing = os.dup(_IN), os.dup(_OUT)
    null = os.open(_NULL, os.O_RDONLY)
    os.dup2(null, _IN)
    os.close(null)
    os.dup2(_ERROR, _OUT)
    return reading, writing


def _end_with(reading: int) -> None:
    """End the process when the other end of a pipe closes, whatever it is doing."""
    poll = select.poll()
    poll.register(reading, 0)  # only that it is closed is waited for
    poll.poll()
    os._exit(0)


if __name__ == "__main__":
    with_room(main)
