# SPDX-License-Identifier: EUPL-1.2
"""A reform changes what it names and nothing else: the law without it is as it was."""

from __future__ import annotations

import pickle
from copy import deepcopy
from datetime import date, timedelta
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openfisca_core.periods import instant

from flagstone.blocks.rules.contract.calculation import Bounds, JsonValue
from flagstone.blocks.rules.contract.faults import LawUnavailable, ReformInvalid
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.service.engine.calculating import calculate
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.blocks.rules.service.engine.reforming import Reforms, reformed
from flagstone.blocks.rules.service.engine.snapshot import parameters_digest, snapshot_of

RATE = "taxes.income_tax_rate"
SCALE = "taxes.social_security_contribution"
FLAT = (
    "openfisca_country_template.reforms.flat_social_security_contribution.flat_social_security_contribution"
)
MONTHS = ("2016-12", "2017-01", "2017-02", "2017-03", "2018-01")


def on(path: str, value: JsonValue, when: str = "2017-01-01") -> Reform:
    return Reform(parameters={path: {when: value}})


def computed(law: Law, variable: str, *, salary: float = 10_000) -> list[Any]:
    person: JsonValue = {"salary": dict.fromkeys(MONTHS, salary), variable: dict.fromkeys(MONTHS)}
    found: Any = calculate(law, {"persons": {"a": person}}, Bounds())
    return [round(each, 6) for each in found["persons"]["a"][variable].values()]


@pytest.mark.parametrize(
    ("dated", "taxes"),
    [
        ({"2017-02-01": 0.5}, [1500, 1500, 5000, 5000, 5000]),
        ({"2017-02-01:2017-02-28": 0.5}, [1500, 1500, 5000, 1500, 1500]),
        ({"2016-01-01": 0.5, "2017-02-01": 0.25}, [5000, 5000, 2500, 2500, 2500]),
        ({"2017-02-01:2017-03-31": 0.25, "2016-01-01": 0.5}, [5000, 5000, 2500, 2500, 5000]),
        ({"2016-01-01": 0}, [0, 0, 0, 0, 0]),
        ({"2012-01-01:2012-12-31": 1}, [1500, 1500, 1500, 1500, 1500]),
    ],
)
def test_a_parameter_has_another_value_from_a_day_or_between_two(
    law: Law, dated: dict[str, JsonValue], taxes: list[float]
) -> None:
    before = pickle.dumps(law.system.parameters)
    assert computed(reformed(law, Reform(parameters={RATE: dated})), "income_tax") == taxes
    assert computed(law, "income_tax") == [1500] * 5
    assert pickle.dumps(law.system.parameters) == before


@pytest.mark.parametrize(
    ("part", "value", "contribution"),
    [
        ("[0].rate", 0.1, 0.1 * 6000 + 0.06 * 4000),
        ("[1].rate", 0.5, 0.02 * 6000 + 0.5 * 4000),
        ("[1].threshold", 8000, 0.02 * 8000 + 0.06 * 2000),
        ("[2].threshold", 9000, 0.02 * 6000 + 0.06 * 3000 + 0.12 * 1000),
        ("[1].rate", None, 0.02 * 10_000),
    ],
)
def test_a_bracket_of_a_scale_has_another_part(
    law: Law, part: str, value: float, contribution: float
) -> None:
    plain = computed(law, "social_security_contribution")
    changed = computed(reformed(law, on(SCALE + part, value)), "social_security_contribution")
    assert changed[1:] == [pytest.approx(contribution)] * 4
    assert changed[0] == plain[0]
    assert computed(law, "social_security_contribution") == plain


