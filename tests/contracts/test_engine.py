# SPDX-License-Identifier: EUPL-1.2
"""What computes keeps its contract in both modes: warm workers, and a fresh one for each question."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from flagstone.blocks.rules.contract.calculation import JsonValue, Mode, Situation
from flagstone.blocks.rules.contract.engine import Engine, Question, Terms
from flagstone.blocks.rules.contract.faults import (
    CalculationFailed,
    ReformInvalid,
    SituationInvalid,
    UnknownVariable,
)
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.service.worker import Task
from flagstone.blocks.rules.service.workers import Fresh, Pool
from tests.blocks.rules.laws import LAWS

pytestmark = pytest.mark.slow

MONTH = "2017-01"
RATE = "taxes.income_tax_rate"
SCALE = "taxes.social_security_contribution"
TEMPLATE = Task(LawName("openfisca_country_template"), Mode.FAST)
REFORMS = (
    Reform(parameters={RATE: {"2017-01-01": 0.5}}),
    Reform(parameters={RATE: {"2017-01-01:2017-01-31": 0.25, "2016-01-01": 0.5}}),
    Reform(parameters={f"{SCALE}[1].threshold": {"2017-01-01": 2000}, f"{SCALE}[0].rate": {"2017-01-01": 0}}),
    Reform(
        parameters={f"{SCALE}[3].{part}": {"2017-01-01": n} for part, n in (("threshold", 900), ("rate", 1))}
    ),
    Reform(neutralized=("income_tax", "basic_income")),
    Reform(parameters={"benefits.basic_income": {"2017-01-01": 1}}, neutralized=("housing_tax",)),
)
MODES = [Terms(mode=mode) for mode in Mode]
SITUATION: Any = {
    "persons": {
        "a": {
            "birth": {"ETERNITY": "1980-05-01"},
            "salary": {"2017-01": 9000.55, "2017-02": 3000},
            **{name: {"2017-01": None} for name in ("income_tax", "social_security_contribution", "age")},
            "basic_income": {"2017-01": None},
        },
        "b": {"birth": {"ETERNITY": "2010-05-01"}, "income_tax": {"2017-02": None}},
    },
    "households": {
        "h": {
            "adults": ["a"],
            "children": ["b"],
            "disposable_income": {"2017-01": None, "2017-02": None},
            "housing_tax": {"2017": None},
            "accommodation_size": {"2017-01": 100},
        }
    },
}


@pytest.fixture(scope="module", params=["pool", "fresh"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "fresh":
        yield Fresh(TEMPLATE)
        return
    pool = Pool(TEMPLATE)
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    found = Pool(TEMPLATE)
    yield found
    found.close()


def asking(**given: JsonValue) -> Any:
    return {"persons": {"a": {"salary": {MONTH: 4000}, "income_tax": {MONTH: None}, **given}}}


def tax(values: Situation) -> Any:
    found: Any = values
    return found["persons"]["a"]["income_tax"][MONTH]


@pytest.mark.parametrize("terms", MODES, ids=[mode.value for mode in Mode])
def test_a_situation_is_answered_under_the_law_it_names(engine: Engine, terms: Terms) -> None:
    outcome = engine.calculate(asking(), terms)
    assert tax(outcome.values) == 600
    assert outcome.mode is terms.mode
    assert outcome.law_digest == engine.snapshot(terms).digest
    assert asking() == asking(), "what was asked stays as it was"


def test_the_catalogue_comes_whole(engine: Engine) -> None:
    catalogue = engine.catalogue()
    assert catalogue.persons.plural == "persons"
    assert catalogue.variables["basic_income"].formulas == ("2015-12-01", "2016-12-01")


def test_mistakes_have_their_places(engine: Engine) -> None:
    with pytest.raises(SituationInvalid) as invalid:
        engine.calculate(asking(salary={MONTH: "4000"}))
    assert [flaw.pointer for flaw in invalid.value.flaws] == [f"/persons/a/salary/{MONTH}"]
    with pytest.raises(UnknownVariable) as unknown:
        engine.batch([asking(), asking(no={MONTH: None})])
    assert unknown.value.flaws[0].pointer == "/1/persons/a/no"
    with pytest.raises(ReformInvalid) as wrong:
        engine.snapshot(Terms(reform=Reform(parameters={"no": {MONTH: 1}})))
    assert wrong.value.flaws[0].pointer == f"/parameters/no/{MONTH}"


def test_a_batch_is_answered_in_its_order(engine: Engine) -> None:
    salaries = [1000, 3000, 2000]
    found = engine.batch([asking(salary={MONTH: each}) for each in salaries], Terms(reform=REFORMS[0]))
    assert [tax(each.values) for each in found] == [500, 1500, 1000]
    assert len({each.law_digest for each in found}) == 1


def test_openfisca_clients_are_answered(engine: Engine) -> None:
    question = Question("POST", "/calculate", "http://localhost/", json.dumps(asking()).encode())
    reply = engine.answer(question)
    assert (reply.status, tax(json.loads(reply.body))) == (200, 600)
    assert reply.headers["Country-Package"].startswith("openfisca-country")
    broken = engine.answer(Question("POST", "/calculate", "http://localhost/", b'{"\xff'))
    assert broken.status == 400


@pytest.mark.parametrize("reform", REFORMS, ids=range(len(REFORMS)))
def test_both_modes_agree_under_a_reform_and_the_law_stays_as_it_is(pool: Pool, reform: Reform) -> None:
    plain = [pool.calculate(SITUATION, terms) for terms in MODES]
    fast, reference = (
        pool.calculate(SITUATION, Terms(mode=mode, reform=reform)) for mode in (Mode.FAST, Mode.REFERENCE)
    )
    assert fast.values == reference.values
    assert fast.values != plain[0].values
    assert fast.law_digest == reference.law_digest != plain[0].law_digest
    assert fast.law_digest == pool.snapshot(Terms(reform=reform)).digest
    assert [pool.calculate(SITUATION, terms) for terms in MODES] == plain
    assert plain[0].values == plain[1].values


def test_both_modes_agree_on_aralias_law_under_a_reform() -> None:
    pool = Pool(Task(LawName("aralia_law"), Mode.FAST))
    person = {"employment_income": {"2026": 60_000}, "birth_date": {"ETERNITY": "1980-01-01"}}
    asked = {"income_tax": {"2026": None}}
    situation: Any = {
        "persons": {"me": {**person, **asked}, "you": asked},
        "families": {"f": {"partners": ["me", "you"]}},
    }
    reform = Reform(
        parameters={
            "income_tax.scale[1].rate": {"2026-01-01": 0.5},
            "income_tax.scale[1].threshold": {"2026-01-01:2026-12-31": 10_000},
            "income_tax.basic_allowance": {"2026-01-01": 0},
        },
        neutralized=("spouse_allowance",),
    )
    found = [pool.calculate(situation, Terms(mode=mode, reform=reform)) for mode in Mode]
    plain = [pool.calculate(situation, Terms(mode=mode)) for mode in Mode]
    pool.close()
    assert found[0].values == found[1].values
    assert plain[0].values == plain[1].values
    values: list[Any] = [outcome.values for outcome in (plain[0], found[0])]
    before, after = (each["persons"]["me"]["income_tax"]["2026"] for each in values)
    assert after > before > 0


def test_packages_of_reforms_are_brought_in_only_where_they_are_admitted() -> None:
    doubling, breaking = (f"odd_law.{name}Reform" for name in ("Doubling", "Breaking"))
    pool = Pool(Task(LawName("odd_law"), Mode.FAST, admitted=(doubling, breaking), path=(str(LAWS),)))
    situation: Any = {"persons": {"a": {"plain": {MONTH: None}}}, "groups": {}}
    for mode in Mode:
        under = pool.calculate(situation, Terms(mode=mode, reform=Reform(packages=(doubling,))))
        assert under.values["persons"] == {"a": {"plain": {MONTH: 40.0}}}
        assert pool.calculate(situation, Terms(mode=mode)).values["persons"] == {
            "a": {"plain": {MONTH: 20.0}}
        }
    with pytest.raises(ReformInvalid):
        pool.calculate(situation, Terms(reform=Reform(packages=("odd_law.CountryTaxBenefitSystem",))))
    with pytest.raises(Exception, match="ValueError") as failed:
        pool.calculate(situation, Terms(reform=Reform(packages=(breaking,))))
    assert "38001010008" not in str(failed.value)
    with pytest.raises(CalculationFailed):
        pool.ask(Mode.FAST, "no such deed", {})
    pool.close()
