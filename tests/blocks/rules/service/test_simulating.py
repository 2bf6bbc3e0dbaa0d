# SPDX-License-Identifier: EUPL-1.2
"""A simulation may be stopped or killed at any chunk: what it finds in the end is the same, bit for bit."""

from __future__ import annotations

import csv
import os
import signal
from dataclasses import replace
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet
from tests.blocks.rules.populated import PLAN, REFORM, TEMPLATE, task

from flagstone.blocks.rules.contract.faults import (
    LawUnavailable,
    PlanInvalid,
    ReformInvalid,
    SimulationFailed,
    SurveyInvalid,
)
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.contract.simulation import Executor, Findings, Line, Population, SimulationPlan
from flagstone.blocks.rules.service.simulating import Outcome, SurveyTask, look_through, simulate

pytestmark = pytest.mark.slow

CHUNKS = 10
"""Five chunks of households, each under the law and under the reform."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """An uninterrupted run."""
    done = simulate(task(tmp_path_factory.mktemp("whole")))
    assert (done.done, done.chunks, done.reused) == (CHUNKS, CHUNKS, 0)
    return done


def children() -> list[int]:
    """Return the processes that this one has started and that have not ended."""
    return [int(each) for each in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


@pytest.mark.parametrize("killed_at", [0, 1, 4, 9])
def test_a_run_killed_at_any_chunk_goes_on_to_the_same_end(
    whole: Outcome, tmp_path: Path, killed_at: int
) -> None:
    before = set(children())

    def kill(done: int, _chunks: int) -> None:
        if done >= killed_at:
            for each in set(children()) - before:
                os.kill(each, signal.SIGKILL)

    with pytest.raises(SimulationFailed):
        simulate(task(tmp_path), kill)
    kept = len(list(tmp_path.glob("columns/*/*.chunk")))
    assert killed_at <= kept < CHUNKS or killed_at == CHUNKS - 1
    again = simulate(task(tmp_path))
    assert again.findings == whole.findings
    assert (again.done, again.reused) == (CHUNKS, kept)


def test_a_run_stopped_between_chunks_keeps_what_is_done(whole: Outcome, tmp_path: Path) -> None:
    told: list[int] = []
    stopped = simulate(task(tmp_path), lambda done, _chunks: told.append(done), lambda: len(told) > 2)
    assert stopped.findings is None
    assert 2 <= stopped.done < CHUNKS
    assert told == sorted(told)
    again = simulate(task(tmp_path))
    assert again.reused == stopped.done
    assert again.findings == whole.findings


def test_a_chunk_that_was_spoiled_is_computed_again(whole: Outcome, tmp_path: Path) -> None:
    simulate(task(tmp_path))
    first = sorted(tmp_path.glob("columns/*/*.chunk"))[3]
    first.write_bytes(first.read_bytes()[:-1])
    again = simulate(task(tmp_path))
    assert again.reused == CHUNKS - 1
    assert again.findings == whole.findings


def test_chunks_of_any_size_and_any_number_of_workers_find_the_same(whole: Outcome, tmp_path: Path) -> None:
    for size, workers in ((60, 1), (7, 3)):
        plan = replace(PLAN, chunk_households=size, workers=workers)
        assert simulate(task(tmp_path, plan)).findings == whole.findings


@pytest.mark.parametrize(
    ("population", "chunk"),
    [
        (Population(households=10), 2_000),
        (Population(households=40_000), 5_000),
        (Population(households=1_000_000), 10_000),
        (Population("people.csv", households=10), 5_000),
    ],
)
def test_a_plan_that_names_no_chunk_takes_one_that_suits(population: Population, chunk: int) -> None:
    assert replace(PLAN, population=population, chunk_households=0).chunk == chunk
    assert replace(PLAN, population=population, chunk_households=7).chunk == 7


def test_a_second_reform_takes_the_law_s_columns_over(whole: Outcome, tmp_path: Path) -> None:
    simulate(task(tmp_path))
    second = replace(PLAN, reform=Reform("b", {"taxes.income_tax_rate": {"2017-01-01": 0.1}}))
    done = simulate(task(tmp_path, second))
    assert done.reused == CHUNKS // 2
    assert done.findings is not None
    assert whole.findings is not None
    assert done.findings.gini_law == whole.findings.gini_law
    assert done.findings.budget[0].reform < whole.findings.budget[0].law
    renamed = replace(second, reform=replace(second.reform, name="c"))
    assert simulate(task(tmp_path, renamed)).reused == CHUNKS
    anew = simulate(replace(task(tmp_path, second), anew=True))
    assert anew.reused == CHUNKS // 2
    assert anew.findings == done.findings


def test_no_reform_is_the_law_once(tmp_path: Path) -> None:
    done = simulate(task(tmp_path, replace(PLAN, reform=Reform())))
    assert done.chunks == CHUNKS // 2
    found = done.findings
    assert found is not None
    assert (found.winners, found.losers, found.unchanged, found.gainers) == (0, 0, 1, ())
    assert all(each.law == each.reform for each in found.budget)


def test_a_switched_off_variable_and_a_line(tmp_path: Path) -> None:
    plan = replace(PLAN, reform=Reform("", {}, ("income_tax",)), line=Line("salary", 0, 12000, 5, ("adult",)))
    found = simulate(task(tmp_path, plan)).findings
    assert found is not None
    assert found.budget[0].reform == 0 < found.budget[0].law
    assert found.curve is not None
    gains = [after - before for before, after in zip(found.curve.law, found.curve.reform, strict=True)]
    assert gains == pytest.approx([0.15 * moved for moved in found.curve.moved])


def test_checking_computes_nothing(tmp_path: Path) -> None:
    done = simulate(replace(task(tmp_path), check=True))
    assert (done.findings, done.done, done.chunks) == (None, 0, CHUNKS)
    assert list(tmp_path.glob("columns/*/*.chunk")) == []


@pytest.mark.parametrize(
    ("plan", "fault", "place"),
    [
        (replace(PLAN, income="nothing"), PlanInvalid, "/income"),
        (replace(PLAN, income="a b"), PlanInvalid, "/income"),
        (replace(PLAN, budget={"nothing": 1}), PlanInvalid, "/budget"),
        (replace(PLAN, budget={"income_tax": 3}), PlanInvalid, "/budget"),
        (replace(PLAN, pay="income_tax"), PlanInvalid, "/pay"),
        (replace(PLAN, chunk_households=-1), PlanInvalid, "/chunk_households"),
        (replace(PLAN, population=Population(households=0)), PlanInvalid, "/population/households"),
        (replace(PLAN, line=Line("rent", 0, 1)), PlanInvalid, "/line/variable"),
        (
            replace(PLAN, reform=Reform("", {"no.such": {"2017-01-01": 1}})),
            ReformInvalid,
            "/parameters/no.such",
        ),
        (replace(PLAN, reform=Reform("", {}, ("nothing",))), ReformInvalid, "/neutralized/0"),
        (replace(PLAN, reform=Reform("", {}, (), ("os.system",))), ReformInvalid, "/packages/0"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(
    tmp_path: Path, plan: SimulationPlan, fault: type[PlanInvalid], place: str
) -> None:
    with pytest.raises(fault) as refused:
        simulate(replace(task(tmp_path, plan), check=True))
    assert place in {flaw.pointer for flaw in refused.value.flaws}


def test_a_law_without_a_pattern_makes_nobody_up(tmp_path: Path) -> None:
    with pytest.raises(PlanInvalid):
        simulate(replace(task(tmp_path), pattern=""))
    with pytest.raises(LawUnavailable):
        simulate(replace(task(tmp_path), law=LawName("no_such_law")))


def test_a_reform_package_is_simulated(tmp_path: Path) -> None:
    package = (
        "openfisca_country_template.reforms.modify_social_security_taxation.modify_social_security_taxation"
    )
    plan = replace(PLAN, reform=Reform("", {}, (), (package,)))
    found = simulate(replace(task(tmp_path, plan), admitted=(package,))).findings
    assert found is not None
    assert found.budget[1].variable == "social_security_contribution"
    assert found.budget[1].law != found.budget[1].reform


SURVEY = "household,weight,role,birth,salary\n" + "".join(
    f"h{at},{at + 0.5},adult,19{70 + at}-03-01,{at * 3000}\nh{at},,child,2012-01-01,\n" for at in range(20)
)


def test_a_survey_is_simulated_like_its_people(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(SURVEY)
    assert look_through(SurveyTask(TEMPLATE, str(file), "s")).people == 40
    plan = replace(PLAN, population=Population("people.csv"), chunk_households=6)
    asked = replace(task(tmp_path, plan), survey=str(file), households=str(tmp_path / "out.csv"))
    found = simulate(asked).findings
    assert found is not None
    assert found.households == sum(at + 0.5 for at in range(20))
    assert found.people == 2 * found.households
    taxed = sum((at + 0.5) * at * 3000 for at in range(20))
    assert found.budget[0].law == pytest.approx(0.15 * taxed)
    assert found.budget[0].reform == pytest.approx(0.2 * taxed)
    with (tmp_path / "out.csv").open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [row["household"] for row in rows] == [f"h{at}" for at in range(20)]
    assert sum(float(row["weight"]) * float(row["budget.income_tax_law"]) for row in rows) == pytest.approx(
        found.budget[0].law
    )
    assert rows[0]["marginal_law"] == ""
    simulate(replace(asked, households=str(tmp_path / "out.parquet")))
    table = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert [row["income_law"] for row in table] == [float(row["income_law"]) for row in rows]


def test_a_wrong_survey_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(SURVEY.replace(",9000", ",much"))
    with pytest.raises(SurveyInvalid) as refused:
        look_through(SurveyTask(TEMPLATE, str(file), "s"))
    assert refused.value.flaws[0].pointer == "line 8, column salary"
    with pytest.raises(SurveyInvalid):
        look_through(SurveyTask(TEMPLATE, str(tmp_path / "none"), "s"))


def test_a_small_file_that_unfolds_to_gigabytes_is_refused(tmp_path: Path) -> None:
    bomb = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * 20_000, "int32"), ["x" * 300_000])
    ones = pyarrow.array([1.0] * 20_000)
    file = tmp_path / "bomb.parquet"
    parquet.write_table(
        pyarrow.table({"household": bomb, "weight": ones, "role": bomb}), file, store_schema=False
    )
    assert file.stat().st_size < 10_000_000
    with pytest.raises(SurveyInvalid):
        look_through(SurveyTask(TEMPLATE, str(file), "s"))


def test_a_cluster_of_processes_finds_the_same(whole: Outcome, tmp_path: Path) -> None:
    plan = replace(PLAN, executor=Executor.DASK, workers=1)
    assert simulate(task(tmp_path, plan)).findings == whole.findings


def test_the_reform_bites(whole: Outcome) -> None:
    found = whole.findings
    assert isinstance(found, Findings)
    assert REFORM.parameters
    assert found.losers > 0.2
    assert found.budget[0].reform > found.budget[0].law
    assert len(found.deciles) == 10
    assert sum(each[2] for each in found.marginal) == pytest.approx(1)
