# SPDX-License-Identifier: EUPL-1.2
"""Everything in Aralia's law says where it is written, and what is written there is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.service.engine.loading import load

LAW = Path(__file__).parents[3] / "countries" / "aralia_law"
ADDRESS = "https://law.xa.example/"
SECTIONS = {
    f"{ADDRESS}{act.stem}#{anchor}"
    for act in (LAW / "law").glob("*.md")
    for anchor in re.findall(r'<a id="(s\d+-\d+)"></a>', act.read_text())
}
ANNEXES = sorted((LAW / "parameters").rglob("*.yaml"))
CASES = sorted((LAW / "tests").glob("*.yaml"))


@pytest.fixture(scope="module")
def system() -> Any:
    return load(LawName("aralia_law")).system


def test_each_variable_has_a_label_a_unit_and_sections_that_exist(system: Any) -> None:
    for variable in system.variables.values():
        assert variable.label, variable.name
        assert variable.unit, variable.name
        assert variable.reference, variable.name
        assert set(variable.reference) <= SECTIONS, variable.name


@pytest.mark.parametrize("path", ANNEXES, ids=lambda path: str(path.relative_to(LAW / "parameters")))
def test_each_annex_has_a_description_a_unit_and_a_section_that_exists(path: Path) -> None:
    annex = yaml.load(path.read_text(), Loader=yaml.BaseLoader)
    assert annex["description"]
    assert annex["metadata"]["unit"]
    reference = annex["metadata"]["reference"]
    acts = {section.partition("#")[0] for section in SECTIONS}
    assert reference in (acts if path.name == "index.yaml" else SECTIONS)


def test_the_annexes_span_ten_years() -> None:
    dates = {found for path in ANNEXES for found in re.findall(r"(20\d\d)-01-01:", path.read_text())}
    assert {f"{year}" for year in range(2016, 2027)} <= dates


@pytest.mark.parametrize("act", sorted((LAW / "law").glob("*.md")), ids=lambda act: act.stem)
def test_each_act_has_its_title_in_three_languages_and_numbered_sections(act: Path) -> None:
    text = act.read_text()
    assert re.search(r"^# [A-Z]", text, re.MULTILINE)
    assert re.search(r'^\*[^*]+seadus\* · <span dir="rtl" lang="ar">قانون|القانون', text, re.MULTILINE)
    numbers = [int(number) for number in re.findall(r"^## § (\d+)\. ", text, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_each_case_names_a_section_and_none_twice() -> None:
    names = [case["name"] for path in CASES for case in yaml.safe_load(path.read_text())]
    assert len(names) >= 60
    assert all("§" in name or "(preface)" in name for name in names)


def test_every_amount_has_64_bits_even_where_openfisca_has_32(system: Any) -> None:
    from aralia_law import CountryTaxBenefitSystem

    for law in (system, CountryTaxBenefitSystem()):
        floats = [each for each in law.variables.values() if each.value_type is float]
        assert floats
        assert {each.dtype.itemsize for each in floats} == {8}