def test_a_bracket_more_takes_part_in_the_scale(law: Law) -> None:
    more: dict[str, dict[str, JsonValue]] = {
        f"{SCALE}[4].rate": {"2017-02-01": 0.5},
        f"{SCALE}[3].threshold": {"2017-01-01": 1000},
        f"{SCALE}[3].rate": {"2017-01-01": 0.04},
        f"{SCALE}[4].threshold": {"2017-01-01": 9000},
    }
    plain = computed(law, "social_security_contribution")
    changed = computed(reformed(law, Reform(parameters=more)), "social_security_contribution")
    lower = 0.02 * 1000 + 0.04 * 5000 + 0.06 * 3000
    assert changed[1:3] == [pytest.approx(lower + 0.06 * 1000), pytest.approx(lower + 0.5 * 1000)]
    assert changed[0] == plain[0]
    assert computed(law, "social_security_contribution") == plain
    for missing in more:
        with pytest.raises(ReformInvalid) as refused:
            reformed(law, Reform(parameters={path: more[path] for path in more if path != missing}))
        assert all("3 brackets" in flaw.message for flaw in refused.value.flaws)


def test_a_neutralized_variable_is_nothing(law: Law) -> None:
    computed(law, "income_tax")
    changed = reformed(law, Reform(neutralized=("income_tax",)))
    assert computed(changed, "income_tax") == [0] * 5
    assert computed(law, "income_tax") == [1500] * 5
    assert computed(changed, "social_security_contribution") == computed(law, "social_security_contribution")


def test_an_admitted_package_is_applied_on_top(law: Law) -> None:
    reform = Reform(parameters={RATE: {"2016-01-01": 0.5}}, packages=(FLAT,))
    with pytest.raises(ReformInvalid):
        reformed(law, reform)
    changed = reformed(law, reform, admitted=frozenset({FLAT}))
    assert computed(changed, "income_tax") == [5000] * 5
    assert computed(changed, "social_security_contribution") == [300] * 5
    assert changed.snapshot.name.reforms == (FLAT,)
    assert computed(law, "social_security_contribution")[1] == 360


def test_a_package_that_fails_is_named_without_what_it_said(law: Law) -> None:
    odd = "tests.blocks.rules.laws.odd_law.BreakingReform"
    with pytest.raises(LawUnavailable) as failed:
        reformed(law, Reform(packages=(odd,)), admitted=frozenset({odd}))
    assert failed.value.detail == f"{odd}: ValueError"


def test_the_fingerprint_is_that_of_what_is_computed_with(law: Law) -> None:
    reforms = [
        Reform(),
        on(RATE, 0.5),
        on(RATE, 0.25),
        on(RATE, 0.5, "2018-01-01"),
        on(f"{SCALE}[0].rate", 0.5),
        Reform(neutralized=("income_tax",)),
    ]
    laws = [reformed(law, each) for each in reforms]
    assert len({each.snapshot.digest for each in laws}) == len(reforms)
    assert laws[0].snapshot == law.snapshot
    for each in laws:
        assert each.snapshot == snapshot_of(law.snapshot.name, each.system)
    assert reformed(law, on(RATE, 0.5)).snapshot == laws[1].snapshot
    assert reformed(law, on(RATE, 0.15)).snapshot.digest != law.snapshot.digest, "a value more is said"


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("taxes.income_tax_rat", 1, "it has income_tax_rate"),
        ("nothing.like.it", 1, "no parameter of that name"),
        (f"{RATE}.more", 1, "no parameter of that name"),
        ("taxes", 1, "This is a group"),
        ("benefits.parenting_allowance", 1, "amount, income_threshold"),
        (SCALE, 1, "[0].rate"),
        (f"{RATE}[0].rate", 1, "no scale"),
        (f"{SCALE}[3].rate", 1, "3 brackets"),
        (f"{SCALE}[0].amount", 1, "no amount, but rate, threshold"),
    ],
)
def test_a_place_that_the_law_does_not_have_is_named(law: Law, path: str, value: float, why: str) -> None:
    with pytest.raises(ReformInvalid) as refused:
        reformed(law, on(path, value))
    (flaw,) = refused.value.flaws
    assert flaw.pointer == f"/parameters/{path}"
    assert why in flaw.message


