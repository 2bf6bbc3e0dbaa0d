# SPDX-License-Identifier: EUPL-1.2
"""Findings in sections: a sentence, pictures for wide and narrow sheets, and a table of the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from flagstone.blocks.rules.contract.simulation import Findings
from flagstone.blocks.rules.model.plots.paper import NARROW, WIDE, Frame
from flagstone.blocks.rules.model.report.speech import Speech, Told
from flagstone.blocks.rules.model.report.tables import Table

Draw = Callable[[Frame], str]


@dataclass(frozen=True)
class Picture:
    """The same picture for wide and narrow sheets, as SVG; a page shows one of them."""

    title: str
    wide: str
    narrow: str


@dataclass(frozen=True)
class Section:
    """What is told of one matter. `folded` tables are long: a page shows them on demand."""

    id: str
    heading: str
    lead: str
    table: Table
    pictures: tuple[Picture, ...] = ()
    folded: bool = False


@dataclass(frozen=True)
class Key:
    """A figure that is told first: its words, what it is under the reform, and beside what."""

    words: str
    value: str
    beside: str = ""


@dataclass(frozen=True)
class Material:
    """What sections are made of: findings, the language, and labels of variables in it by name."""

    findings: Findings
    speech: Speech
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def told(self) -> Told:
        """Numbers in the language."""
        return Told(self.speech)

    def say(self, message: str, **variables: str) -> str:
        """Return a message in the language."""
        return self.speech.say(message, **variables)

    def label(self, variable: str, otherwise: str = "") -> str:
        """Return what a variable is called."""
        return self.labels.get(variable) or otherwise or variable

    def picture(self, name: str, title: str, description: str, draw: Draw) -> Picture:
        """Draw a picture for both sheets; `name` is unique on the page."""
        frames = (
            Frame(f"{name}-{width}", title, description, self.speech.number, width, self.speech.right_to_left)
            for width in (WIDE, NARROW)
        )
        wide, narrow = map(draw, frames)
        return Picture(title, wide, narrow)


Maker = Callable[[Material], Section | None]


def sections(material: Material, makers: Sequence[Maker]) -> Iterator[Section]:
    """Yield what the makers tell, those that have something to tell."""
    for make in makers:
        section = make(material)
        if section is not None:
            yield section
