# SPDX-License-Identifier: EUPL-1.2
"""Signed heads: appended once a change, believed only with their signature."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flagstone.kernel.audit import Reason, job
from flagstone.kernel.errors import Fault
from flagstone.platform.storage.checkpoint import CheckpointUnreadable, anchors, append
from flagstone.platform.storage.database import Database
from tests.platform.storage.toy import SCHEMA, stone

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase


def sign(payload: Mapping[str, str | int]) -> str:
    return json.dumps(payload).replace(" ", "").encode().hex() + ".signed"


def check(text: str) -> Mapping[str, object]:
    body, _, seal = text.partition(".")
    if seal != "signed":
        raise Fault("wrong signature")
    payload: dict[str, object] = json.loads(bytes.fromhex(body))
    return payload


@pytest.fixture
def database(open_database: OpenDatabase) -> Database:
    database = open_database(SCHEMA)
    lay(database, 1)
    return database


def lay(database: Database, number: int) -> None:
    with database.writing(job("test"), Reason("Test")) as write:
        write.insert(stone, {"quarry": "n", "number": number, "data": {}, "polished": False})


def test_a_head_is_signed_once(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "heads"
    assert append(database, file, sign)
    assert not append(database, file, sign)
    lay(database, 2)
    assert append(database, file, sign)
    assert [sequence for sequence, _ in anchors(database, file, check)] == [1, 2]
    assert anchors(database, file, check)[-1] == database.journal.head()
    assert file.stat().st_mode & 0o777 == 0o600


def test_an_empty_journal_has_nothing_to_sign(open_database: OpenDatabase, tmp_path: Path) -> None:
    assert not append(open_database(SCHEMA), tmp_path / "heads", sign)
    assert anchors(open_database(SCHEMA), tmp_path / "heads", check) == []


def test_a_line_cut_by_a_crash_is_passed_over(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "heads"
    append(database, file, sign)
    with file.open("a") as stream:
        stream.write("2 abcd")
    assert len(anchors(database, file, check)) == 1


@pytest.mark.parametrize("line", ["nonsense", "1 zz x.signed", "1 00 7b7d.signed", "1 00 7b7d.forged", ""])
def test_a_line_that_is_no_checkpoint_is_named(database: Database, tmp_path: Path, line: str) -> None:
    file = tmp_path / "heads"
    append(database, file, sign)
    with file.open("a") as stream:
        stream.write(line + "\n")
    with pytest.raises(CheckpointUnreadable, match="line 2"):
        anchors(database, file, check)


def test_a_line_that_says_other_than_its_signature_is_named(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "heads"
    append(database, file, sign)
    file.write_text(file.read_text().replace("1 ", "2 ", 1))
    with pytest.raises(CheckpointUnreadable, match="line 1"):
        anchors(database, file, check)
