# SPDX-License-Identifier: EUPL-1.2
"""A folder swapped whole: a stop at any step leaves the old files or the new ones, never some of each."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from flagstone.blocks.exchange.contract.globalconf import PartMetadata
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMissing
from flagstone.blocks.exchange.service.globalconf.keeping import (
    KEPT_VERSIONS,
    Kept,
    KeptFile,
    Swapped,
    layout,
)

OLD = {"instance-identifier": b"XA", "XA/shared-params.xml": b"old", "XA/gone.xml": b"gone", "XB/x": b"x"}
NEW = {"instance-identifier": b"XA", "XA/shared-params.xml": b"new", "XC/y": b"y"}
STEPS = ("file-written", "version-written", "link-made", "swapped", "version-removed")


def held(folder: Path) -> Mapping[str, bytes]:
    """Return every file below a folder by its path."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()
    }


def test_exactly_the_files_given_count(tmp_path: Path) -> None:
    kept = Swapped(tmp_path / "kept")
    assert kept.version() == ""
    kept.replace(OLD)
    assert held(kept.current) == OLD
    kept.replace(NEW)
    assert held(kept.current) == NEW


def test_a_reader_who_began_goes_on_with_what_was(tmp_path: Path) -> None:
    kept = Swapped(tmp_path)
    kept.replace(OLD)
    began = kept.current.resolve()
    kept.replace(NEW)
    assert held(began) == OLD


def test_what_did_not_change_is_the_same_file(tmp_path: Path) -> None:
    kept = Swapped(tmp_path)
    kept.replace(OLD)
    before = (kept.current / "instance-identifier").stat().st_ino
    kept.replace(NEW)
    assert (kept.current / "instance-identifier").stat().st_ino == before


def test_old_versions_are_swept_away(tmp_path: Path) -> None:
    kept = Swapped(tmp_path)
    for at in range(8):
        kept.replace({"n": str(at).encode()})
    names = [each.name for each in kept.versions()]
    assert len(names) == KEPT_VERSIONS
    assert names == sorted(names, reverse=True)
    assert len(list((tmp_path / "versions").iterdir())) == KEPT_VERSIONS


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("times", [1, 2])
def test_a_kill_at_any_step(tmp_path: Path, step: str, times: int) -> None:
    """The process dies at the step; whoever looks then, and whoever writes next, finds all in order."""
    kept = Swapped(tmp_path / "kept")
    for at in range(KEPT_VERSIONS):
        kept.replace({**OLD, "n": str(at).encode()})
    kept.replace(OLD)
    seen = 0

    def probe(reached: str) -> None:
        nonlocal seen
        seen += reached == step
        if seen == times:
            os._exit(9)

    child = os.fork()
    if child == 0:
        Swapped(tmp_path / "kept", probe).replace(NEW)
        os._exit(0)
    os.waitpid(child, 0)
    assert held(kept.current) in (OLD, NEW)
    kept.replace(NEW)
    assert held(kept.current) == NEW
    kept.replace({**NEW, "XA/shared-params.xml": b"newer"})
    assert not list((tmp_path / "kept").glob(".current.*"))
    assert len(list((tmp_path / "kept" / "versions").iterdir())) <= KEPT_VERSIONS + 1


def test_a_copy_without_links_goes_on(tmp_path: Path) -> None:
    """A back-up that follows links makes a folder of `current`; it is read, and replaced like any other."""
    kept = Swapped(tmp_path / "kept")
    kept.replace(NEW)
    kept.replace(OLD)
    shutil.copytree(tmp_path / "kept", tmp_path / "copy")
    copy = Swapped(tmp_path / "copy")
    assert held(copy.current) == OLD
    assert copy.versions() == [copy.current]
    copy.replace(NEW)
    assert held(copy.current) == NEW
    assert copy.current.is_symlink()
    copy.replace(OLD)
    assert held(copy.current) == OLD


def test_a_layout_is_that_of_security_servers() -> None:
    metadata = PartMetadata("SHARED-PARAMETERS", "X/A", None, "", "", 6)
    files = layout("X/A", {"X/A": (KeptFile("shared-params.xml", b"<x/>", metadata),)})
    assert sorted(files) == [
        "X%2FA/shared-params.xml",
        "X%2FA/shared-params.xml.metadata",
        "instance-identifier",
    ]
    assert b'"configurationVersion":"6"' in files["X%2FA/shared-params.xml.metadata"]


def test_nothing_kept_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationMissing):
        Kept(tmp_path / "none").configuration()
