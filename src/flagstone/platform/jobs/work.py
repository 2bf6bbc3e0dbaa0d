# SPDX-License-Identifier: EUPL-1.2
"""The shapes of durable work that blocks depend on: runs of steps, and batches of chunks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol, TypeAlias, TypeVar

Value: TypeAlias = "bool | int | str | Sequence[Value] | Mapping[str, Value] | None"
"""What is kept between steps: JSON without fractions."""

V = TypeVar("V", bound=Value)

Probe: TypeAlias = Callable[[str], None]
"""Called with the name of each point at which a crash must do no harm; the crash tests die there."""


class State(Enum):
    """Where a run is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Backoff:
    """Pauses between attempts: `first_seconds`, then each `factor` times longer up to `limit_seconds`.

    Without chance, so that a test and an operator can foretell every attempt.
    """

    attempts: int = 15
    first_seconds: int = 1
    factor: int = 2
    limit_seconds: int = 3600

    def pause_seconds(self, attempts_made: int) -> int | None:
        """Return the pause after `attempts_made` failed attempts (1 or more); None to give up."""
        if attempts_made >= self.attempts:
            return None
        return int(min(self.limit_seconds, self.first_seconds * self.factor ** min(attempts_made - 1, 64)))


ONCE = Backoff(attempts=1)
"""One attempt."""


class Steps(Protocol):
    """What a workflow's body is given to make its steps durable."""

    @property
    def key(self) -> str:
        """The key under which this run was started."""
        ...

    def do(self, name: str, step: Callable[[str], V], *, backoff: Backoff = ONCE) -> V:
        """Do `step` once and return its recorded value ever after, also in a later process.

        `name` is unique within the run. `step` receives its own idempotency key and must be idempotent
        by it: a crash between its effect and its record repeats it. Raises StepFailed, the same
        on every replay, when the attempts are used up.
        """
        ...

    def tell(self, progress: Value) -> None:
        """Keep how far this run is, for those who ask; the last word counts."""
        ...


Body: TypeAlias = Callable[[Steps, Value], Value]
"""A workflow: everything with an effect or an accident of time goes through `Steps.do`."""


@dataclass(frozen=True)
class Chunk:
    """One piece of a batch: its idempotency `key`, its `number` from 0, and where it begins."""

    key: str
    number: int
    cursor: Value
    done: int  # items done before this chunk


@dataclass(frozen=True)
class Advance:
    """What a chunk did: `items` done, and the `cursor` where the next begins; None ends the batch."""

    items: int
    cursor: Value


@dataclass(frozen=True)
class Batch:
    """Long work in chunks. `total` counts the items (None when unknown) and is asked once.

    `chunk` does one piece, given the argument of the batch and the chunk. It must be idempotent by
    `Chunk.key`: write the key beside the effect in one transaction, or make the effect an upsert.
    The first chunk's cursor is None.
    """

    name: str
    total: Callable[[Value], int | None]
    chunk: Callable[[Value, Chunk], Advance]
    backoff: Backoff = Backoff(attempts=3)


@dataclass(frozen=True)
class Progress:
    """How far a batch is; `error` is the class or code of what failed."""

    name: str
    key: str
    state: State
    done: int = 0
    total: int | None = None
    started_at: datetime | None = None
    error: str = ""

    def seconds_left(self, now: datetime) -> int | None:
        """Return the expected seconds to the end at the rate so far; None when nothing can be said."""
        if self.state is not State.RUNNING or not (self.total and self.done and self.started_at):
            return None
        spent = (now - self.started_at).total_seconds()
        return max(0, round(spent * (self.total - self.done) / self.done))


class Workflows(Protocol):
    """Starts and follows durable runs; what a service depends on."""

    def run(self, name: str, key: str, argument: Value) -> None:
        """Record a run of workflow `name` and begin it; a `key` that ran before changes nothing.

        When this returns the run will come to its end even if the process dies.
        Raises UnknownWork, NotRunning.
        """
        ...

    def result(self, name: str, key: str, *, timeout_seconds: float = 30) -> Value:
        """Wait for a run's value. Raises UnknownWork, NotFinished, WorkFailed."""
        ...

    def state(self, name: str, key: str) -> State:
        """Return where the run is. Raises UnknownWork."""
        ...

    def resume(self, name: str, key: str) -> None:
        """Go on with a failed or cancelled run at the step that failed; no effect on others."""
        ...


class Batches(Protocol):
    """Starts and follows long batches; what a service depends on."""

    def begin(self, name: str, key: str, argument: Value) -> None:
        """Record a batch and queue it; a `key` that was begun before changes nothing."""
        ...

    def progress(self, name: str, key: str) -> Progress:
        """Return how far the batch is. Raises UnknownWork."""
        ...

    def cancel(self, name: str, key: str) -> None:
        """Stop the batch after the chunk in hand; `resume` goes on from there."""
        ...

    def resume(self, name: str, key: str) -> None:
        """Go on with a failed or cancelled batch at its first unfinished chunk."""
        ...
