# SPDX-License-Identifier: EUPL-1.2
"""Imported surveys: a row for each person, checked strictly and kept in chunks of whole households.

Columns: `household` (rows of one stand together), `weight` (the household's, in its first row at least),
`person` (free), `role` or `role:ENTITY` for each kind of group, `group:ENTITY` where a household has several
of a kind, and variables of the law: `NAME` for the whole year, `NAME@PERIOD` for another (`salary@2026-03`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import file_digest
from io import BytesIO
from pathlib import Path

import numpy

from flagstone.blocks.rules.contract.faults import SurveyInvalid
from flagstone.blocks.rules.contract.simulation import Survey
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.blocks.rules.service.engine.simulation.checkpoints import Checkpoints
from flagstone.blocks.rules.service.engine.simulation.people import Array, Grouping, Input, People
from flagstone.blocks.rules.service.engine.simulation.setting import Job
from flagstone.blocks.rules.service.engine.simulation.survey_columns import Header, Household, Row, gathered
from flagstone.blocks.rules.service.engine.simulation.survey_files import rows
from flagstone.kernel.errors import Flaw

FLAWS_MAX = 20
HOUSEHOLDS_MAX = 5_000_000
_ABOUT = "about.json"
_LOOKED_AT = 2_000


@dataclass(frozen=True)
class Brought:
    """People that come with each job; all that a process elsewhere knows of a survey."""

    identity: str
    chunks: int = 0

    def given(self, _number: int) -> bytes:
        """Return nothing: there is nothing to bring from here."""
        return b""

    def people(self, job: Job) -> People:
        """Return the people that came with a job."""
        return people_from(job.given)


@dataclass(frozen=True)
class Imported:
    """A survey in chunks, kept in a folder."""

    folder: Path
    identity: str
    chunks: int

    def given(self, number: int) -> bytes:
        """Return a chunk's people, packed; SurveyInvalid when it is not there as it was kept."""
        content = Checkpoints(self.folder).get(number)
        if content is None:
            raise SurveyInvalid("its chunks are broken; import it again")
        return content

    def people(self, job: Job) -> People:
        """Return the people of a job."""
        return people_from(job.given or self.given(job.number))

    @cached_property
    def names(self) -> list[str]:
        """The households' names in order."""
        found: list[str] = []
        for number in range(self.chunks):
            with numpy.load(BytesIO(self.given(number)), allow_pickle=False) as kept:
                found += kept["names"].tolist()
        return found


def imported(file: Path, law: Law, folder: Path, year: int, size: int) -> Imported:
    """Check a survey and keep it in chunks of `size` households below `folder`; one that is there is taken.

    SurveyInvalid names up to 20 lines.
    """
    digest = _digest(file)
    identity = f"{digest} {law.snapshot.digest} {year} {size}"
    place = folder / f"{digest[:32]}-{law.snapshot.digest[:16]}-{year}-{size}"
    about = place / _ABOUT
    if not about.exists():
        kept = Checkpoints(place)
        chunks = 0
        for each in _chunks(file, law, year, size):
            kept.put(chunks, each)
            chunks += 1
        if not chunks:
            raise SurveyInvalid("it has no rows")
        part = about.with_suffix(".part")
        part.write_text(json.dumps({"chunks": chunks}))
        part.replace(about)
    return Imported(place, identity, json.loads(about.read_text())["chunks"])


def looked_through(file: Path, law: Law, name: str) -> Survey:
    """Return what is in a survey, checked for no year in particular; SurveyInvalid names up to 20 lines."""
    households, people = 0, 0
    variables: dict[str, None] = {}
    for header, some in _parts(file, law, 0, _LOOKED_AT):
        gathered(law, header, some)
        households += len(some)
        people += sum(len(each.rows) for each in some)
        variables = dict.fromkeys(each.variable.name for each in header.values)
    if not households:
        raise SurveyInvalid("it has no rows")
    return Survey(name, households, people, tuple(variables), _digest(file))


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return file_digest(opened, "sha256").hexdigest()


def _chunks(file: Path, law: Law, year: int, size: int) -> Iterator[bytes]:
    for header, some in _parts(file, law, year, size):
        yield packed(gathered(law, header, some))


def _parts(file: Path, law: Law, year: int, size: int) -> Iterator[tuple[Header, list[Household]]]:
    """Yield the households, so many at a time; SurveyInvalid when rows are wrong, 20 flaws at most."""
    reading = _Reading()
    lines = rows(file)
    header = Header.read(next(lines)[1], law, year)
    for line, cells in lines:
        row = header.row(line, cells, reading.flaws)
        if row is not None:
            reading.add(row)
        if len(reading.flaws) >= FLAWS_MAX:
            break
        if len(reading.done) == size and not reading.flaws:
            yield header, reading.taken()
    reading.finish()
    if reading.flaws:
        raise SurveyInvalid(flaws=tuple(reading.flaws[:FLAWS_MAX]))
    if reading.done:
        yield header, reading.taken()


class _Reading:
    """Gathers rows that stand together into households, and notes what is wrong."""

    def __init__(self) -> None:
        self.flaws: list[Flaw] = []
        self.done: list[Household] = []
        self._current: Household | None = None
        self._seen: set[str] = set()

    def add(self, row: Row) -> None:
        """Take the next row."""
        if self._current is not None and row.household == self._current.name:
            self._current.rows.append(row)
            return
        self.finish()
        if row.household in self._seen:
            place = f"line {row.line}, column household"
            self.flaws.append(Flaw(place, "The rows of a household stand together."))
        elif len(self._seen) == HOUSEHOLDS_MAX:
            here, most = f"line {row.line}", HOUSEHOLDS_MAX
            self.flaws.append(Flaw.filled(here, "There may be %(most)s households at most.", most=most))
        self._seen.add(row.household)
        self._current = Household(row.household, [row])

    def finish(self) -> None:
        """End the household that is being read."""
        if self._current is not None:
            self._current.finish(self.flaws)
            self.done.append(self._current)
        self._current = None

    def taken(self) -> list[Household]:
        """Return the households that have ended, and forget them."""
        found, self.done = self.done, []
        return found


def packed(found: tuple[list[str], People]) -> bytes:
    """Return the names of households and their people as compressed bytes."""
    names, people = found
    arrays: dict[str, Array] = {
        "names": numpy.array(names, dtype=str),
        "weights": people.weights,
        "homes": people.homes,
    }
    for key, each in people.groups.items():
        for part in ("groups", "roles", "homes"):
            arrays[f"group/{key}/{part}"] = getattr(each, part)
    for number, given in enumerate(people.inputs):
        arrays[f"input/{number}/{given.variable}/{given.period}"] = given.values
    file = BytesIO()
    numpy.savez_compressed(file, **arrays)
    return file.getvalue()


def people_from(content: bytes) -> People:
    """Return the people of `packed`."""
    with numpy.load(BytesIO(content), allow_pickle=False) as kept:
        arrays = {name: kept[name] for name in kept.files}
    keys = dict.fromkeys(name.split("/")[1] for name in arrays if name.startswith("group/"))
    groups = {
        key: Grouping(*(arrays[f"group/{key}/{part}"] for part in ("groups", "roles", "homes")))
        for key in keys
    }
    inputs = tuple(
        Input(name.split("/")[2], name.split("/")[3], values)
        for name, values in arrays.items()
        if name.startswith("input/")
    )
    return People(arrays["weights"], arrays["homes"], groups, inputs)
