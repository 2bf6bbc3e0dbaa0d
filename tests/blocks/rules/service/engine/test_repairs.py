# SPDX-License-Identifier: EUPL-1.2
"""Each defect is there in plain OpenFisca and gone with the repairs; unknown code is left alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy
import pytest
from openfisca_core.simulations import SimulationBuilder

from flagstone.blocks.rules.service.engine.hooks import Installed, install
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.blocks.rules.service.engine.repairs import REPAIRS

MONTH = "2017-01"
COUPLE = {
    "persons": {"a": {"salary": {MONTH: 1000}}, "b": {}},
    "households": {"h": {"adults": ["a", "b"]}, "nobody": {}},
}


def simulation(law: Law) -> Any:
    return SimulationBuilder().build_from_entities(law.system, COUPLE)


def test_plain_copies_write_into_the_original(template: Law) -> None:
    first = simulation(template)
    first.get_holder("salary")
    first.clone().set_input("salary", "2017-02", [77, 77])
    assert first.get_array("salary", "2017-02") is not None


def test_copies_are_apart(law: Law) -> None:
    first = simulation(law)
    second = first.clone()
    second.set_input("salary", "2017-02", [77, 77])
    assert first.get_array("salary", "2017-02") is None
    assert list(second.get_array("salary", "2017-02")) == [77, 77]
    assert list(second.get_array("salary", MONTH)) == [1000, 0]
    assert list(second.calculate("income_tax", MONTH)) == [150, 0]


def test_plain_sums_forget_the_last_empty_group(template: Law) -> None:
    plain = simulation(template)
    assert len(plain.household.sum(plain.person("salary", MONTH))) == 1
    assert len(plain.household.nb_persons()) == 1


def test_the_last_empty_group_counts(law: Law) -> None:
    repaired = simulation(law)
    assert list(repaired.household.sum(repaired.person("salary", MONTH))) == [1000, 0]
    assert list(repaired.household.nb_persons()) == [2, 0]
    assert list(repaired.household.nb_persons(law.system.group_entities[0].ADULT)) == [2, 0]


def test_plain_calculation_blocks_an_input_for_the_year(template: Law) -> None:
    plain = simulation(template)
    for month in range(1, 13):
        plain.calculate("salary", f"2018-{month:02}")
    with pytest.raises(ValueError, match="Inconsistent input"):
        plain.set_input("salary", "2018", [12_000.0, 0.0])


def test_an_input_after_a_calculation_counts(law: Law) -> None:
    repaired = simulation(law)
    for month in range(1, 13):
        assert list(repaired.calculate("income_tax", f"2018-{month:02}")) == [0, 0]
    repaired.set_input("salary", "2018", [12_000, 0])
    assert list(repaired.calculate("salary", "2018-07")) == [1000, 0]
    assert list(repaired.calculate("income_tax", "2018-07")) == [150, 0]


def test_inputs_before_a_calculation_still_have_to_agree(law: Law) -> None:
    repaired = simulation(law)
    for month in range(1, 13):
        repaired.set_input("salary", f"2018-{month:02}", numpy.array([10, 0]))
    with pytest.raises(ValueError, match="Inconsistent input"):
        repaired.set_input("salary", "2018", [12_000, 0])


def test_an_input_for_ever_replaces_what_was_computed(law: Law) -> None:
    repaired = simulation(law)
    assert str(repaired.calculate("birth", "ETERNITY")[0]) == "1970-01-01"
    repaired.set_input("birth", "ETERNITY", numpy.array(["1980-05-01", "1981-05-01"], dtype="datetime64[D]"))
    assert list(repaired.calculate("age", MONTH)) == [36, 35]


def test_every_repair_fits_what_is_installed(repaired: Installed) -> None:
    assert repaired.at_work == tuple(hook.name for hook in REPAIRS)
    assert repaired.switched_off == ()


def test_a_repair_of_code_that_it_does_not_know_switches_itself_off() -> None:
    unknown = [replace(REPAIRS[0], known=frozenset({"0" * 16})), *REPAIRS[1:]]
    installed = install(unknown)
    installed.undo()
    assert installed.switched_off == (REPAIRS[0].name,)
    assert installed.at_work == tuple(hook.name for hook in REPAIRS[1:])


def test_taking_out_leaves_what_was_there() -> None:
    before = [hook.digest for hook in REPAIRS]
    install(REPAIRS).undo()
    assert [hook.digest for hook in REPAIRS] == before
