# SPDX-License-Identifier: EUPL-1.2
"""The operator's commands: what is missing is named and makes the exit status 1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.blocks.tracker.agency import Agency, make_agency, official, person, system
from tests.contracts.registers import JAAN, MARI
from typer import Typer
from typer.testing import CliRunner

from flagstone.blocks.tracker.cli import Opened, commands
from flagstone.blocks.tracker.contract import Period
from flagstone.kernel.ids import PersonCode

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase

    from flagstone.kernel.clock import SetClock

pytestmark = pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)


@pytest.fixture
def agency(open_database: OpenDatabase, clock: SetClock) -> Agency:
    return make_agency(open_database, clock, (MARI, JAAN))


def app(agency: Agency, *messages: tuple[str, int | None]) -> Typer:
    def logged(since: datetime, until: datetime) -> Iterable[tuple[str, int | None]]:
        assert since < until
        return messages

    @contextmanager
    def opened() -> Iterator[Opened]:
        yield Opened(agency.tracker, logged, agency.clock)

    return commands(opened)


def test_names_what_is_missing(agency: Agency) -> None:
    agency.read(system(), MARI, message_reference="m-1")
    agency.clock.advance(timedelta(seconds=1))
    fine = CliRunner().invoke(app(agency, ("m-1", 1)), ["reconcile"])
    assert fine.exit_code == 0
    assert "1 messages, 1 records, 0 missing" in fine.output
    lost = CliRunner().invoke(
        app(agency, ("m-1", 1), ("m-2", 3)), ["reconcile", "--since", "2026-11-22T00:00:00Z"]
    )
    assert lost.exit_code == 1
    assert "missing: message m-2" in lost.output
    wrong = CliRunner().invoke(app(agency), ["reconcile", "--since", "yesterday"])
    assert wrong.exit_code == 2
    backwards = CliRunner().invoke(app(agency), ["reconcile", "--since", "2030-01-01T00:00:00Z"])
    assert backwards.exit_code == 1


def test_lists_signals_and_questions_without_names(agency: Agency) -> None:
    agency.read(official("clerk"), MARI)
    agency.clock.advance(timedelta(seconds=5))
    signals = CliRunner().invoke(app(agency), ["signals"])
    assert signals.exit_code == 0
    assert "without naming" in signals.output
    assert "Olev" not in signals.output
    usage = agency.tracker.find_usage(person(MARI), PersonCode(MARI), Period()).usages[0]
    agency.tracker.ask_why(person(MARI), PersonCode(MARI), usage.id, "A secret worry?")
    questions = CliRunner().invoke(app(agency), ["questions"])
    assert questions.exit_code == 0
    assert "people" in questions.output
    assert "secret" not in questions.output