@pytest.mark.parametrize("value", [True, "0.5", [0.5], {"value": 0.5}])
def test_a_value_of_another_kind_is_named(law: Law, value: JsonValue) -> None:
    with pytest.raises(ReformInvalid) as refused:
        reformed(law, on(RATE, value))
    assert [flaw.pointer for flaw in refused.value.flaws] == [f"/parameters/{RATE}/2017-01-01"]
    assert "a number" in refused.value.flaws[0].message


def test_everything_that_is_wrong_is_told_at_once(law: Law) -> None:
    wrong = Reform(
        parameters={RATE: {"never": 1}, "no": {"2017-01-01": 1}},
        neutralized=("income_tax", "no"),
        packages=("os.system",),
    )
    with pytest.raises(ReformInvalid) as refused:
        reformed(law, wrong)
    places = [f"/parameters/{RATE}/never", "/parameters/no", "/neutralized/1", "/packages/0"]
    assert [flaw.pointer for flaw in refused.value.flaws] == places


def test_what_was_asked_for_last_is_at_hand(law: Law) -> None:
    reforms = Reforms(law, frozenset(), kept=2)
    first = reforms.under(on(RATE, 0.5))
    assert reforms.under(Reform(name="the same", parameters={RATE: {"2017-01-01": 0.5}})) is first
    second = reforms.under(on(RATE, 0.25))
    assert reforms.under(on(RATE, 0.5)) is first
    reforms.under(on(RATE, 0.75))
    assert reforms.under(on(RATE, 0.5)) is first
    assert reforms.under(on(RATE, 0.25)) is not second
    assert reforms.under(Reform(name="nothing")) is law


def test_only_what_lies_on_the_way_is_copied(law: Law) -> None:
    changed = reformed(law, on(RATE, 0.5)).system.parameters
    before = law.system.parameters
    assert changed.benefits is before.benefits
    assert changed.taxes is not before.taxes
    assert changed.taxes.housing_tax is before.taxes.housing_tax
    assert changed.children["taxes"] is changed.taxes


LEAVES = (
    RATE,
    f"{SCALE}[0].rate",
    f"{SCALE}[2].threshold",
    "benefits.basic_income",
    "taxes.housing_tax.minimal_amount",
)
DAYS = st.dates(min_value=date(2010, 1, 1), max_value=date(2020, 12, 31))
SPANS = st.tuples(DAYS, st.none() | st.integers(min_value=0, max_value=2_000), st.integers(0, 99))


@given(st.dictionaries(st.sampled_from(LEAVES), st.lists(SPANS, min_size=1, max_size=4), min_size=1))
def test_any_change_is_that_of_openfisca_on_a_copy_of_everything(
    template: Law, wanted: dict[str, list[tuple[date, int | None, int]]]
) -> None:
    dated: dict[str, dict[str, JsonValue]] = {}
    whole = deepcopy(template.system.parameters)
    for path, spans in wanted.items():
        leaf = attrgetter(path)(whole) if "[" not in path else _part(whole, path)
        for start, days, value in sorted({each[0]: each for each in spans}.values()):
            stop = start + timedelta(days) if days is not None else None
            when = f"{start}:{stop}" if stop else str(start)
            dated.setdefault(path, {})[when] = value
            leaf.update(start=instant(str(start)), stop=stop and instant(str(stop)), value=value)
    before = parameters_digest(template.system)
    changed = reformed(template, Reform(parameters=dated))
    assert changed.snapshot.parameters_sha256 == parameters_digest(SimpleNamespace(parameters=whole))
    assert parameters_digest(template.system) == before == template.snapshot.parameters_sha256


def _part(tree: Any, path: str) -> Any:
    scale, _, rest = path.partition("[")
    number, _, part = rest.partition("].")
    return attrgetter(scale)(tree).brackets[int(number)].children[part]
