# SPDX-License-Identifier: EUPL-1.2
"""Shared parameters written: the same bytes as others write, valid by the published schemas."""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path

import pytest
from tests.blocks.exchange.service.globalconf.rig import SIGNED, AllApproved, Centre, needs_vectors
from tests.blocks.exchange.service.globalconf.schemas import flaws, laid_out, needs_xmllint

from flagstone.blocks.exchange.contract.globalconf import (
    AcmeServer,
    CentralService,
    Maintenance,
    SharedParameters,
)
from flagstone.blocks.exchange.service.globalconf.private_parameters import read_private, write_private
from flagstone.blocks.exchange.service.globalconf.shared_reading import read_shared
from flagstone.blocks.exchange.service.globalconf.shared_writing import write_shared

VERSIONS = (2, 3, 4, 5, 6)
BEYOND_ITS_SCHEMA = {
    3: ["authenticationCertificateProfileId", "signingCertificateProfileId"],
}
"""Elements that others put into a version whose schema does not have them; we leave them out."""


def differing(before: bytes, after: bytes) -> list[str]:
    """Return the lines that only one of two documents has, in canonical order."""
    lines = difflib.ndiff(before.decode().splitlines(), after.decode().splitlines())
    return [line for line in lines if line[0] in "+-"]


@needs_vectors
@pytest.mark.parametrize("version", [3, 4, 5, 6])
def test_a_generated_configuration_is_the_real_one(version: int) -> None:
    """Read into values and written from them, a real configuration differs in nothing at all.

    Not even the identifiers of elements differ: both count members and subsystems in their order.
    """
    file = next((SIGNED / f"V{version}").glob("*/shared-params.xml"))
    real = file.read_bytes()
    found = differing(real, write_shared(read_shared(real, version)))
    print(f"V{version}: {len(found)} lines differ {found}")
    assert [line.strip("-+ <").partition(">")[0] for line in found] == BEYOND_ITS_SCHEMA.get(version, [])


@needs_vectors
@pytest.mark.parametrize("version", [3, 4, 5, 6])
def test_private_parameters_are_the_real_ones(version: int) -> None:
    real = next((SIGNED / f"V{version}").glob("*/private-params.xml")).read_bytes()
    assert write_private(read_private(real)) == real


@pytest.fixture
def full(publishing: Centre) -> SharedParameters:
    """Shared parameters with every element that there is."""
    shared = read_shared(next((publishing.folder / "V6").glob("*/shared-params.xml")).read_bytes(), 6)
    (ca,) = AllApproved().approved().cas
    acme = AcmeServer("https://acme.test/", "192.0.2.1", "5", "6")
    first, second = shared.servers
    return replace(
        shared,
        cas=(replace(ca, intermediates=(ca.top,), authentication_only=True, acme=acme),),
        servers=(replace(first, maintenance=Maintenance("until noon & after")), second),
        central_services=(
            CentralService("none"),
            CentralService("some", shared.members[0].clients[0], "service", "v1"),
        ),
    )


@needs_vectors
@needs_xmllint
@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_is_valid_by_its_schema(
    version: int, full: SharedParameters, publishing: Centre, tmp_path: Path
) -> None:
    schemas = laid_out(tmp_path / "schemas")
    assert (
        flaws(schemas / f"v{version}" / "shared-parameters.xsd", write_shared(replace(full, version=version)))
        == ""
    )
    private = next((publishing.folder / f"V{version}").glob("*/private-params.xml")).read_bytes()
    schema = schemas / f"v{min(version, 3)}" / "private-parameters.xsd"
    assert flaws(schema, private) == ""
    published = next((publishing.folder / f"V{version}").glob("*/shared-params.xml")).read_bytes()
    assert flaws(schemas / f"v{version}" / "shared-parameters.xsd", published) == ""


@needs_vectors
@needs_xmllint
def test_xmllint_would_tell(full: SharedParameters, tmp_path: Path) -> None:
    schemas = laid_out(tmp_path / "schemas")
    wrong = write_shared(full)
    assert "costType" in flaws(schemas / "v5" / "shared-parameters.xsd", wrong)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_says_what_it_can(version: int, full: SharedParameters) -> None:
    read = read_shared(write_shared(replace(full, version=version)), version)
    assert bool(read.sources) is (version >= 3)
    assert bool(read.cas[0].acme) is (version >= 3)
    assert bool(read.cas[0].acme and read.cas[0].acme.signing_profile) is (version >= 4)
    assert any(each.name for member in read.members for each in member.subsystems) is (version >= 5)
    assert bool(read.servers[0].maintenance) is (version >= 5)
    assert bool(read.tsas[0].cost) is (version >= 6)
    assert read.groups == full.groups
    assert read.central_services == full.central_services
