# SPDX-License-Identifier: EUPL-1.2
"""What an analyst has written so far of a plan: kept as typed, and read with a flaw at each place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from math import isfinite

from starlette.datastructures import FormData

from flagstone.blocks.rules.contract.calculation import JsonValue
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.contract.simulation import Line, Population, SimulationPlan
from flagstone.kernel.errors import Flaw
from flagstone.platform.http.language import marked

_ = marked
ROWS_MAX = 60
ROWS_AT_FIRST = 2
NAME_LENGTH_MAX = 120
TEXT_LENGTH_MAX = 2_000
TAKES, GIVES = 1, -1
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d{1,3})?")
_GROUPS = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(\D|$))")
_WHOLE = re.compile(r"\d{1,12}")
_WORDS: Mapping[str, JsonValue] = {"true": True, "false": False, "null": None}
_FIELDS = (
    "name",
    "year",
    "neutralized",
    "households",
    "seed",
    "survey",
    "income",
    "pay",
    "takes",
    "gives",
    "line",
    "least",
    "most",
    "packages",
)


@dataclass(frozen=True)
class Row:
    """A change as typed: a parameter, since when, and its new value."""

    parameter: str = ""
    since: str = ""
    value: str = ""

    @property
    def empty(self) -> bool:
        """Tell whether nothing was typed that says a change; a day alone says none."""
        return not (self.parameter or self.value)


@dataclass(frozen=True)
class Draft:
    """Everything as typed; `said` holds the other fields by name."""

    rows: tuple[Row, ...]
    said: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return what a field says, empty when it is not there."""
        return self.said.get(name, "")

    def with_rows(self, rows: tuple[Row, ...]) -> Draft:
        """Return the draft with other rows; one is always there."""
        return replace(self, rows=rows[:ROWS_MAX] or (Row(),))

    @property
    def year(self) -> int | None:
        """The year, None when it is none."""
        said = self.text("year")
        return int(said) if _WHOLE.fullmatch(said) and 1900 <= int(said) <= 2200 else None


@dataclass(frozen=True)
class Understood:
    """A plan, and what is wrong with it by field; the plan counts only when nothing is."""

    plan: SimulationPlan
    flaws: tuple[Flaw, ...]
    places: Mapping[str, str] = field(default_factory=dict)
    """Which control a place of the plan was typed in, by JSON pointer."""


def begun(year: int) -> Draft:
    """Return the draft of somebody who begins."""
    said = {"year": str(year), "households": "10000", "seed": "1"}
    return Draft(tuple(Row(since=f"{year}-01-01") for _place in range(ROWS_AT_FIRST)), said)


def drafted(form: FormData) -> Draft:
    """Return what a form says."""
    columns = [
        [str(each)[:TEXT_LENGTH_MAX].strip() for each in form.getlist(name)][:ROWS_MAX]
        for name in ("parameter", "since", "value")
    ]
    rows = tuple(Row(*each) for each in zip(*columns, strict=False))
    said = {name: _said(form, name) for name in _FIELDS}
    return Draft(rows or (Row(),), said)


def _said(form: FormData, name: str) -> str:
    value = form.get(name)
    return value[:TEXT_LENGTH_MAX].strip() if isinstance(value, str) else ""


def draft_of(plan: SimulationPlan) -> Draft:
    """Return a plan as it would be typed, to be changed."""
    said = {
        "name": plan.name,
        "year": str(plan.year),
        "households": str(plan.population.households),
        "seed": str(plan.population.seed),
        "survey": plan.population.survey,
        "income": plan.income,
        "pay": plan.pay,
        "takes": " ".join(name for name, sign in plan.budget.items() if sign == TAKES),
        "gives": " ".join(name for name, sign in plan.budget.items() if sign == GIVES),
    }
    if plan.line is not None:
        ends = {"least": plan.line.least, "most": plan.line.most}
        said |= {"line": plan.line.variable, **{name: f"{value:g}" for name, value in ends.items()}}
    return with_reform(Draft((Row(),), said), plan.reform)


def with_reform(draft: Draft, reform: Reform) -> Draft:
    """Return a draft with a reform in place of what its rows said."""
    said = {
        **draft.said,
        "neutralized": " ".join(reform.neutralized),
        "packages": " ".join(reform.packages),
        "name": draft.text("name") or reform.name[:NAME_LENGTH_MAX],
    }
    return Draft(draft.rows, said).with_rows(rows_of(reform))


def rows_of(reform: Reform) -> tuple[Row, ...]:
    """Return a reform's changes of parameters as rows."""
    return tuple(
        Row(path, since, _typed(value))
        for path, dated in reform.parameters.items()
        for since, value in dated.items()
    )


def _typed(value: JsonValue) -> str:
    if value is None or isinstance(value, bool):
        return next(word for word, each in _WORDS.items() if each is value)
    return str(value)


