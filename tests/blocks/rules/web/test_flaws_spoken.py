# SPDX-License-Identifier: EUPL-1.2
"""What is wrong is said in the reader's language, with the numbers and names that are in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tests.blocks.rules.analysts import CSRF, Office

from flagstone.blocks.rules.contract.faults import PlanInvalid, SurveyInvalid
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.contract.roles import ANALYST
from flagstone.blocks.rules.model.reforms import shape_flaws
from flagstone.blocks.rules.service.engine.simulation.survey_files import CELL_LENGTH_MAX, COLUMNS_MAX, rows
from flagstone.kernel.errors import Flaw

NEW = "/desk/simulations/new"
SURVEYS = "/desk/simulations/surveys"
LANGUAGES = ("et", "ar")
PLAN = {"name": "A plan", "year": "2026", "households": "100", "seed": "1"}
CHANGE = {"parameter": "income_tax.basic_allowance", "since": "2026-01-01", "value": "1"}
REFORMS: tuple[dict[str, dict[str, float]], ...] = (
    {f"a.b{number}": {"2026-01-01": 1} for number in range(201)},
    {"a.scale[0].height": {"2026-01-01": 1}},
    {"a.b": {}},
    {"a.b": {"2026-01-01": 1, "2026-01-01:2026-12-31": 2}},
    {"a.b": {"2026-01-01": 1e300}},
)
SURVEYS_WRONG = (
    b"a,b\n1\n",
    b",".join(b"c%d" % number for number in range(COLUMNS_MAX + 1)) + b"\n",
    b"a\n" + b"x" * (CELL_LENGTH_MAX + 1) + b"\n",
)


@pytest.fixture(scope="module")
def desk() -> Office:
    return Office()


def text_of(page: str) -> str:
    """Return the text of a page's main part without marks of direction."""
    main = page.split("<main", 1)[1].split("</main>", 1)[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", "", main)).split())


def of_reforms() -> Sequence[Flaw]:
    return [flaw for parameters in REFORMS for flaw in shape_flaws(Reform(parameters=parameters))]


def of_surveys(folder: Path) -> Sequence[Flaw]:
    found: list[Flaw] = []
    for content in SURVEYS_WRONG:
        (folder / "survey.csv").write_bytes(content)
        with pytest.raises(SurveyInvalid) as raised:
            list(rows(folder / "survey.csv"))
        found += raised.value.flaws
    return found


def raising(fault: Exception) -> Any:
    def refuse(*_: object) -> object:
        raise fault

    return refuse


def expect_said(page: str, flaws: Sequence[Flaw]) -> None:
    """Expect each flaw in other words than English ones, with all its values."""
    text = text_of(page)
    close = text.replace(" ", "")
    for flaw in flaws:
        assert flaw.message not in text
        assert flaw.pattern.partition("%(")[0].strip() not in text or flaw.pattern.startswith("%(")
        for value in flaw.values.values():
            assert str(value).replace(" ", "") in close


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_english_flaw_of_a_reform_stands_on_another_page(
    desk: Office, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    flaws = of_reforms()
    assert sum(bool(flaw.pattern) for flaw in flaws) >= 5
    monkeypatch.setattr(desk.kept, "start", raising(PlanInvalid(flaws=tuple(flaws))))
    browser = desk.signed_in(ANALYST, language)
    page = browser.post(NEW, data={"csrf": CSRF, "do": "start", **PLAN, **CHANGE})
    assert page.status_code == 400
    expect_said(page.text, flaws)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_english_flaw_of_a_survey_stands_on_another_page(
    desk: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, language: str
) -> None:
    flaws = of_surveys(tmp_path)
    assert len(flaws) == len(SURVEYS_WRONG)
    monkeypatch.setattr(desk.kept, "bring", raising(SurveyInvalid(flaws=tuple(flaws))))
    browser = desk.signed_in(ANALYST, language)
    files = {"file": ("survey.csv", b"a\n1\n", "text/csv")}
    page = browser.post(SURVEYS, data={"csrf": CSRF, "name": "a"}, files=files)
    assert page.status_code == 400
    expect_said(page.text, flaws)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_flaw_of_a_pasted_text_keeps_its_place(desk: Office, language: str) -> None:
    browser = desk.signed_in(ANALYST, language)
    text = '{"parameters": {}, "neutralized": "x", "strange": 1}'
    page = browser.post(NEW, data={"csrf": CSRF, "do": "read", "text": text, **PLAN, **CHANGE})
    said = text_of(page.text)
    assert "/strange" in said
    assert "There is no such field" not in said


def test_a_flaw_in_english_is_the_message_of_the_api(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    flaws = [flaw for flaw in of_reforms() if "e+" not in flaw.message]
    monkeypatch.setattr(desk.kept, "start", raising(PlanInvalid(flaws=tuple(flaws))))
    page = desk.browser.post(NEW, data={"csrf": CSRF, "do": "start", **PLAN, **CHANGE})
    for flaw in flaws:
        assert flaw.message in text_of(page.text)
