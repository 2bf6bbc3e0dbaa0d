# SPDX-License-Identifier: EUPL-1.2
"""How fetches ended, kept and read again; a damaged file is as good as none."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.blocks.exchange.service.globalconf.rig import AT

from flagstone.blocks.exchange.contract.globalconf import Fetched
from flagstone.blocks.exchange.service.globalconf.downloading import SOURCE_ANSWERS
from flagstone.blocks.exchange.service.globalconf.records import read_records, write_records
from flagstone.kernel.findings import Findings


def test_what_is_kept_is_read(tmp_path: Path) -> None:
    findings = Findings()
    findings.fails(SOURCE_ANSWERS, "http://a.test", "404", status="404")
    good = Fetched("XA", AT, Findings().verdict, "http://a.test", 6, AT, AT + timedelta(minutes=10))
    bad = Fetched("XB", AT, findings.verdict)
    write_records(tmp_path / "kept" / "fetched.json", [good, bad])
    assert read_records(tmp_path / "kept" / "fetched.json") == (good, bad)
    assert (good.good, bad.good) == (True, False)


@pytest.mark.parametrize("text", ["", "[", "{}", "[1]", '[{"instance": "XA"}]', "[" * 50_000])
def test_what_cannot_be_read_is_nothing(tmp_path: Path, text: str) -> None:
    file = tmp_path / "fetched.json"
    file.write_text(text)
    assert read_records(file) == ()
    assert read_records(tmp_path / "none") == ()
