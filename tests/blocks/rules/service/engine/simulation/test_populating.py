# SPDX-License-Identifier: EUPL-1.2
"""People are made up by a law's pattern: the same in every chunk, and of every kind."""

from __future__ import annotations

import numpy
import pytest
import yaml
from tests.blocks.rules.populated import PATTERN

from flagstone.blocks.rules.contract.faults import PlanInvalid
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.service.engine.loading import Law, load
from flagstone.blocks.rules.service.engine.simulation.patterns import pattern_of, shipped
from flagstone.blocks.rules.service.engine.simulation.people import People
from flagstone.blocks.rules.service.engine.simulation.populating import Maker


@pytest.fixture(scope="module")
def aralia() -> Maker:
    law = load(LawName("aralia_law"))
    content = shipped("aralia_law")
    assert content is not None
    return Maker(law, pattern_of(content, law.catalogue), 2026, 3)


def values(people: People, name: str, period: str) -> numpy.ndarray:
    return next(each.values for each in people.inputs if (each.variable, each.period) == (name, period))


def test_a_household_is_the_same_in_every_chunk(aralia: Maker) -> None:
    whole, parts = aralia.people(0, 90), [aralia.people(0, 1), aralia.people(1, 40), aralia.people(40, 90)]
    for number, each in enumerate(whole.inputs):
        same = [part.inputs[number] for part in parts]
        assert {(one.variable, one.period) for one in same} == {(each.variable, each.period)}
        assert numpy.concatenate([one.values for one in same]).tolist() == each.values.tolist()
    for key, group in whole.groups.items():
        assert numpy.concatenate([part.groups[key].roles for part in parts]).tolist() == group.roles.tolist()
    assert sum(len(part.homes) for part in parts) == len(whole.homes)


def test_another_seed_makes_other_people(aralia: Maker) -> None:
    other = Maker(aralia.law, aralia.pattern, 2026, 4).people(0, 200)
    mine = aralia.people(0, 200)
    assert mine.homes.tolist() != other.homes.tolist()


def test_families_are_plausible(aralia: Maker) -> None:
    people = aralia.people(0, 3000)
    births = values(people, "birth_date", "ETERNITY").astype("datetime64[Y]").astype(int) + 1970
    age = 2026 - births
    child = people.groups["family"].roles == 1
    sizes = numpy.bincount(people.homes)
    assert sizes.min() == 1
    assert sizes.max() == 8
    assert age[child].max() <= 19
    assert age[~child].min() >= 18
    oldest = numpy.zeros(people.households)
    numpy.maximum.at(oldest, people.homes, numpy.where(child, 0, age))
    assert (oldest[people.homes][child] - age[child] >= 18).all()
    assert (numpy.bincount(people.homes, weights=~child) >= 1).all()
    months = [values(people, "salary", f"2026-{month:02}") for month in range(1, 13)]
    pay = numpy.sum(months, axis=0)
    assert 0.5 < (pay > 0)[~child & (age < 63)].mean() < 0.95
    assert not pay[child].any()
    assert not pay[age > 66].any()
    assert (numpy.round(pay * 100) == numpy.rint(pay * 100)).all()
    paid = numpy.sum([each > 0 for each in months], axis=0)
    assert {1, 12} <= set(paid.tolist())
    leave = values(people, "takes_parental_leave", "2026-05")
    assert 0 < leave.sum() < 300
    assert not pay[leave].any()
    assert 0.02 < values(people, "disabled", "2026-01").mean() < 0.06
    married = values(people, "married", "2026")
    couples = numpy.bincount(people.homes, weights=~child) == 2
    assert not married[~couples].any()
    assert 0.5 < married[couples].mean() < 0.75
    rents = values(people, "rent", "2026-01")
    assert 0.3 < (rents > 0).mean() < 0.5


def test_one_household_alone_can_be_made(aralia: Maker) -> None:
    people = aralia.people(17, 18)
    assert people.households == 1
    assert set(people.homes.tolist()) == {0}


def test_a_law_that_ships_no_pattern_has_none() -> None:
    assert shipped("openfisca_country_template") is None
    assert shipped("no_such_package") is None


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda whole: whole.update(birth="salary"), "/birth"),
        (lambda whole: whole.update(birth="nothing"), "/birth"),
        (lambda whole: whole.update(colour="red"), "/colour"),
        (lambda whole: whole.update(years_before=-1), "/years_before"),
        (lambda whole: whole.update(budget={"income_tax": 2}), "/budget/income_tax"),
        (lambda whole: whole.update(income=7), "/income"),
        (lambda whole: whole["households"][0].update(members=["nobody"]), "/households/0/members"),
        (lambda whole: whole["households"][0].update(share="much"), "/households/0/share"),
        (lambda whole: whole["households"][0].update(ages=[40, 20]), "/households/0/ages"),
        (lambda whole: whole["members"]["adult"].update(roles={"household": "cook"}), "/members/adult/roles"),
        (lambda whole: whole["values"].update(nothing={}), "/values/nothing"),
        (lambda whole: whole["values"]["rent"].update(chance=1.5), "/values/rent/chance"),
        (lambda whole: whole["values"]["rent"].update(quantiles=[1e99, 1e100]), "/values/rent/quantiles"),
        (lambda whole: whole["values"]["rent"].update(quantiles=[3]), "/values/rent/quantiles"),
        (lambda whole: whole["values"]["rent"].pop("quantiles"), "/values/rent"),
        (lambda whole: whole["values"].update(birth={"chance": 1}), "/values/birth"),
        (lambda whole: whole.update(households=[]), "/households"),
        (lambda whole: whole.update(members=[1]), "/members"),
    ],
)
def test_a_wrong_pattern_is_refused_with_its_place(template: Law, change: object, place: str) -> None:
    whole = yaml.safe_load(PATTERN)
    change(whole)  # type: ignore[operator]
    with pytest.raises(PlanInvalid) as refused:
        pattern_of(yaml.safe_dump(whole).encode(), template.catalogue)
    assert any(flaw.pointer.startswith(f"population.yaml#{place}") for flaw in refused.value.flaws)


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"[", b"a: &a [*a]", b"- 1", b"", b"x" * 200_000, b"!!python/none"]
)
def test_what_is_no_pattern_is_refused(template: Law, content: bytes) -> None:
    with pytest.raises(PlanInvalid):
        pattern_of(content, template.catalogue)
