# SPDX-License-Identifier: EUPL-1.2
"""A chunk is kept whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from flagstone.blocks.rules.service.engine.simulation.checkpoints import Checkpoints


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path / "run")
    kept.put(1, b"one")
    kept.put(0, b"")
    assert list(Checkpoints(tmp_path / "run").all(2)) == [b"", b"one"]
    assert kept.missing(4) == [2, 3]


def test_a_chunk_with_any_byte_changed_is_not_there(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path)
    kept.put(0, b"whole")
    file = next(tmp_path.glob("*.chunk"))
    whole = file.read_bytes()
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert kept.get(0) is None
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert kept.missing(1) == [0]
    file.write_bytes(whole)
    assert kept.get(0) == b"whole"


def test_half_a_file_of_a_killed_process_is_swept(tmp_path: Path) -> None:
    (tmp_path / "000000.part").write_bytes(b"half")
    kept = Checkpoints(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert kept.missing(1) == [0]
    with pytest.raises(LookupError):
        list(kept.all(1))


def test_all_can_be_forgotten(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path / "run")
    kept.put(0, b"x")
    kept.clear()
    kept.clear()
    assert kept.missing(1) == [0]
