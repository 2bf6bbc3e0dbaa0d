# SPDX-License-Identifier: EUPL-1.2
"""Chunks are computed elsewhere, each once, and what goes wrong there is told here."""

from __future__ import annotations

import gc
import os
import signal
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from flagstone.blocks.rules.contract.faults import CalculationFailed, SimulationFailed
from flagstone.blocks.rules.service.engine.simulation.executors import Cluster, in_processes, on_cluster
from flagstone.blocks.rules.service.engine.simulation.setting import Job, Side
from flagstone.kernel.errors import Flaw

JOBS = [Job(side, number) for number in range(9) for side in Side]


def compute(job: Job) -> bytes:
    return f"{job.side.value} {job.number}".encode()


def never() -> bool:
    return False


@pytest.mark.parametrize("workers", [1, 3, 40])
def test_each_job_is_done_once(workers: int) -> None:
    found = list(in_processes(compute, JOBS, workers, never))
    assert sorted(content for _, content in found) == sorted(map(compute, JOBS))
    assert all(compute(job) == content for job, content in found)


def test_stopping_begins_no_more() -> None:
    done: list[Job] = []
    for job, _ in in_processes(compute, JOBS, 2, lambda: len(done) >= 4):
        done.append(job)
    assert 4 <= len(done) <= 5


def test_a_fault_is_raised_with_its_places() -> None:
    def fails(job: Job) -> bytes:
        raise CalculationFailed("tax<2026>", flaws=(Flaw("/a", "wrong"),))

    with pytest.raises(CalculationFailed) as failed:
        list(in_processes(fails, JOBS, 2, never))
    assert failed.value.detail == "tax<2026>"
    assert failed.value.flaws == (Flaw("/a", "wrong"),)


def test_any_other_error_is_told_without_its_text() -> None:
    def fails(job: Job) -> bytes:
        raise ValueError("a person's pay")

    with pytest.raises(SimulationFailed) as failed:
        list(in_processes(fails, JOBS, 2, never))
    assert failed.value.detail == "chunk 0: ValueError"


def test_a_worker_that_is_killed_is_noticed() -> None:
    def dies(job: Job) -> bytes:
        os.kill(os.getpid(), signal.SIGKILL)
        return b""

    with pytest.raises(SimulationFailed) as failed:
        list(in_processes(dies, JOBS, 2, never))
    assert "-9" in failed.value.detail


@pytest.fixture
def scheduler() -> Iterator[str]:
    """A Dask cluster of threads in this process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import distributed

        cluster: Any = distributed.LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
        )
        yield cluster.scheduler_address
        cluster.close()
        del cluster
        gc.collect()  # what Dask leaves half closed is told while nobody listens


def test_a_cluster_does_each_job_once(scheduler: str) -> None:
    found = list(on_cluster(compute, JOBS, Cluster(scheduler, 2), never))
    assert sorted(content for _, content in found) == sorted(map(compute, JOBS))


def test_a_cluster_is_stopped_and_tells_faults(scheduler: str) -> None:
    done: list[Job] = []
    for job, _ in on_cluster(compute, JOBS, Cluster(scheduler, 2), lambda: len(done) >= 2):
        done.append(job)
    assert 2 <= len(done) <= 6

    def fails(job: Job) -> bytes:
        raise CalculationFailed("tax<2026>")

    with pytest.raises(CalculationFailed):
        list(on_cluster(fails, JOBS, Cluster(scheduler, 2), never))
