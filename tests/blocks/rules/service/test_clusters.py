# SPDX-License-Identifier: EUPL-1.2
"""A site with a Dask cluster simulates there, over TLS if it says so, or refuses clearly."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from tests.blocks.rules.populated import PLAN
from tests.blocks.rules.service.test_simulations import ANALYST, WHY
from tests.conftest import OpenDatabase

from flagstone.blocks.rules.contract.faults import PlanInvalid
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.contract.simulation import Population, Progress
from flagstone.blocks.rules.service import clusters
from flagstone.blocks.rules.service.simulating import UNSECURED, ClusterFiles
from flagstone.blocks.rules.service.simulations import Grounds, Service
from flagstone.blocks.rules.store.tables import SCHEMA

pytestmark = pytest.mark.slow
READY_SECONDS_MAX = 240
LAW = LawName("aralia_law")
PLANNED = replace(
    PLAN,
    year=2026,
    reform=replace(PLAN.reform, parameters={"income_tax.basic_allowance": {"2026-01-01": 9600}}),
    population=Population(households=40, seed=5),
    chunk_households=20,
)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> ClusterFiles:
    """A certificate that stands for itself, and its key."""
    folder = tmp_path_factory.mktemp("cluster")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    words += ["-keyout", str(key), "-out", str(certificate), "-days", "30", "-subj", "/CN=localhost"]
    subprocess.run(words, check=True, capture_output=True, timeout=60)
    return ClusterFiles(str(certificate), str(certificate), str(key))


@contextmanager
def running(folder: Path, files: ClusterFiles = UNSECURED) -> Iterator[str]:
    """Run a scheduler and one worker of Dask as processes of their own, and yield the scheduler's address."""
    named = folder / "scheduler.json"
    names = ("--tls-ca-file", "--tls-cert", "--tls-key")
    tls = [word for pair in zip(names, astuple(files), strict=True) for word in pair if files.ca]
    protocol = ["--protocol", "tls" if files.ca else "tcp", "--host", "127.0.0.1"]
    begun: list[subprocess.Popen[bytes]] = []
    try:
        for part in (
            ["scheduler", "--port", "0", *protocol],
            ["worker", "--nthreads", "1", "--no-nanny", *protocol],
        ):
            module = f"distributed.cli.dask_{part[0]}"
            words = [sys.executable, "-m", module, *part[1:], "--scheduler-file", str(named), *tls]
            words += ["--no-dashboard"]
            log = (folder / f"{part[0]}.txt").open("wb")
            begun.append(subprocess.Popen(words, stdout=log, stderr=log, cwd=folder))
            log.close()
            _await(named, begun[-1], folder)
        yield str(json.loads(named.read_text())["address"])
    finally:
        for process in reversed(begun):
            process.kill()
            process.wait(60)


def _await(named: Path, process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until the scheduler has written where it is."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    while not (named.exists() and named.read_text().strip().endswith("}")):
        said = "".join(each.read_text() for each in folder.glob("*.txt"))
        assert process.poll() is None, said
        assert time.monotonic() < deadline, said
        time.sleep(0.1)


@pytest.mark.parametrize("is_secured", [False, True])
def test_a_site_with_a_cluster_finds_there_what_it_finds_itself(
    open_database: OpenDatabase, tmp_path: Path, secured: ClusterFiles, *, is_secured: bool
) -> None:
    files = secured if is_secured else UNSECURED
    database = open_database(SCHEMA)
    with running(tmp_path, files) as address:
        assert address.startswith("tls://" if is_secured else "tcp://")
        there = Grounds(LAW, tmp_path / "there", cluster=address, cluster_files=files, workers_max=1)
        service = Service(database, there)
        service.start(PLANNED, ANALYST, WHY)
        assert service.work()
    found = service.find("S00001", ANALYST)
    assert found.progress is Progress.DONE, found.fault
    here = Service(database, Grounds(LAW, tmp_path / "here", workers_max=1))
    here.start(PLANNED, ANALYST, WHY)
    assert here.work()
    assert here.find("S00002", ANALYST).findings == found.findings


def test_a_cluster_that_does_not_answer_refuses_a_plan_at_once(
    open_database: OpenDatabase, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    service = Service(open_database(SCHEMA), Grounds(LAW, tmp_path, cluster=f"tcp://127.0.0.1:{port}"))
    with pytest.raises(PlanInvalid) as refused:
        service.start(PLANNED, ANALYST, WHY)
    (flaw,) = refused.value.flaws
    assert (flaw.pointer, flaw.message) == ("/executor", "The site's cluster does not answer.")
    assert service.all(ANALYST) == []


def test_a_site_without_dask_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(clusters, "version", absent)
    (flaw,) = clusters.flaws_of_cluster("tcp://127.0.0.1:1")
    assert "install flagstone[dask]" in flaw.message
