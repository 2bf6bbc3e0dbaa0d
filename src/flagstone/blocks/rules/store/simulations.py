# SPDX-License-Identifier: EUPL-1.2
"""The SQL of simulations and surveys."""

from __future__ import annotations

from flagstone.blocks.rules.contract.simulation import Progress
from flagstone.blocks.rules.store.tables import simulations, surveys
from flagstone.platform.storage.reading import Reading
from flagstone.platform.storage.sql import Row, func, select


def simulation(view: Reading, number: str) -> Row | None:
    """Return one simulation."""
    return view.row(select(simulations).where(simulations.c.number == number))


def latest(view: Reading, most: int) -> list[Row]:
    """Return at most `most` simulations, the newest first."""
    return view.rows(select(simulations).order_by(simulations.c.sequence.desc()).limit(most))


def next_sequence(view: Reading) -> int:
    """Return the place of the next simulation, from 1."""
    return int(view.scalar(select(func.coalesce(func.max(simulations.c.sequence), 0)))) + 1


def next_to_run(view: Reading) -> Row | None:
    """Return the oldest that waits, or that was left running."""
    left = simulations.c.progress.in_([Progress.WAITING.value, Progress.RUNNING.value])
    return view.row(select(simulations).where(left).order_by(simulations.c.sequence).limit(1))


def count_waiting(view: Reading) -> int:
    """Count those that wait."""
    waits = simulations.c.progress == Progress.WAITING.value
    return int(view.scalar(select(func.count()).select_from(simulations).where(waits)))


def survey(view: Reading, name: str) -> Row | None:
    """Return one survey."""
    return view.row(select(surveys).where(surveys.c.name == name))


def all_surveys(view: Reading, most: int) -> list[Row]:
    """Return the surveys by name, at most `most`."""
    return view.rows(select(surveys).order_by(surveys.c.name).limit(most))
