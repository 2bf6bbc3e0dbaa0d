# SPDX-License-Identifier: EUPL-1.2
"""ZIP files that every reader sees alike (APPNOTE 6.3, ISO/IEC 21320-1)."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.platform.crypto.zip_read import ZipFile, ZipRefused
from flagstone.platform.crypto.zip_write import write_zip
from tests.platform.crypto.evidence import AT

names = st.from_regex(r"[a-z][a-zõ0-9_.-]{0,10}(/[a-z0-9]{1,5})?", fullmatch=True)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(names, st.binary(max_size=300), max_size=6), st.binary(max_size=20), st.booleans())
def test_the_standard_library_reads_the_same(files: dict[str, bytes], comment: bytes, stored: bool) -> None:
    kept = {each.casefold(): each for each in files}
    files = {each: files[each] for each in kept.values()}
    data = write_zip(files, AT, comment=comment, stored=files if stored else ())
    with zipfile.ZipFile(io.BytesIO(data)) as read:
        assert read.testzip() is None
        assert {each: read.read(each) for each in read.namelist()} == files
        assert read.comment == comment
        assert all(each.date_time == (2026, 5, 4, 9, 30, 14) for each in read.infolist())
    assert ZipFile(data).stored == frozenset(files if stored else ())


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_unzip_finds_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "made.zip"
    path.write_bytes(write_zip({"a": b"x" * 1000, "b/c": b"", "õ": b"1"}, AT, comment=b"said"))
    assert subprocess.run(["unzip", "-t", str(path)], check=False, capture_output=True).returncode == 0


def test_same_bytes_for_the_same_files() -> None:
    assert write_zip({"a": b"x"}, AT) == write_zip({"a": b"x"}, AT)


@pytest.mark.parametrize("year", [1970, 2200])
def test_years_that_the_format_does_not_have(year: int) -> None:
    data = write_zip({"a": b""}, datetime(year, 1, 1, tzinfo=UTC))
    assert zipfile.ZipFile(io.BytesIO(data)).infolist()[0].date_time[0] == min(max(year, 1980), 2107)


@pytest.mark.parametrize("files", [{"../a": b""}, {"a": b"", "A": b""}, {"": b""}, {"a" * 70_000: b""}])
def test_what_is_not_written(files: dict[str, bytes]) -> None:
    with pytest.raises(ZipRefused):
        write_zip(files, AT)


def test_a_comment_that_is_too_long() -> None:
    with pytest.raises(ZipRefused):
        write_zip({}, AT, comment=b"x" * 65_536)
