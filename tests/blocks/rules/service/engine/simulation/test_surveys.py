# SPDX-License-Identifier: EUPL-1.2
"""Imported surveys: CSV and Parquet say the same, each mistake is named with its line, nothing is guessed."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from flagstone.blocks.rules.contract.faults import SurveyInvalid
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.service.engine.loading import Law, load
from flagstone.blocks.rules.service.engine.simulation.people import People
from flagstone.blocks.rules.service.engine.simulation.setting import Job, Side
from flagstone.blocks.rules.service.engine.simulation.surveys import imported, looked_through

HEADS = "household,weight,person,role:family,role:household,birth_date"
GOOD = f"""{HEADS},salary,salary@2025,married,rent,disabled
A,12.5,1,partner,adult,1980-02-29,24000,12000,true,300,false
A,,2,partner,adult,1985-05-01,,,,,0
A,12.5,3,child,child,2019-11-30,,,,,1
B,3,1,partner,adult,1950-01-01,0,,,,
"""


@pytest.fixture(scope="module")
def law() -> Law:
    return load(LawName("aralia_law"))


def put(folder: Path, content: str | bytes) -> Path:
    file = folder / "survey"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def people_of(law: Law, file: Path, folder: Path, size: int = 100) -> list[People]:
    found = imported(file, law, folder / "kept", 2026, size)
    return [found.people(Job(Side.LAW, number)) for number in range(found.chunks)]


def values(people: People, name: str, period: str) -> list[object]:
    return next(
        each.values.tolist() for each in people.inputs if (each.variable, each.period) == (name, period)
    )


def test_rows_become_people(law: Law, tmp_path: Path) -> None:
    (people,) = people_of(law, put(tmp_path, GOOD), tmp_path)
    assert people.weights.tolist() == [12.5, 3.0]
    assert people.homes.tolist() == [0, 0, 0, 1]
    assert people.groups["family"].roles.tolist() == [0, 0, 1, 0]
    assert values(people, "salary", "2026") == [24000.0, 0.0, 0.0, 0.0]
    assert values(people, "salary", "2025") == [12000.0, 0.0, 0.0, 0.0]
    assert values(people, "married", "2026") == [True, False]
    assert values(people, "rent", "2026") == [300.0, 0.0]
    assert values(people, "disabled", "2026") == [False, False, True, False]
    assert str(values(people, "birth_date", "ETERNITY")[0]) == "1980-02-29"


def test_chunks_hold_whole_households(law: Law, tmp_path: Path) -> None:
    rows = "".join(f"h{at},1,partner,adult,{at}\nh{at},,child,child,\n" for at in range(7))
    file = put(tmp_path, f"household,weight,role:family,role:household,salary\n{rows}")
    parts = people_of(law, file, tmp_path, 3)
    assert [each.households for each in parts] == [3, 3, 1]
    assert values(parts[2], "salary", "2026") == [6.0, 0.0]
    found = imported(file, law, tmp_path / "kept", 2026, 3)
    assert found.names == [f"h{at}" for at in range(7)]


def test_parquet_says_the_same(law: Law, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(GOOD)))
    kinds = {"weight": float, "salary": float, "salary@2025": float, "rent": float}
    columns = {
        name: [kinds.get(name, str)(row[name]) if row[name] else None for row in rows] for name in rows[0]
    }
    columns["disabled"] = [False, False, True, None]
    file = tmp_path / "survey.parquet"
    parquet.write_table(pyarrow.table(columns), file)
    (told,) = people_of(law, file, tmp_path)
    (expected,) = people_of(law, put(tmp_path, GOOD), tmp_path)
    for mine, other in zip(told.inputs, expected.inputs, strict=True):
        assert (mine.variable, mine.period) == (other.variable, other.period)
        assert mine.values.tolist() == other.values.tolist()
    assert told.weights.tolist() == expected.weights.tolist()
    assert looked_through(file, law, "s").people == 4


def test_several_families_live_in_one_household(law: Law, tmp_path: Path) -> None:
    file = put(
        tmp_path,
        "household,weight,role:family,role:household,group:family,married\n"
        "A,1,partner,adult,old,1\nA,,partner,adult,young,0\nA,,child,child,young,\n",
    )
    (people,) = people_of(law, file, tmp_path)
    assert people.groups["family"].groups.tolist() == [0, 1, 1]
    assert people.groups["family"].homes.tolist() == [0, 0]
    assert people.groups["household"].homes.tolist() == [0]
    assert values(people, "married", "2026") == [True, False]


def test_a_survey_is_looked_through(law: Law, tmp_path: Path) -> None:
    found = looked_through(put(tmp_path, GOOD), law, "first")
    assert (found.name, found.households, found.people) == ("first", 2, 4)
    assert found.variables == ("birth_date", "salary", "married", "rent", "disabled")
    assert len(found.sha256) == 64


HEAD = "household,weight,role:family,role:household,salary\n"


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("weight\n1\n", "line 1, column household"),
        ("household,weight\nA,1\n", "line 1, column role:family"),
        ("household,weight,role:family,role:household,pay\nA,1,partner,adult,1\n", "line 1, column pay"),
        (HEAD.replace("salary", "salary@2026-13") + "A,1,partner,adult,1\n", "line 1, column salary@2026-13"),
        (
            HEAD.replace("salary", "birth_date@2026") + "A,1,partner,adult,\n",
            "line 1, column birth_date@2026",
        ),
        (HEAD.replace("salary", "income_tax@2026-01") + "A,1,partner,adult,1\n", "line 1, column income_tax"),
        (HEAD.replace("salary", "weight") + "A,1,partner,adult,1\n", "line 1"),
        (HEAD.replace("salary", "") + "A,1,partner,adult,1\n", "line 1"),
        (HEAD + "A,1,partner,adult\n", "line 2"),
        (HEAD + "A,1,partner,adult,1\nA,1,partner,adult,1,1\n", "line 3"),
        (HEAD + "A,1,partner,adult,12 000\n", "line 2, column salary"),
        (HEAD + "A,1,partner,adult,1000*4\n", "line 2, column salary"),
        (HEAD + "A,1,partner,adult,nan\n", "line 2, column salary"),
        (HEAD + "A,1,partner,adult,1e13\n", "line 2, column salary"),
        (HEAD + "A,1,partner,cook,1\n", "line 2, column role:household"),
        (HEAD + ",1,partner,adult,1\n", "line 2, column household"),
        (HEAD + "A,0,partner,adult,1\n", "line 2, column weight"),
        (HEAD + "A,-1,partner,adult,1\n", "line 2, column weight"),
        (HEAD + "A,,partner,adult,1\n", "line 2, column weight"),
        (HEAD + "A,1,partner,adult,1\nA,2,partner,adult,1\n", "line 2, column weight"),
        (
            HEAD + "A,1,partner,adult,1\nB,1,partner,adult,1\nA,1,partner,adult,1\n",
            "line 4, column household",
        ),
        (HEAD + "A,1,partner,adult,1\n" + "A,,child,child,\n" * 100, "line 2"),
        (
            HEAD.replace("salary", "birth_date") + "A,1,partner,adult,1980-02-30\n",
            "line 2, column birth_date",
        ),
        (HEAD.replace("salary", "in_school") + "A,1,partner,adult,perhaps\n", "line 2, column in_school"),
        (
            HEAD.replace("salary", "self_employed_months") + "A,1,partner,adult,1.5\n",
            "line 2, column self_employed_months",
        ),
        (
            HEAD.replace("salary", "employment_income") + "A,1,partner,adult,7\nB,1,partner,adult,\n",
            "line 2 or later, column employment_income",
        ),
        (
            HEAD.replace("salary", "rent") + "A,1,partner,adult,7\nA,1,partner,adult,8\n",
            "line 3, column rent",
        ),
        (HEAD + 'A,1,partner,adult,"1\n', "line 2"),
        (HEAD + f"A,1,partner,adult,{'9' * 2000}\n", "line 2"),
        (HEAD + "A\0,1,partner,adult,1\n", "line 2"),
    ],
)
def test_each_mistake_has_its_line(law: Law, tmp_path: Path, content: str, place: str) -> None:
    file = put(tmp_path, content)
    for look in (lambda: looked_through(file, law, "s"), lambda: people_of(law, file, tmp_path)):
        with pytest.raises(SurveyInvalid) as refused:
            look()
        assert refused.value.flaws[0].pointer.startswith(place), refused.value.flaws
        assert "9999" not in refused.value.flaws[0].message


def test_a_mistake_in_a_later_chunk_keeps_no_survey(law: Law, tmp_path: Path) -> None:
    file = put(
        tmp_path, HEAD + "".join(f"h{at},1,partner,adult,1\n" for at in range(9)) + "x,1,partner,adult,x\n"
    )
    for _ in range(2):
        with pytest.raises(SurveyInvalid):
            imported(file, law, tmp_path / "kept", 2026, 2)


def test_many_mistakes_are_told_twenty_at_a_time(law: Law, tmp_path: Path) -> None:
    file = put(tmp_path, HEAD + "".join(f"h{at},1,partner,adult,x\n" for at in range(90)))
    with pytest.raises(SurveyInvalid) as refused:
        looked_through(file, law, "s")
    assert [flaw.pointer for flaw in refused.value.flaws] == [
        f"line {line}, column salary" for line in range(2, 22)
    ]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"PAR1", b"PAR1" + b"x" * 100, HEAD.encode()])
def test_what_is_no_survey_is_refused(law: Law, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(SurveyInvalid):
        looked_through(put(tmp_path, content), law, "s")


def test_a_broken_chunk_is_noticed(law: Law, tmp_path: Path) -> None:
    found = imported(put(tmp_path, GOOD), law, tmp_path / "kept", 2026, 100)
    next(found.folder.glob("*.chunk")).write_bytes(b"x")
    with pytest.raises(SurveyInvalid):
        found.people(Job(Side.LAW, 0))


@given(st.text(max_size=300))
def test_any_text_is_refused_or_read(law: Law, tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    try:
        looked_through(put(folder, HEAD + text), law, "s")
    except SurveyInvalid:
        return


def test_households_are_told_in_the_survey_s_names(law: Law, tmp_path: Path) -> None:
    (people,) = people_of(law, put(tmp_path, GOOD), tmp_path)
    assert numpy.bincount(people.homes).tolist() == [3, 1]
