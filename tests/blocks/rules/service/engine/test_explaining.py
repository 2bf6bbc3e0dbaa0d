# SPDX-License-Identifier: EUPL-1.2
"""An explanation tells few steps, cites the law, shows brackets, says why nothing is due and what decides."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.countries.aralia_law.generator import Case

from flagstone.blocks.rules.contract.calculation import Bounds, Mode, Situation
from flagstone.blocks.rules.contract.explanation import Explained, Step, Wanted
from flagstone.blocks.rules.contract.faults import SituationInvalid, StepUnknown, UnknownVariable
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.model.explanation_wire import canonical_bytes
from flagstone.blocks.rules.service.engine.calculating import calculate
from flagstone.blocks.rules.service.engine.explaining import explain
from flagstone.blocks.rules.service.engine.loading import Law, load
from flagstone.blocks.rules.service.engine.modes import enter

MONTH, YEAR = "2017-01", "2025"
CENT = 0.005001  # a half cent, rounded
ALL = ("en", "et", "ar")


@pytest.fixture(scope="module")
def aralia() -> Law:
    return load(LawName("aralia_law"))


@pytest.fixture(params=list(Mode), autouse=True)
def mode(request: pytest.FixtureRequest) -> Iterator[Mode]:
    installed = enter(request.param)
    yield request.param
    installed.undo()


def told(law: Law, situation: Situation, mode: Mode = Mode.FAST, **wanted: Any) -> Explained:
    return explain(law, situation, Wanted(**wanted), Bounds(), mode=mode)


def steps_of(explained: Explained) -> dict[str, Step]:
    return {each.key: each for each in explained.explanation.steps}


def someone(**variables: Any) -> dict[str, Any]:
    """Return a person of Aralia; each variable is of the year unless it is given by period."""
    facts = {name: each if isinstance(each, dict) else {YEAR: each} for name, each in variables.items()}
    return {
        "persons": {"me": {"birth_date": {"ETERNITY": "1980-05-05"}, **facts}},
        "families": {"f": {"partners": ["me"]}},
        "households": {"h": {"adults": ["me"]}},
    }


def about(**variables: Any) -> dict[str, Any]:
    """Return a person of the country template."""
    facts = {name: {MONTH: value} for name, value in variables.items()}
    return {"persons": {"A": facts}, "households": {"h": {"adults": ["A"]}}}


def test_the_outcome_is_that_of_a_calculation(aralia: Law, mode: Mode) -> None:
    asked = someone(employment_income=24000, income_tax=None, net_income=None)
    found = told(aralia, asked, mode)
    assert found.outcome.values == calculate(aralia, asked, Bounds())
    assert (found.outcome.law_digest, found.outcome.mode) == (aralia.snapshot.digest, mode)
    assert found.explanation.law_digest == aralia.snapshot.digest


def test_a_tax_is_told_from_the_value_down_to_the_pay(aralia: Law) -> None:
    found = told(aralia, someone(employment_income=40000, income_tax=None))
    keys = [each.key for each in found.explanation.steps]
    assert keys[:3] == [f"{name}<{YEAR}>@me" for name in ("income_tax", "tax_by_scale", "taxable_income")]
    assert found.explanation.asked == (f"income_tax<{YEAR}>@me",)
    pay = steps_of(found)[f"employment_income<{YEAR}>@me"]
    assert (pay.is_input, pay.formula, pay.value, pay.decisive) == (True, "", 40000.0, True)
    assert steps_of(found)[f"taxable_income<{YEAR}>@me"].formula == "2020-01-01"
    assert len(keys) <= 12


def test_brackets_make_up_the_tax_to_the_cent(aralia: Law) -> None:
    for pay in (1, 9_000, 40_000, 75_000, 150_000, 999_999):
        step = steps_of(told(aralia, someone(employment_income=pay, tax_by_scale=None)))[
            f"tax_by_scale<{YEAR}>@me"
        ]
        (scale,) = step.parameters
        assert scale.name == "income_tax.scale"
        assert step.value == pytest.approx(sum(each.result for each in scale.brackets), abs=CENT)
        assert [each.number for each in scale.brackets] == list(range(len(scale.brackets)))
        assert all(each.result == pytest.approx(each.base * (each.rate or 0)) for each in scale.brackets)


def test_scales_missing_from_plain_traces_are_told_with_brackets(template: Law) -> None:
    asked = about(salary=4000, social_security_contribution=None)
    step = told(template, asked).explanation.steps[0]
    (scale,) = step.parameters
    assert scale.name == "taxes.social_security_contribution"
    assert [each.threshold for each in scale.brackets] == [0.0]
    rich = told(template, about(salary=30_000, social_security_contribution=None)).explanation.steps[0]
    assert len(rich.parameters[0].brackets) == 3
    assert rich.value == pytest.approx(sum(each.result for each in rich.parameters[0].brackets), abs=CENT)


def test_every_step_cites_the_law(aralia: Law) -> None:
    asked = someone(employment_income=40000, donations=500, income_tax=None)
    for step in told(aralia, asked).explanation.steps:
        assert step.references or any(each.references for each in step.parameters), step.key
        assert step.under == ()
        assert all(each.startswith("https://law.xa.example/") for each in step.references)


def test_a_parameter_without_a_provision_has_that_of_its_node(
    aralia: Law, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = aralia.system.parameters.contributions.employee_pension
    monkeypatch.setitem(node.metadata, "reference", None)
    monkeypatch.delitem(node.metadata, "reference")
    for each in node.values_list:
        monkeypatch.setattr(each, "metadata", {})
    asked = someone(employment_income=24000, employee_pension_contribution=None)
    (used,) = told(aralia, asked).explanation.steps[0].parameters
    assert used.references == ("https://law.xa.example/social-contributions-act",)
    assert (used.value, used.unit, used.day) == (0.05, "/1", "2025-01-01")


def test_a_step_without_any_provision_stands_under_the_one_that_asks(
    aralia: Law, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aralia.system.variables["taxable_income"], "reference", [])
    step = steps_of(told(aralia, someone(employment_income=24000, income_tax=None)))[
        f"taxable_income<{YEAR}>@me"
    ]
    assert step.references == ("https://law.xa.example/income-tax-act#s9-1",)
    assert dict(step.under)["en"] == "Tax by the scale, before credits"


@pytest.mark.parametrize("pay", [0, 100, 4200, 9000])
def test_every_nothing_is_explained_in_every_language(aralia: Law, pay: int) -> None:
    found = told(aralia, someone(employment_income=pay, income_tax=None, deductions=None), languages=ALL)
    nothings = [each for each in found.explanation.steps if each.value in (0, False)]
    assert nothings
    for step in nothings:
        assert [code for code, words in step.why_zero if words] == list(ALL), step.key
    assert all(not each.why_zero for each in found.explanation.steps if each.value not in (0, False))


def why(explained: Explained, key: str) -> str:
    return dict(steps_of(explained)[key].why_zero)["en"]


def test_why_there_is_nothing_to_pay(aralia: Law) -> None:
    found = told(aralia, someone(employment_income=4200, income_tax=None))
    assert "“Tax by the scale, before credits”" in why(found, f"income_tax<{YEAR}>@me")
    assert "“Taxable income”" in why(found, f"tax_by_scale<{YEAR}>@me")
    reason = why(found, f"taxable_income<{YEAR}>@me")
    assert "is below “Basic allowance, which is free of tax”" in reason


def test_why_a_condition_does_not_hold_names_the_limit(aralia: Law) -> None:
    asked = someone(arrival_date={"ETERNITY": "2025-10-01"}, employment_income=900, tax_resident=None)
    found = told(aralia, asked)
    reason = why(found, f"tax_resident<{YEAR}>@me")
    assert "“Days of the year with a home in Aralia” (92) is below" in reason
    assert "(183)" in reason


def test_what_nobody_stated_is_called_so(aralia: Law) -> None:
    found = told(aralia, someone(employment_income=0, total_income=None, foreign_share=None))
    share = why(found, f"foreign_share<{YEAR}>@me")
    assert "“Income of the year from other countries”" in share
    assert why(found, f"foreign_income<{YEAR}>@me") == "What nobody states counts as nothing."
    assert why(found, f"employment_income<{YEAR}>@me") == "It was stated so."


def test_a_benefit_below_the_smallest_that_is_paid(aralia: Law) -> None:
    asked = someone(employment_income={"2024": 12_000})
    asked["households"]["h"] |= {"rent": {"2025-03": 256}, "housing_supplement": {"2025-03": None}}
    found = told(aralia, asked)
    step = found.explanation.steps[0]
    assert (step.variable, step.value) == ("housing_supplement", 0.0)
    assert (
        dict(step.why_zero)["en"]
        == "“Rent of the dwelling for the month” (256\N{NO-BREAK SPACE}XAM) is too little for it."
    )


def test_what_would_change_is_what_a_calculation_gives(aralia: Law) -> None:
    asked = someone(employment_income=40000, pension_income=0, married=None)
    del asked["persons"]["me"]["married"]
    asked["persons"]["me"]["income_tax"] = {YEAR: None}
    found = told(aralia, asked).explanation
    assert {each.input for each in found.influences} >= {
        f"employment_income<{YEAR}>@me",
        f"pension_income<{YEAR}>@me",
    }
    verify(aralia, asked, found.influences)
    assert found.untried == 0
    sizes = [abs(each.becomes - found.steps[0].value) for each in found.influences]  # type: ignore[operator]
    assert sizes == sorted(sizes, reverse=True)


def verify(law: Law, asked: dict[str, Any], influences: Any) -> None:
    """Compute each influence again, by itself."""
    for each in influences:
        head, _, instance = each.input.partition(">@")
        name, _, period = head.partition("<")
        other = deepcopy(asked)
        place = next(found[instance] for found in other.values() if name in found.get(instance, {}))
        assert place[name][period] == each.value
        place[name][period] = each.other
        head, _, instance = each.of.partition(">@")
        name, _, period = head.partition("<")
        values = calculate(law, other, Bounds())
        whose: Any = next(found[instance] for found in values.values() if name in found.get(instance, {}))  # type: ignore[union-attr, operator, index]
        period = next(text for text in whose[name] if text in {period, "ETERNITY"} or period == text)
        assert whose[name][period] == pytest.approx(each.becomes, abs=CENT)


def test_facts_that_decide_nothing_are_no_influence(aralia: Law) -> None:
    asked = someone(employment_income=40000, capital_income={"2019": 500}, income_tax=None)
    found = told(aralia, asked).explanation
    assert [each.input for each in found.influences] == [f"employment_income<{YEAR}>@me"]
    plainly = told(aralia, asked, influences=False).explanation
    assert plainly.influences == ()
    assert not any(each.decisive for each in plainly.steps)


def test_more_facts_than_can_be_tried_are_counted(aralia: Law) -> None:
    asked = someone(employment_income=40000, income_tax=None)
    for number in range(80):
        asked["persons"][f"p{number}"] = {"employment_income": {YEAR: 100}}
    found = told(aralia, asked).explanation
    assert found.untried > 0


def test_a_formula_that_fails_on_other_facts_is_left_alone() -> None:
    def formula(person: Any, period: Any) -> Any:
        found = person("salary", period)
        return found * {False: 0.0}[bool((found > 4200).any())]

    law = load(LawName("openfisca_country_template"))  # one of its own, since modes remember formulas
    law.system.variables["income_tax"].formulas["0001-01-01"] = formula
    explanation = told(law, about(salary=4000, income_tax=None)).explanation
    assert explanation.untried == 1
    assert explanation.steps[0].value == 0
    assert dict(explanation.steps[0].why_zero)["en"]


def test_below_a_step_its_own_children_come_first(aralia: Law) -> None:
    asked = someone(employment_income=40000, income_tax=None)
    whole = told(aralia, asked).explanation
    income = whole.step(f"total_income<{YEAR}>@me")
    assert income is not None
    assert income.more > 0
    below = told(aralia, asked, below=income.key).explanation
    assert below.asked == (income.key,)
    assert below.steps[0].more == 0
    assert len(below.steps[0].from_) == income.more + len(income.from_)


@pytest.mark.parametrize("key", ["tax<2025>@me", f"income_tax<{YEAR}>@nobody", "", "x", "<>@"])
def test_a_step_that_is_not_there(aralia: Law, key: str) -> None:
    asked = someone(employment_income=40000, income_tax=None)
    if not key:
        assert told(aralia, asked, below=key).explanation.asked
    else:
        with pytest.raises(StepUnknown):
            told(aralia, asked, below=key)


def test_words_are_in_each_language_with_the_laws_own_where_it_has_none(aralia: Law, template: Law) -> None:
    step = told(aralia, someone(employment_income=40000, income_tax=None), languages=ALL).explanation.steps[0]
    assert dict(step.labels) == {
        "en": "Income tax of the year",
        "et": "Aasta tulumaks",
        "ar": "ضريبة الدخل للسنة",
    }
    assert step.label == "Income tax of the year"
    assert [code for code, _ in step.words] == list(ALL)
    assert all(label in words for (_, label), (_, words) in zip(step.labels, step.words, strict=True))
    other = told(template, about(salary=4000, income_tax=None), languages=("fr",)).explanation.steps[0]
    assert other.labels == (("fr", "Income tax"),)


def test_kinds_of_sentences(aralia: Law) -> None:
    asked = someone(employment_income=40000, income_before_allowances=None)
    words = {each.variable: dict(each.words)["en"] for each in told(aralia, asked).explanation.steps}
    assert "This is “Total income of the year”" in words["income_before_allowances"]
    assert " \N{MINUS SIGN} “All contributions of an employee”" in words["income_before_allowances"]
    assert "as it was stated" in words["employment_income"]
    assert "times “Employee's rate of pension insurance” (5%)" in words["employee_pension_contribution"]
    paid = someone(salary={f"{YEAR}-{month:02}": 1000 for month in range(1, 13)}, employment_income=None)
    (step, *_) = told(aralia, paid).explanation.steps
    assert "the sum of 12 values of “Pay for work in the month" in dict(step.words)["en"]
    assert step.more == 11


def test_everything_that_was_read_is_named_with_its_day(aralia: Law) -> None:
    read = told(aralia, someone(employment_income=40000, income_tax=None)).read
    assert "income_tax.scale@2025-01-01" in read
    assert "contributions.employee_pension@2025-01-01" in read
    assert list(read) == sorted(set(read))


def test_the_same_question_has_the_same_bytes_in_both_modes(aralia: Law, template: Law) -> None:
    asked = Case(7).situation
    next(iter(asked["persons"].values()))["income_tax"] = {YEAR: None}
    questions: list[tuple[Law, Situation]] = [
        (aralia, asked),
        (template, about(salary=4000, income_tax=None)),
    ]
    for law, situation in questions:
        found = [told(law, situation, languages=ALL) for _ in range(2)]
        found += [_in(each, law, situation) for each in Mode]
        assert len({canonical_bytes(each.explanation) for each in found}) == 1
        assert len({each.read for each in found}) == 1


def _in(mode: Mode, law: Law, situation: Situation) -> Explained:
    installed = enter(mode)
    try:
        return told(law, situation, mode, languages=ALL)
    finally:
        installed.undo()


def test_axes_are_not_explained(aralia: Law) -> None:
    asked = someone(employment_income=40000, income_tax=None)
    asked["axes"] = [[{"count": 2, "name": "employment_income", "min": 0, "max": 9, "period": YEAR}]]
    with pytest.raises(SituationInvalid) as raised:
        told(aralia, asked)
    assert raised.value.flaws[0].pointer == "/axes"


@pytest.mark.parametrize("situation", [{"persons": {}}, {"persons": {"a": {"nothing": {YEAR: None}}}}])
def test_a_mistake_is_a_fault(aralia: Law, situation: Situation) -> None:
    with pytest.raises((SituationInvalid, UnknownVariable)):
        told(aralia, situation)


ASKED = (
    "income_tax",
    "net_income",
    "tax_balance",
    "employee_contribution",
    "basic_allowance",
    "foreign_share",
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 400), st.sampled_from(ASKED))
def test_whatever_the_household(aralia: Law, number: int, name: str) -> None:
    case = Case(number)
    asked = deepcopy(case.situation)
    who = next(iter(asked["persons"]))
    asked["persons"][who].pop(name, None)
    asked["persons"][who][name] = {str(case.year): None}
    found = told(aralia, asked)
    explanation = found.explanation
    keys = [each.key for each in explanation.steps]
    assert len(keys) == len(set(keys)) <= 12
    assert keys[0] == explanation.asked[0] == f"{name}<{case.year}>@{who}"
    for step in explanation.steps:
        assert set(step.from_) <= set(keys)
        assert step.more >= 0
        assert dict(step.words)["en"]
        assert bool(step.why_zero) == (step.value is False or step.value == 0)
        for used in step.parameters:
            if used.brackets and step.variable == "tax_by_scale":
                made = sum(each.result for each in used.brackets)
                assert step.value == pytest.approx(made, abs=CENT)
    verify(aralia, asked, explanation.influences)
    assert found.outcome.values == calculate(aralia, asked, Bounds())
