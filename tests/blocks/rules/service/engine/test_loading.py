# SPDX-License-Identifier: EUPL-1.2
"""A law is what its packages, parameters and formulas are: the fingerprint says so, in every process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flagstone.blocks.rules.contract.catalogue import PeriodUnit, ValueKind
from flagstone.blocks.rules.contract.faults import LawUnavailable
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.service.engine.loading import Law, load
from flagstone.blocks.rules.service.engine.snapshot import part_of, snapshot_of

from .conftest import TEMPLATE

REFORM = (
    "openfisca_country_template.reforms.flat_social_security_contribution.flat_social_security_contribution"
)
EXTENSION = "openfisca_extension_template"


def test_the_catalogue_says_what_the_law_speaks_of(template: Law) -> None:
    catalogue = template.catalogue
    assert catalogue.persons.key == "person"
    household = catalogue.entities["households"]
    assert [(role.name, role.most) for role in household.roles] == [("adults", None), ("children", None)]
    salary, occupancy = catalogue.variables["salary"], catalogue.variables["housing_occupancy_status"]
    assert (salary.kind, salary.period, salary.entity, salary.formulas) == (
        ValueKind.FLOAT,
        PeriodUnit.MONTH,
        "person",
        (),
    )
    assert salary.spreads
    assert occupancy.values == ("owner", "tenant", "free_lodger", "homeless")
    assert len(catalogue.variables["basic_income"].formulas) == 2
    assert catalogue.variables["housing_allowance"].end == "2016-11-30"
    assert catalogue.variables["income_tax"].references


def test_the_fingerprint_is_the_same_in_another_process(template: Law) -> None:
    code = (
        "from flagstone.blocks.rules.service.engine.loading import load\n"
        "from flagstone.blocks.rules.contract.law import LawName\n"
        f"print(load(LawName({TEMPLATE.package!r})).snapshot.digest)"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        )
        assert done.stdout.strip() == template.snapshot.digest


def test_a_reform_and_an_extension_are_another_law(template: Law) -> None:
    digests = {
        load(name).snapshot.digest
        for name in (
            TEMPLATE,
            LawName(TEMPLATE.package, reforms=(REFORM,)),
            LawName(TEMPLATE.package, extensions=(EXTENSION,)),
            LawName(TEMPLATE.package, extensions=(EXTENSION,), reforms=(REFORM,)),
        )
    }
    assert len(digests) == 4
    assert template.snapshot.digest in digests


def test_one_changed_parameter_is_another_law(template: Law) -> None:
    system = load(TEMPLATE).system
    system.parameters.taxes.income_tax_rate.update(start="2030-01-01", value=0.16)
    changed = snapshot_of(TEMPLATE, system)
    assert changed.parameters_sha256 != template.snapshot.parameters_sha256
    assert changed.variables_sha256 == template.snapshot.variables_sha256


def test_one_changed_formula_is_another_law(template: Law) -> None:
    system = load(TEMPLATE).system
    system.neutralize_variable("income_tax")
    changed = snapshot_of(TEMPLATE, system)
    assert changed.variables_sha256 != template.snapshot.variables_sha256
    assert changed.parameters_sha256 == template.snapshot.parameters_sha256


def test_the_parts_name_their_distribution(template: Law) -> None:
    (part,) = template.snapshot.parts
    assert part.distribution.lower().startswith("openfisca-country")
    assert part.version
    assert len(part.sha256) == 64


@pytest.mark.parametrize(
    "name",
    [
        LawName("no_such_package"),
        LawName("json"),
        LawName(TEMPLATE.package, extensions=("no_such_extension",)),
        LawName(TEMPLATE.package, reforms=("no_dots",)),
        LawName(TEMPLATE.package, reforms=("openfisca_country_template.reforms.no_such",)),
        LawName(TEMPLATE.package, reforms=("json.loads",)),
    ],
)
def test_a_law_that_cannot_be_loaded_says_which_part(name: LawName) -> None:
    with pytest.raises(LawUnavailable) as raised:
        load(name)
    assert (name.extensions or name.reforms or (name.package,))[0] in raised.value.detail


def test_a_package_on_the_path_counts_with_all_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "law_on_the_path"
    package.mkdir()
    (package / "__init__.py").write_text(
        f"from {TEMPLATE.package} import CountryTaxBenefitSystem  # noqa: F401\n"
    )
    (package / "amounts.py").write_text("CENTS = 100\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    (before,) = load(LawName("law_on_the_path")).snapshot.parts
    (package / "amounts.py").write_text("CENTS = 1000\n")
    part_of.cache_clear()
    (after,) = load(LawName("law_on_the_path")).snapshot.parts
    assert (before.version, len(before.sha256)) == ("", 64)
    assert before.sha256 != after.sha256