def understood(draft: Draft) -> Understood:
    """Return the plan that a draft describes, and what is wrong with it."""
    reform, places, flaws = _reform(draft)
    population, wrong = _population(draft)
    line, off = _line(draft)
    flaws = [*_flaws_of_text(draft), *flaws, *wrong, *off]
    budget = dict.fromkeys(_names(draft, "takes"), TAKES) | dict.fromkeys(_names(draft, "gives"), GIVES)
    plan = SimulationPlan(
        draft.text("name")[:NAME_LENGTH_MAX],
        draft.year or 0,
        reform,
        population,
        budget=budget,
        income=draft.text("income"),
        line=line,
        pay=draft.text("pay"),
    )
    return Understood(plan, tuple(flaws), places)


def _flaws_of_text(draft: Draft) -> Iterator[Flaw]:
    name = draft.text("name")
    if not name or len(name) > NAME_LENGTH_MAX or not name.isprintable():
        yield Flaw("name", _("Give the simulation a name of at most 120 characters"))
    if draft.year is None:
        yield Flaw("year", _("Enter a year, such as 2026"))
    if set(_names(draft, "takes")) & set(_names(draft, "gives")):
        yield Flaw("gives", _("The same amount cannot be taken and given"))


def _names(draft: Draft, name: str) -> list[str]:
    return draft.text(name).replace(",", " ").replace(";", " ").split()


def _reform(draft: Draft) -> tuple[Reform, dict[str, str], list[Flaw]]:
    """Return the reform, the control of each of its places, and flaws."""
    parameters: dict[str, dict[str, JsonValue]] = {}
    places: dict[str, str] = {}
    flaws: list[Flaw] = []
    for number, row in enumerate(draft.rows, 1):
        if row.empty:
            continue
        flaws += _row_flaws(row, number)
        dated = parameters.setdefault(row.parameter, {})
        if row.since in dated and row.parameter:
            flaws.append(Flaw(f"since-{number}", _("This parameter changes on that day already")))
        dated[row.since] = _value(row.value)
        places |= _places(row, number)
    reform = Reform(
        draft.text("name"), parameters, tuple(_names(draft, "neutralized")), tuple(_names(draft, "packages"))
    )
    if reform.changes_nothing:
        flaws.append(Flaw("parameter-1", _("Say at least one change")))
    return reform, places, flaws


def _row_flaws(row: Row, number: int) -> Iterator[Flaw]:
    if not row.parameter:
        yield Flaw(f"parameter-{number}", _("Name the parameter that changes"))
    if not all(_is_day(each) for each in row.since.split(":", 1)):
        yield Flaw(f"since-{number}", _("Enter a day, such as 2026-01-01"))
    if not row.value:
        yield Flaw(f"value-{number}", _("Enter the new value"))


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _places(row: Row, number: int) -> dict[str, str]:
    """Return which controls the places of a row's change belong to (RFC 6901)."""
    path = f"/parameters/{_escaped(row.parameter)}"
    return {path: f"parameter-{number}", f"{path}/{_escaped(row.since)}": f"value-{number}"}


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _value(text: str) -> JsonValue:
    """Return a number, written with a point or a comma, true, false, null, or the text as it is."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    number = _number(text)
    return text if number is None else number


def _number(text: str) -> int | float | None:
    """Return a number, None for what is none."""
    plain = _GROUPS.sub("", text)
    if not _NUMBER.fullmatch(plain):
        return None
    value = float(plain.replace(",", "."))
    if not isfinite(value):
        return None
    return int(plain) if plain.lstrip("+-").isdigit() and len(plain) < 16 else value


def _population(draft: Draft) -> tuple[Population, list[Flaw]]:
    """Return who is simulated, and flaws; without a survey people are made up."""
    if draft.text("survey"):
        return Population(draft.text("survey")), []
    flaws = []
    numbers = {name: _GROUPS.sub("", draft.text(name)) for name in ("households", "seed")}
    whole = {name: int(said) if _WHOLE.fullmatch(said) else -1 for name, said in numbers.items()}
    if whole["households"] < 1:
        flaws.append(Flaw("households", _("Enter how many households, such as 10000")))
    if whole["seed"] < 0:
        flaws.append(Flaw("seed", _("Enter a whole number, such as 1")))
    return Population(households=max(whole["households"], 1), seed=max(whole["seed"], 0)), flaws


def _line(draft: Draft) -> tuple[Line | None, list[Flaw]]:
    """Return which amount moves for one household, and flaws; nothing typed is none."""
    variable = draft.text("line")
    ends = {name: _number(draft.text(name)) for name in ("least", "most")}
    if not variable and not draft.text("least") and not draft.text("most"):
        return None, []
    flaws = [
        Flaw(name, _("Enter an amount a year, such as 60000"))
        for name, value in ends.items()
        if value is None
    ]
    if not variable:
        flaws.append(Flaw("line", _("Name the amount that moves")))
    least, most = ends["least"] or 0, ends["most"] or 0
    if not flaws and least >= most:
        flaws.append(Flaw("most", _("The most must be larger than the least")))
    return Line(variable, float(least), float(most)), flaws
