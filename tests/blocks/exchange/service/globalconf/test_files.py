# SPDX-License-Identifier: EUPL-1.2
"""Files verified where they lie, at a time that is given."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.blocks.exchange.service.globalconf.rig import Centre, follower

from flagstone.blocks.exchange.service.globalconf.files import verify_files
from flagstone.kernel.clock import SetClock


def codes(path: Path, publishing: Centre, clock: SetClock, parts: Path | None = None) -> list[str]:
    verdict = verify_files(path, publishing.anchor(), clock.now(), parts=parts)
    return [each.code for each in verdict.failed]


def test_a_directory_with_its_parts(publishing: Centre, clock: SetClock, tmp_path: Path) -> None:
    file = publishing.folder / "V4" / "internalconf"
    assert codes(file, publishing, clock) == []
    alone = tmp_path / "alone" / "internalconf"
    alone.parent.mkdir()
    alone.write_bytes(file.read_bytes())
    assert codes(alone, publishing, clock) == ["configuration.part-found"] * 2
    assert codes(alone, publishing, clock, publishing.folder) == []
    clock.advance(timedelta(days=1))
    assert codes(file, publishing, clock) == ["configuration.in-time"]


def test_without_an_anchor_the_signer_is_not_known(publishing: Centre, clock: SetClock) -> None:
    verdict = verify_files(publishing.folder / "V4" / "externalconf", None, clock.now())
    assert [each.code for each in verdict.failed] == ["configuration.signer-anchored"]
    old = verify_files(publishing.folder / "V2" / "externalconf", None, clock.now())
    assert "configuration.signer-known" in [each.code for each in old.failed]


def test_a_folder(publishing: Centre, clock: SetClock, tmp_path: Path) -> None:
    server = follower(tmp_path / "kept", publishing.anchor(), clock)
    server.fetch()
    assert codes(server.kept.path, publishing, clock) == []
    clock.advance(timedelta(days=1))
    assert codes(server.kept.path, publishing, clock) == ["configuration.in-time"]
    assert codes(tmp_path, publishing, clock) == ["configuration.folder-readable"]


def test_other_files_have_a_reason_too(publishing: Centre, clock: SetClock, tmp_path: Path) -> None:
    for name, text, code in (
        ("a.xml", b"<x/>", "configuration.anchor-readable"),
        ("b", b"junk", "configuration.directory-readable"),
        ("c", b"", "configuration.directory-readable"),
    ):
        (tmp_path / name).write_bytes(text)
        assert codes(tmp_path / name, publishing, clock) == [code]
    with pytest.raises(OSError, match="No such file"):
        codes(tmp_path / "none", publishing, clock)


def test_a_location_never_leads_out_of_the_folder(publishing: Centre, clock: SetClock) -> None:
    file = publishing.folder / "V6" / "internalconf"
    text = file.read_bytes().replace(b"Content-location: /V6/", b"Content-location: /../V6/")
    copy = publishing.publisher.folder.root / "copy"
    copy.write_bytes(text)
    assert "configuration.signature-good" in codes(copy, publishing, clock)
