# SPDX-License-Identifier: EUPL-1.2
"""Folders of other servers read as they stand: the good ones, and why the others are not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.blocks.exchange.service.globalconf.rig import ON_DISK, needs_vectors

from flagstone.blocks.exchange.contract.globalconf import PartMetadata
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMalformed, ConfigurationMissing
from flagstone.blocks.exchange.service.globalconf.disk import (
    folder_name,
    metadata_text,
    read_folder,
    read_metadata,
)

UNTIL = datetime(2124, 5, 20, 17, 42, 55, tzinfo=UTC)


@needs_vectors
@pytest.mark.parametrize(
    ("name", "instances"),
    [
        ("globalconf_good_v2", {"EE": 2, "bar": 2, "foo": 2}),
        ("globalconf_good_v3", {"EE": 3, "bar": 3, "foo_v2": 2}),
        ("globalconf_good_v4", {"EE": 4, "bar": 3, "baz_v3": 3, "foo_v2": 2}),
        ("globalconf_good_v5", {"EE": 5, "bar": 3, "baz_v3": 3, "foo_v2": 2, "qux_v4": 4}),
        ("globalconf_good_v6", {"EE": 6, "bar": 3, "baz_v3": 3, "foo_v2": 2, "quux_v5": 5, "qux_v4": 4}),
        ("globalconf_good2_v3", {"DEV": 3}),
    ],
)
def test_good_folders(name: str, instances: dict[str, int]) -> None:
    found = read_folder(ON_DISK / name)
    versions = {key: each.shared.version for key, each in found.instances.items() if each.shared}
    print(f"{name:22} own {found.instance:4} {versions}")
    assert versions == instances
    assert found.own.shared is not None
    assert found.own.shared_until in {UNTIL, None}


@needs_vectors
def test_a_folder_without_its_instance() -> None:
    with pytest.raises(ConfigurationMissing, match="instance-identifier"):
        read_folder(ON_DISK / "globalconf_missing_identifier")


@needs_vectors
def test_a_malformed_folder_names_the_instance() -> None:
    with pytest.raises(ConfigurationMalformed, match="foo: not well-formed"):
        read_folder(ON_DISK / "globalconf_malformed")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationMissing):
        read_folder(tmp_path / "nowhere")
    (tmp_path / "instance-identifier").write_text("XA\n")
    with pytest.raises(ConfigurationMissing, match="its own instance"):
        read_folder(tmp_path)
    (tmp_path / "instance-identifier").write_text(" ")
    with pytest.raises(ConfigurationMalformed):
        read_folder(tmp_path)


def test_metadata(tmp_path: Path) -> None:
    full = PartMetadata("SHARED-PARAMETERS", "XA", UNTIL, "name.xml", "/V6/1/name.xml", 6)
    file = tmp_path / "name.xml"
    assert read_metadata(file) is None
    beside = tmp_path / "name.xml.metadata"
    beside.write_bytes(metadata_text(full))
    assert read_metadata(file) == full
    for wrong in (b"[]", b"{", b'{"expirationDate": "soon"}', b"[" * 100_000):
        beside.write_bytes(wrong)
        with pytest.raises(ConfigurationMalformed):
            read_metadata(file)


def test_names_of_folders() -> None:
    assert folder_name("EE") == "EE"
    assert folder_name("ee-test_1.2*") == "ee-test_1.2*"
    assert folder_name("a/b c~ä") == "a%2Fb+c%7E%C3%A4"
    assert folder_name("..") == "%2E%2E"
