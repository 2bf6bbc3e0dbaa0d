# SPDX-License-Identifier: EUPL-1.2
"""Keeps the engine: warm workers for each mode, started when first needed; or a fresh one a question."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Condition, Timer
from time import monotonic
from typing import Any

from flagstone.blocks.rules.contract.calculation import Mode
from flagstone.blocks.rules.contract.engine import USUAL, Terms
from flagstone.blocks.rules.contract.faults import EngineBusy, WorkerLost
from flagstone.blocks.rules.contract.law import LawSnapshot
from flagstone.blocks.rules.service.computing import Computing
from flagstone.blocks.rules.service.worker import Task, Worker


@dataclass(frozen=True)
class PoolBounds:
    """How much a pool may use.

    `workers_max` in fast and `references_max` in reference mode. Of those that were not asked for
    `idle_seconds`, one in fast mode stays. `waiting_max` questions wait, `waiting_seconds_max` each.
    """

    workers_max: int = 2
    references_max: int = 1
    waiting_max: int = 16
    waiting_seconds_max: float = 20.0
    idle_seconds: float = 300.0
    boot_seconds_max: float = 120.0


class Lane:
    """The workers of one mode; safe to share between threads."""

    def __init__(self, start: Callable[[], Worker], bounds: PoolBounds, *, most: int, kept: int) -> None:
        """Have `most` workers at most, made by `start`, and keep `kept` of those with nothing to do."""
        self._start, self._bounds = start, bounds
        self._most, self._kept = most, kept
        self._changed = Condition()
        self._idle: list[tuple[Worker, float]] = []  # the one that answered last is the last
        self._count, self._waiting = 0, 0
        self._closed = False
        self._timer: Timer | None = None

    @property
    def count(self) -> int:
        """How many workers there are, starting ones included."""
        return self._count

    @property
    def waiting(self) -> int:
        """How many questions wait for a worker."""
        return self._waiting

    @contextmanager
    def worker(self) -> Iterator[Worker]:
        """Give a worker for one question; EngineBusy when none is free in time, LawUnavailable."""
        worker = self._taken() or self._started()
        try:
            yield worker
        finally:
            self._give_back(worker)

    def close(self) -> None:
        """End the workers; one that is at work ends when it has answered, and no more are started."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
            self._count -= len(idle)
            if self._timer is not None:
                self._timer.cancel()
            self._changed.notify_all()
        for worker, _ in idle:
            worker.end()

    def _taken(self) -> Worker | None:
        """Take a free worker, or None with a place to start another."""
        until = monotonic() + self._bounds.waiting_seconds_max
        with self._changed:
            if not self._has_place() and self._waiting >= self._bounds.waiting_max:
                raise EngineBusy(retry_after_seconds=1)
            self._waiting += 1
            try:
                while not self._has_place():
                    if not self._changed.wait(until - monotonic()):
                        raise EngineBusy(retry_after_seconds=2)
            finally:
                self._waiting -= 1
            while self._idle:
                worker, _ = self._idle.pop()
                if worker.alive:
                    return worker
                worker.kill()
                self._count -= 1
            self._count += 1
            return None

    def _has_place(self) -> bool:
        if self._closed:
            raise EngineBusy("the site is stopping", retry_after_seconds=5)
        return bool(self._idle) or self._count < self._most

    def _started(self) -> Worker:
        """Start a worker in the place that was taken."""
        try:
            return self._start()
        except BaseException:
            self._leave()
            raise

    def _give_back(self, worker: Worker) -> None:
        with self._changed:
            stays = worker.alive and not self._closed
            if stays:
                self._idle.append((worker, monotonic()))
                self._watch()
                self._changed.notify()
        if not stays:
            worker.end()
            self._leave()

    def _leave(self) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify()

    def _watch(self) -> None:
        """See to it that workers with nothing to do end; the lock is held."""
        if self._timer is None and self._count > self._kept:
            self._timer = Timer(self._bounds.idle_seconds, self._thin_out)
            self._timer.daemon = True
            self._timer.start()

    def _thin_out(self) -> None:
        """End those that were idle for long, the longest first."""
        ended = []
        with self._changed:
            self._timer = None
            before = monotonic() - self._bounds.idle_seconds
            while self._idle and self._count > self._kept and self._idle[0][1] <= before:
                ended.append(self._idle.pop(0)[0])
                self._count -= 1
            if not self._closed:
                self._watch()
            self._changed.notify_all()
        for worker in ended:
            worker.end()


class Pool(Computing):
    """Warm workers for one law; nothing is started before the first question."""

    def __init__(self, task: Task, bounds: PoolBounds | None = None) -> None:
        """Compute by the law of `task`, in each mode that is asked for."""
        self._task, self._bounds = task, bounds or PoolBounds()
        most = {Mode.FAST: self._bounds.workers_max, Mode.REFERENCE: self._bounds.references_max}
        self._lanes = {
            mode: Lane(self._starter(mode), self._bounds, most=most[mode], kept=int(mode is Mode.FAST))
            for mode in Mode
        }
        self._snapshot: LawSnapshot | None = None

    def ask(self, mode: Mode, do: str, payload: Mapping[str, Any]) -> Any:
        """Return what a worker answers; one that ends on the way is replaced, and asked once more."""
        try:
            return self._asked(mode, do, payload)
        except WorkerLost:
            return self._asked(mode, do, payload)

    def snapshot(self, terms: Terms = USUAL) -> LawSnapshot:
        """Return exactly the law that is computed with under `terms`."""
        plain = terms.reform.changes_nothing and terms.known_at is None
        if plain and self._snapshot is not None:
            return self._snapshot
        return super().snapshot(terms)

    def count(self, mode: Mode) -> int:
        """Return how many workers there are in a mode."""
        return self._lanes[mode].count

    def waiting(self, mode: Mode) -> int:
        """Return how many questions wait for a worker of a mode."""
        return self._lanes[mode].waiting

    def close(self) -> None:
        """End every worker; questions are refused from now on."""
        for lane in self._lanes.values():
            lane.close()

    def _asked(self, mode: Mode, do: str, payload: Mapping[str, Any]) -> Any:
        with self._lanes[mode].worker() as worker:
            return worker.ask(do, payload)

    def _starter(self, mode: Mode) -> Callable[[], Worker]:
        def start() -> Worker:
            worker = Worker(replace(self._task, mode=mode), boot_seconds_max=self._bounds.boot_seconds_max)
            self._snapshot = worker.snapshot
            return worker

        return start


class Fresh(Computing):
    """A process of its own for each question, ended after the answer: nothing from before can play a part."""

    def __init__(self, task: Task, *, boot_seconds_max: float = 120.0) -> None:
        """Compute by the law of `task`."""
        self._task, self._boot_seconds_max = task, boot_seconds_max

    def ask(self, mode: Mode, do: str, payload: Mapping[str, Any]) -> Any:
        """Return what a new worker of `mode` answers."""
        worker = Worker(replace(self._task, mode=mode), boot_seconds_max=self._boot_seconds_max)
        try:
            return worker.ask(do, payload)
        finally:
            worker.end()
