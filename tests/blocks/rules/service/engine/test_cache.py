# SPDX-License-Identifier: EUPL-1.2
"""A law from the cache is the same law; a cache that is broken, stale or open to others is not used."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from openfisca_core.parameters import ParameterNode

from flagstone.blocks.rules.contract.calculation import Bounds, Situation
from flagstone.blocks.rules.service.engine import cache
from flagstone.blocks.rules.service.engine.cache import Shelf, folder_digest
from flagstone.blocks.rules.service.engine.calculating import calculate
from flagstone.blocks.rules.service.engine.loading import Law, load

from .conftest import TEMPLATE

ASKED: Situation = {"persons": {"a": {"salary": {"2017-01": 4000}, "income_tax": {"2017-01": None}}}}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "laws")


def unread(*_arguments: Any, **_more: Any) -> Any:
    raise AssertionError("read anew")


def test_the_second_load_reads_no_parameters_and_parses_no_source(
    shelf: Shelf, template: Law, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load(TEMPLATE, shelf)
    monkeypatch.setattr(cache, "ParameterNode", unread)
    monkeypatch.setattr("ast.parse", unread)
    second = load(TEMPLATE, shelf)
    assert first.snapshot == second.snapshot == template.snapshot
    assert calculate(second, ASKED, Bounds()) == calculate(template, ASKED, Bounds())
    sources = [law.system.variables["income_tax"].introspection_data for law in (second, template)]
    assert sources[0] == sources[1]


def test_a_broken_entry_is_made_anew(shelf: Shelf, tmp_path: Path, template: Law) -> None:
    load(TEMPLATE, shelf)
    entries = list((tmp_path / "laws").iterdir())
    assert len(entries) == 2
    for entry in entries:
        whole = bytearray(entry.read_bytes())
        whole[-1] ^= 1
        entry.write_bytes(whole)
    assert load(TEMPLATE, shelf).snapshot == template.snapshot
    assert all(entry.read_bytes() != b"" for entry in entries)
    shelf.put("x", b"1")
    assert shelf.get("x") == b"1"


@pytest.mark.parametrize("content", [b"", b"short", b"\0" * 40])
def test_what_has_not_its_digest_is_not_read(shelf: Shelf, tmp_path: Path, content: bytes) -> None:
    shelf.put("key", b"value")
    (entry,) = (tmp_path / "laws").iterdir()
    entry.write_bytes(content)
    assert shelf.get("key") is None


def test_a_folder_where_others_may_write_is_not_used(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("key", b"value")
    (tmp_path / "laws").chmod(0o777)
    assert shelf.get("key") is None
    shelf.put("other", b"value")
    assert len(list((tmp_path / "laws").iterdir())) == 1


def test_a_folder_that_cannot_be_made_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    shelf = Shelf(tmp_path / "file" / "laws")
    shelf.put("key", b"value")
    assert shelf.get("key") is None


def test_many_may_write_at_once(shelf: Shelf) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: shelf.put("key", bytes([number]) * 10_000), range(64)))
    found = shelf.get("key")
    assert found is not None
    assert len(found) == 10_000
    assert len(set(found)) == 1


def test_a_changed_parameter_has_another_key(tmp_path: Path) -> None:
    (tmp_path / "rate.yaml").write_text("description: x\nvalues: {2015-01-01: {value: 1}}\n")
    before = folder_digest(str(tmp_path))
    assert ParameterNode("", directory_path=str(tmp_path)).rate("2016-01-01") == 1
    (tmp_path / "rate.yaml").write_text("description: x\nvalues: {2015-01-01: {value: 12}}\n")
    assert folder_digest(str(tmp_path)) != before
