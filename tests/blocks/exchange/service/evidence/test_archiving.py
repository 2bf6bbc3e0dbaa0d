# SPDX-License-Identifier: EUPL-1.2
"""Archives are whole, chained over restarts, and verify; every reason to refuse one can occur."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from tests.blocks.exchange.service.evidence import rig
from tests.blocks.exchange.service.evidence.rig import REGISTRY, TAX, Asking
from tests.blocks.exchange.service.exchanges import PlainSealer
from tests.conftest import OpenDatabase

from flagstone.blocks.exchange.contract.evidence import FileKind, NamedFile, Report
from flagstone.blocks.exchange.model.linking import LINKING_INFO, read
from flagstone.blocks.exchange.service.evidence import archives as room
from flagstone.blocks.exchange.service.evidence.archiving import Archiver, by_member
from flagstone.blocks.exchange.service.evidence.content import packed
from flagstone.blocks.exchange.service.evidence.making import Draft, sign
from flagstone.blocks.exchange.service.evidence.verifying import Verifier
from flagstone.blocks.exchange.service.evidence.writing import add_records
from flagstone.blocks.exchange.store import evidence
from flagstone.blocks.exchange.store.tables import SCHEMA
from flagstone.kernel.audit import Reason, job
from flagstone.kernel.clock import SetClock
from flagstone.kernel.findings import Check
from flagstone.platform.storage import engine, migration
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.verification import verify

SEALER = PlainSealer()


@pytest.fixture
def database(open_database: OpenDatabase, clock: SetClock) -> Database:
    """A log of 7 stamped records and 2 that wait."""
    database = open_database(SCHEMA)
    rig.fill(database, SEALER, 7, body=b"body")
    rig.stamping(database, SEALER, Asking(clock)).work()
    rig.fill(database, SEALER, 2)
    return database


def verified(*files: Path) -> tuple[Report, ...]:
    verifier = Verifier(rig.country().configuration(), rig.NOW)
    return verifier.verify([NamedFile(str(each), each.read_bytes()) for each in files])


def test_an_archive_holds_what_is_stamped_and_verifies(database: Database, tmp_path: Path) -> None:
    (file,) = Archiver(database, SEALER, tmp_path / "archives").work()
    (report,) = verified(file)
    assert report.good, report.failed
    assert (report.kind, len(report.inside)) == (FileKind.ARCHIVE, 7)
    assert file.name.startswith("mlog-20261122080000-20261122080000-")
    assert file.stat().st_mode & 0o077 == 0
    assert [each.name for each in file.parent.iterdir()] == [file.name]
    assert Archiver(database, SEALER, tmp_path / "archives").work() == []
    assert verify(database).sound


def test_the_chain_goes_on_over_runs_and_restarts(
    database: Database, tmp_path: Path, clock: SetClock
) -> None:
    files = Archiver(database, SEALER, tmp_path / "archives", records_max=3).work()
    rig.stamping(database, SEALER, Asking(clock)).work()
    files += Archiver(database, SEALER, tmp_path / "archives").work()
    assert len(files) == 4
    assert all(each.good for each in verified(*files))
    links = [read(zipfile.ZipFile(each).read(LINKING_INFO)) for each in files]
    assert links[0].before.digest == ""
    assert [each.before.digest for each in links[1:]] == [each.last.digest for each in links[:-1]]
    assert [each.before.file for each in links[1:]] == [each.name for each in files[:-1]]
    in_disorder = verified(files[0], files[2], files[1])
    assert ["archive.follows" in {f.code for f in each.failed} for each in in_disorder] == [False, True, True]


def test_members_may_have_archives_of_their_own(
    open_database: OpenDatabase, tmp_path: Path, clock: SetClock
) -> None:
    database = open_database(SCHEMA)
    for client in (TAX, REGISTRY, TAX):
        (signed,) = sign([Draft(rig.request_head())], rig.country().party(TAX), clock.now())
        with database.writing(job("test"), Reason("test")) as write:
            items = [(rig.about(1, client), signed, packed(signed))]
            add_records(write, SEALER, items, write.at)
    rig.stamping(database, SEALER, Asking(clock)).work()
    files = Archiver(database, SEALER, tmp_path / "archives", grouping=by_member).work()
    assert sorted(each.name[:26] for each in files) == [
        "mlog-XA%2FGOV%2F10000001-2",
        "mlog-XA%2FGOV%2F10000099-2",
    ]
    assert [len(verified(each)[0].inside) for each in sorted(files)] == [1, 2]
    assert all(each.good for each in verified(*files))


@pytest.mark.parametrize("step", ["written", "noted", "placed", "entries-written"])
def test_a_process_that_ends_between_the_steps_archives_nothing_twice_or_never(
    open_database: OpenDatabase, tmp_path: Path, clock: SetClock, step: str
) -> None:
    armed = False

    def probe(at: str) -> None:
        if armed and at == step:
            raise SystemExit

    database = open_database(SCHEMA, probe=probe)
    rig.fill(database, SEALER, 5)
    rig.stamping(database, SEALER, Asking(clock)).work()
    armed = True
    with pytest.raises(SystemExit):
        Archiver(database, SEALER, tmp_path / "archives", probe=probe).work()
    armed = False
    rig.fill(database, SEALER, 3)
    rig.stamping(database, SEALER, Asking(clock)).work()
    Archiver(database, SEALER, tmp_path / "archives").work()
    files = sorted((tmp_path / "archives").iterdir(), key=lambda each: each.stat().st_mtime_ns)
    assert all(each.suffix == ".zip" for each in files)
    reports = verified(*files)
    assert all(each.good for each in reports), [each.failed for each in reports]
    assert sum(len(each.inside) for each in reports) == 8


def test_a_file_that_was_changed_before_it_was_in_place_is_written_again(
    database: Database, tmp_path: Path
) -> None:
    def probe(at: str) -> None:
        if at == "noted":
            raise SystemExit

    with pytest.raises(SystemExit):
        Archiver(database, SEALER, tmp_path / "archives", probe=probe).work()
    (partial,) = (tmp_path / "archives").iterdir()
    partial.write_bytes(partial.read_bytes()[:-1])
    (file,) = Archiver(database, SEALER, tmp_path / "archives").work()
    assert verified(file)[0].good
    assert list((tmp_path / "archives").iterdir()) == [file]


KILLED = """
import os, sys
from pathlib import Path
from tests.blocks.exchange.service.evidence import rig
from tests.blocks.exchange.service.evidence.test_archiving import opened, SEALER
from flagstone.blocks.exchange.service.evidence.archiving import Archiver
folder, step = Path(sys.argv[1]), sys.argv[2]
database = opened(folder)
probe = lambda at: at == step and os.kill(os.getpid(), 9)
Archiver(database, SEALER, folder / "archives", probe=probe).work()
"""


def opened(folder: Path) -> Database:
    clock = SetClock(rig.NOW)
    database = Database(
        SCHEMA, engine.sqlite(folder / "exchange.sqlite"), "aralia/test/exchange", clock=clock
    )
    migration.migrate(database)
    return database


def test_a_killed_process_leaves_whole_archives(tmp_path: Path) -> None:
    database = opened(tmp_path)
    rig.fill(database, SEALER, 4)
    rig.stamping(database, SEALER, Asking(database.clock)).work()
    root = str(Path(__file__).parents[5])
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), "placed"],
        env={**os.environ, "PYTHONPATH": root},
        check=False,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == -9, done.stderr.decode()
    (file,) = Archiver(database, SEALER, tmp_path / "archives").work()
    (report,) = verified(file)
    assert report.kind is FileKind.ARCHIVE
    assert (report.verdict.good, len(report.inside)) == (True, 4)
    database.close()


def test_only_archived_records_leave_the_log(database: Database, tmp_path: Path, clock: SetClock) -> None:
    archiver = Archiver(database, SEALER, tmp_path / "archives")
    clock.advance(timedelta(days=31))
    assert archiver.retain(30) == 0
    archiver.work()
    assert archiver.retain(40) == 0
    assert archiver.retain(30) == 7
    with database.reading() as view:
        assert [each["number"] for each in evidence.records(view, 1, 99)] == [8, 9]
        assert evidence.next_number(view) == 10
    rig.stamping(database, SEALER, Asking(clock)).work()
    archiver.work()
    assert archiver.retain(30) == 2
    rig.fill(database, SEALER, 1)
    with database.reading() as view:
        assert [each["number"] for each in evidence.records(view, 1, 99)] == [10]
    assert verify(database).sound


def rewritten(file: Path, **changes: bytes | None) -> bytes:
    """Return an archive with files changed, taken out (None) or put in; `linkinginfo` by its name."""
    out = BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in dict.fromkeys([*old.namelist(), *changes]):
            content = changes.get(name, b"") if name in changes else old.read(name)
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def test_each_reason_to_refuse_an_archive_occurs(database: Database, tmp_path: Path) -> None:
    file, second, _ = Archiver(database, SEALER, tmp_path / "archives", records_max=3).work()
    names = zipfile.ZipFile(file).namelist()
    first, other = names[0], names[1]
    info = zipfile.ZipFile(file).read(LINKING_INFO)
    lines = info.splitlines(keepends=True)
    swapped = b"".join([lines[0], lines[2], lines[1], *lines[3:]])
    cases = {
        "archive.linking-info": [
            rewritten(file, linkinginfo=None),
            rewritten(file, linkinginfo=b"nonsense"),
        ],
        "archive.link": [
            rewritten(file, **{first: zipfile.ZipFile(file).read(other)}),
            rewritten(file, linkinginfo=swapped),
            rewritten(file, linkinginfo=info.replace(b"- - ", b"ab" * 64 + b" - ")),
        ],
        "archive.complete": [
            rewritten(file, **{first: None}),
            rewritten(file, more=b"a file"),
            rewritten(file, **{"inner.zip": file.read_bytes()}),
            rewritten(file, **{"copy.asice": zipfile.ZipFile(file).read(first)}),
            rewritten(file, linkinginfo=b"".join(lines[:-1])),
        ],
        "archive.opens": [],
    }
    for code, contents in cases.items():
        for content in contents:
            (report,) = rig.verify(content, names=["a.zip"])
            assert code in {each.code for each in report.failed}, code
            assert not report.good
    (report,) = rig.verify(b"PK" + file.read_bytes()[:-4], names=["a.zip"])
    assert report.kind is FileKind.UNUSABLE
    follows = rig.verify(file.read_bytes(), file.read_bytes(), names=["1.zip", "1.zip"])
    assert {each.code for each in follows[1].failed} == {"archive.follows"}
    assert all(each.good for each in verified(file, second))
    declared = {each.code for each in vars(room).values() if isinstance(each, Check)}
    assert declared == {*cases, "archive.follows"}
