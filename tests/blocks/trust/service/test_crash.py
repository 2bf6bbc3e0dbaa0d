# SPDX-License-Identifier: EUPL-1.2
"""A process killed at any step: no certificate is unknown to us, no serial number is given out twice."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.blocks.trust.rig import SERVER, csr, established, officer, root_in, service_on

from flagstone.blocks.trust.contract.authority import CertificateQuery, Profile, RequestState, Standing
from flagstone.blocks.trust.service.service import Service
from flagstone.blocks.trust.service.terms import US
from flagstone.blocks.trust.store.tables import SCHEMA
from flagstone.kernel.clock import SetClock
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.digests import Digest
from flagstone.platform.crypto.timestamp import query
from flagstone.platform.storage import engine, migration
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.verification import verify

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ISSUING = ["prepared", "signed", "issued", "commit:1", "commit:2", "commit:3", "commit:4"]
CHILD = """
import sys
from pathlib import Path
from tests.blocks.trust.service.test_crash import life
life(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
"""


def opened(folder: Path, clock: SetClock, probe: object = None) -> Database:
    options = {"probe": probe} if probe else {}
    path = engine.sqlite(folder / "trust.sqlite")
    database = Database(SCHEMA, path, "aralia/test/trust", clock=clock, **options)  # type: ignore[arg-type]
    migration.migrate(database)
    return database


def life(folder: Path, deed: str, step: str) -> None:
    """Issue a certificate or stamp time, and die at `step`; what left the process is printed first."""
    commits = 0

    def storage(name: str) -> None:
        nonlocal commits
        commits += name == "before-commit"
        if name == "before-commit" and step == f"commit:{commits}":
            os._exit(9)

    def reached(name: str) -> None:
        if name == step:
            os._exit(9)

    service = service_on(opened(folder, SetClock(NOON), storage), folder, probe=reached)
    if deed == "issue":
        asked = service.requests(officer())[0]
        service.decide(officer(), asked.id, approves=True)
    else:
        for _ in range(3):
            serial, _at = service._stamping.next()
            print(serial, flush=True)
        service.stamp(query(b"\0" * 64, Digest.SHA512))
    print("done", flush=True)


def killed(folder: Path, deed: str, step: str) -> str:
    command = [sys.executable, "-c", CHILD, str(folder), deed, step]
    root = Path(__file__).parents[4]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == (0 if "done" in done.stdout else 9), done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("authority")
    database = opened(folder, SetClock(NOON))
    service = service_on(database, folder)
    established(service, root_in(folder))
    service.ask(officer(), csr(), Profile.SIGNING, SERVER)
    service.uses.tell()
    database.close()
    return folder


def copied(made: Path, to: Path) -> Path:
    subprocess.run(["cp", "-a", f"{made}/.", str(to)], check=True)
    return to


@pytest.mark.parametrize("step", ISSUING)
def test_no_certificate_is_unknown_to_us(made: Path, tmp_path: Path, step: str) -> None:
    folder = copied(made, tmp_path)
    killed(folder, "issue", step)
    clock = SetClock(NOON + timedelta(minutes=2))
    database = opened(folder, clock)
    service = service_on(database, folder)
    service.uses.settle()
    service.upkeep()
    asked = service.requests(US, waiting=False)[0]
    if asked.state is RequestState.WAITING:  # killed before anything was on record
        service.decide(officer(), asked.id, approves=True)
        asked = service.request(US, asked.id)
    assert asked.state is RequestState.ISSUED
    found = service.certificate(US, asked.serial)
    assert found.standing is Standing.VALID
    assert Certificate.read(found.der).serial == int(asked.serial, 16)
    everything = service.certificates(US, CertificateQuery(limit=50)).certificates
    assert len([each for each in everything if each.profile is Profile.SIGNING]) == 1
    assert all(each.der for each in everything)
    assert verify(database).sound
    database.close()


@pytest.mark.parametrize("step", ["numbered", "commit:1", "commit:2", "none"])
def test_no_stamp_has_a_number_twice(made: Path, tmp_path: Path, step: str) -> None:
    folder = copied(made, tmp_path)
    given = [int(line) for line in killed(folder, "stamp", step).split() if line.isdigit()]
    database = opened(folder, SetClock(NOON))
    service = service_on(database, folder)
    again = [service._stamping.next()[0] for _ in range(3)]
    assert not set(given) & set(again)
    assert min(again) > max(given, default=0)
    database.close()


def test_uses_that_were_not_told_are_on_record_as_lost(made: Path, tmp_path: Path) -> None:
    folder = copied(made, tmp_path)
    killed(folder, "issue", "signed")
    database = opened(folder, SetClock(NOON + timedelta(minutes=2)))
    service: Service = service_on(database, folder)
    assert service.uses.settle() == 1_000
    assert service.uses.settle() == 0
    lost = [key.uses_lost_max for key in service.key_service.keys(US)]
    assert sum(lost) == 1_000
    database.close()
