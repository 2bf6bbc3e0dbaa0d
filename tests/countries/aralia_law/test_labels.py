# SPDX-License-Identifier: EUPL-1.2
"""Everything in Aralia's law has a name in each of the country's languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.service.engine.loading import load

LABELS = Path(__file__).parents[3] / "countries" / "aralia_law" / "labels"
LETTERS = {"et": re.compile("[A-Za-zõäöüÕÄÖÜ]"), "ar": re.compile("[\u0621-\u064a]")}


@pytest.fixture(scope="module")
def system() -> Any:
    return load(LawName("aralia_law")).system


@pytest.mark.parametrize("language", ["et", "ar"])
def test_every_variable_and_parameter_is_named_and_nothing_else(system: Any, language: str) -> None:
    told = yaml.safe_load((LABELS / f"{language}.yaml").read_text(encoding="utf-8"))
    assert set(told["variables"]) == set(system.variables)
    assert set(told["parameters"]) == {each.name for each in system.parameters.get_descendants()}


@pytest.mark.parametrize("language", ["et", "ar"])
def test_names_are_words_of_the_language_and_differ(language: str) -> None:
    told = yaml.safe_load((LABELS / f"{language}.yaml").read_text(encoding="utf-8"))
    for kind in ("variables", "parameters"):
        names = list(told[kind].values())
        assert all(LETTERS[language].search(each) for each in names)
        assert all(each == each.strip() and not each.endswith(".") for each in names)
    assert len(set(told["variables"].values())) == len(told["variables"])
