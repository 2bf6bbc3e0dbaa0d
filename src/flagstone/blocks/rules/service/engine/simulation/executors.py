# SPDX-License-Identifier: EUPL-1.2
"""Where chunks are computed: in processes that share the loaded law, or on a Dask cluster."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any

from flagstone.blocks.rules.contract.faults import SimulationFailed
from flagstone.blocks.rules.service.engine.simulation.setting import Job
from flagstone.blocks.rules.service.simulating import UNSECURED, ClusterFiles
from flagstone.kernel.errors import Fault

Compute = Callable[[Job], bytes]
Stopped = Callable[[], bool]
Result = tuple[Job, bytes]

POLL_SECONDS = 0.2
_WAITING_EACH = 2
"""How many chunks wait for each worker of a cluster, so that none is idle."""


def in_processes(compute: Compute, jobs: Sequence[Job], workers: int, stopped: Stopped) -> Iterator[Result]:
    """Yield the results as they come, from `workers` copies of this process, which must have one thread.

    Once `stopped` no further job is begun; those under way are yielded. Faults of a job are raised.
    """
    copies = [_Copy(compute)]
    try:
        while len(copies) < min(workers, len(jobs)):
            copies.append(_Copy(compute, copies))
        yield from _shared_out(copies, deque(jobs), stopped)
    finally:
        for each in copies:
            each.end()


def _shared_out(copies: list[_Copy], left: deque[Job], stopped: Stopped) -> Iterator[Result]:
    idle = list(copies)
    at_work: dict[Any, tuple[_Copy, Job]] = {}
    while left or at_work:
        while left and idle and not stopped():
            copy, job = idle.pop(), left.popleft()
            copy.pipe.send(job)
            at_work[copy.pipe] = (copy, job)
        if not at_work:
            return
        for pipe in wait(list(at_work), POLL_SECONDS):
            copy, job = at_work.pop(pipe)
            yield job, copy.received()
            idle.append(copy)


class _Copy:
    """A copy of this process that computes one job after another until its pipe closes."""

    def __init__(self, compute: Compute, before: Sequence[_Copy] = ()) -> None:
        ours, theirs = get_context("fork").Pipe()
        self.pipe: Connection[Any, Any] = ours
        others = [each.pipe for each in before]
        self._process = get_context("fork").Process(
            target=_work, args=(compute, theirs, [ours, *others]), daemon=True
        )
        self._process.start()
        theirs.close()

    def received(self) -> bytes:
        """Return what a job gave; its fault, or SimulationFailed when the process has ended."""
        try:
            said = self.pipe.recv()
        except (EOFError, OSError):
            self._process.join()
            raise SimulationFailed(
                f"a worker process ended with status {self._process.exitcode}: memory may have run out"
            ) from None
        if isinstance(said, BaseException):
            raise said
        return bytes(said)

    def end(self) -> None:
        """End the process at once: what it had begun is computed again another time."""
        self.pipe.close()
        self._process.kill()
        self._process.join()


def _work(compute: Compute, pipe: Connection[Any, Any], others: Sequence[Connection[Any, Any]]) -> None:
    """Compute what comes; ends when the pipe does, also when the process at its other end was killed."""
    for each in others:
        each.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            job = pipe.recv()
        except (EOFError, OSError):
            os._exit(0)
        try:
            said: Any = compute(job)
        except Fault as fault:
            said = _bare(fault)
        except Exception as error:  # noqa: BLE001 - a law's code may raise whatever it likes
            said = SimulationFailed(f"chunk {job.number}: {type(error).__name__}")
        pipe.send(said)


def _bare(fault: Fault) -> Fault:
    """Return a fault without what led to it, which may not pass a pipe."""
    bare = type(fault)(fault.detail, flaws=fault.flaws)
    return bare.with_traceback(None)


@dataclass(frozen=True)
class Cluster:
    """Where a Dask scheduler is, and by what it and we are known if it is tls://.

    An empty address starts a cluster of `workers` processes on this machine for the time being.
    """

    address: str
    workers: int
    files: ClusterFiles = UNSECURED


def on_cluster(
    compute: Callable[[Job], bytes], jobs: Sequence[Job], wanted: Cluster, stopped: Stopped
) -> Iterator[Result]:
    """Yield the results as they come from a Dask cluster; `compute` must be one that can be pickled.

    SimulationFailed when Dask is not installed or no scheduler answers.
    """
    try:
        import distributed  # noqa: PLC0415 - an extra
    except ImportError:
        raise SimulationFailed("Dask is not installed: install flagstone[dask]") from None
    dask: Any = distributed
    try:
        cluster = wanted.address or dask.LocalCluster(
            n_workers=wanted.workers, threads_per_worker=1, processes=True, dashboard_address=None
        )
        client = dask.Client(cluster, timeout=30, security=_security(dask, wanted.files))
    except (OSError, TimeoutError) as error:
        raise SimulationFailed(f"no Dask scheduler answers: {type(error).__name__}") from error
    try:
        left = deque(jobs)
        known: dict[str, Job] = {}
        seats = max(1, len(client.scheduler_info()["workers"])) * _WAITING_EACH
        going = dask.as_completed(raise_errors=False)
        while True:
            while left and len(known) < seats and not stopped():
                job = left.popleft()
                future = client.submit(compute, job, pure=False)
                known[future.key] = job
                going.add(future)
            if not known:
                return
            done = next(going)
            yield known.pop(done.key), bytes(done.result())
            del done
    finally:
        client.close()
        if not isinstance(cluster, str):
            cluster.close()


def _security(dask: Any, files: ClusterFiles) -> Any:
    """Return by what a cluster is known, and we to it; None where it is not asked."""
    if not files.ca:
        return None
    return dask.Security(
        tls_ca_file=files.ca,
        tls_client_cert=files.certificate,
        tls_client_key=files.key,
        require_encryption=True,
    )
