# SPDX-License-Identifier: EUPL-1.2
"""A sheet to draw on: SVG 2 shapes and words that stay on it, with a title and a description for all.

Colours are attributes that a page's style may set anew by class; nothing is told by colour alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from html import escape

WIDE, NARROW = 720, 336
"""Widths of a sheet: for a page, and for a telephone. Text is as large as on the page in both."""
TEXT = 14.0
SMALL = 13.0
LABEL_LENGTH_MAX = 200
_SPACES = re.compile(r"[ \t\r\n]+")
INK, GREY, RULE, PAPER = "#17282a", "#47585a", "#d9d2c3", "#ffffff"
SEA, EARTH = "#0f5e5a", "#a84a1d"

Number = Callable[[float, int], str]
"""Writes a number with so many decimals, as a language does."""


class Kind(Enum):
    """What a shape stands for: hollow, full or hatched, so that it is told without colour."""

    LAW = "law"
    REFORM = "reform"
    GAIN = "gain"
    LOSS = "loss"
    SAME = "same"


class Side(Enum):
    """Which side of words is at their place."""

    LEFT = "left"
    MIDDLE = "middle"
    RIGHT = "right"


@dataclass(frozen=True)
class Frame:
    """A plot's name on the page, what it is called and shows, and how wide it is.

    `right_to_left` tells that words are read from right to left; `number` writes numbers.
    """

    id: str
    title: str
    description: str
    number: Number
    width: int = WIDE
    right_to_left: bool = False

    @property
    def narrow(self) -> bool:
        """Tell whether there is little room."""
        return self.width < 500


@dataclass
class Paper:
    """A sheet of a frame's width and a height; shapes in the order in which they are drawn."""

    frame: Frame
    height: float
    mirrored: bool = False
    shapes: list[str] = field(default_factory=list)

    def rectangle(self, x: float, y: float, width: float, height: float, kind: Kind) -> None:
        """Draw a rectangle; one without a size is left out."""
        if width <= 0 or height <= 0:
            return
        left = self.frame.width - x - width if self.mirrored else x
        edge = 1.0 if kind in {Kind.LAW, Kind.SAME} else 0.5
        if min(width, height) <= 2 * edge:
            edge = 0.0
        place = _attributes(x=left + edge, y=y + edge, width=width - 2 * edge, height=height - 2 * edge)
        self.shapes.append(
            f'<rect class="look-plot__{kind.value}" {place} {self._fill(kind, hollow=edge > 0)}/>'
        )

    def rule(self, x: float, y: float, to_x: float, to_y: float, *, strong: bool = False) -> None:
        """Draw a thin line, darker where values begin."""
        x, to_x = self._across(x), self._across(to_x)
        name, colour = ("axis", GREY) if strong else ("rule", RULE)
        ends = _attributes(x1=x, y1=y, x2=to_x, y2=to_y)
        self.shapes.append(f'<line class="look-plot__{name}" {ends} stroke="{colour}"/>')

    def words(
        self,
        x: float,
        y: float,
        text: str,
        side: Side = Side.LEFT,
        *,
        room: float = 0.0,
        strong: bool = False,
    ) -> None:
        """Write words whose `side` is at x, cut to `room` and to the sheet; y is their base line."""
        size = TEXT if strong else SMALL
        allowed = self._allowed(x, side)
        text = fitted(text, min(room, allowed) if room > 0 else allowed, size)
        if not text:
            return
        self.shapes.append(self._text((self._across(x), y), text, self._turned(side), strong=strong))

    def path(self, runs: Iterable[list[tuple[float, float]]], kind: Kind) -> None:
        """Draw a line through each run of points; a run of one point is a dot."""
        steps: list[str] = []
        for run in runs:
            if len(run) == 1:
                x, y = run[0]
                place = _attributes(cx=self._across(x), cy=y, r=3.5)
                self.shapes.append(f'<circle class="look-plot__{kind.value}" {place} {self._fill(kind)}/>')
                continue
            steps.append("M" + "L".join(f"{plain(self._across(x))} {plain(y)}" for x, y in run))
        if steps:
            self.shapes.append(_stroke("path", f'd="{"".join(steps)}"', kind))

    def outline(self, points: list[tuple[float, float]]) -> None:
        """Draw the edge of what the law makes, on a lighter line that parts it from what lies below."""
        place = "M" + "L".join(f"{plain(self._across(x))} {plain(y)}" for x, y in points)
        for name, colour, thick in (("halo", PAPER, 5), ("outline", INK, 2)):
            self.shapes.append(
                f'<path class="look-plot__{name}" d="{place}" fill="none" stroke="{colour}" '
                f'stroke-width="{thick}" stroke-linejoin="round"/>'
            )

    def svg(self) -> str:
        """Return the picture as text."""
        frame, size = self.frame, f"{self.frame.width} {plain(self.height)}"
        return (
            f'<svg class="look-plot" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img" '
            f'aria-labelledby="{frame.id}-title {frame.id}-desc" font-family="inherit" direction="ltr">'
            f'<title id="{frame.id}-title">{clean(frame.title)}</title>'
            f'<desc id="{frame.id}-desc">{clean(frame.description)}</desc>'
            f"<defs>{_hatch(frame.id)}</defs>{''.join(self.shapes)}</svg>"
        )

    def _fill(self, kind: Kind, *, hollow: bool = True) -> str:
        if kind is Kind.LOSS:
            return f'fill="url(#{self.frame.id}-hatch)" stroke="{EARTH}"'
        if kind in {Kind.LAW, Kind.SAME}:
            colour = GREY
            return f'fill="{PAPER}" stroke="{colour}" stroke-width="2"' if hollow else f'fill="{colour}"'
        return f'fill="{SEA}"'

    def _text(self, place: tuple[float, float], text: str, side: Side, *, strong: bool) -> str:
        turned = is_right_to_left(text)
        anchors = {Side.LEFT: "start", Side.MIDDLE: "middle", Side.RIGHT: "end"}
        if turned:
            anchors = {**anchors, Side.LEFT: "end", Side.RIGHT: "start"}
        name, size, colour = ("label", TEXT, INK) if strong else ("number", SMALL, GREY)
        direction = ' direction="rtl"' if turned else ""
        at = _attributes(x=place[0], y=place[1])
        return (
            f'<text class="look-plot__{name}" {at} text-anchor="{anchors[side]}" '
            f'font-size="{plain(size)}" fill="{colour}" stroke="{PAPER}" stroke-width="3" '
            f'stroke-linejoin="round" paint-order="stroke"{direction}>{clean(text)}</text>'
        )

    def _across(self, x: float) -> float:
        return self.frame.width - x if self.mirrored else x

    def _turned(self, side: Side) -> Side:
        if not self.mirrored or side is Side.MIDDLE:
            return side
        return Side.RIGHT if side is Side.LEFT else Side.LEFT

    def _allowed(self, x: float, side: Side) -> float:
        """Return how wide words may be without leaving the sheet."""
        before, after = x, self.frame.width - x
        return {Side.LEFT: after, Side.RIGHT: before, Side.MIDDLE: 2 * min(before, after)}[side]


def fitted(text: str, room: float, size: float = SMALL) -> str:
    """Return `text`, cut where it is wider than `room`; empty when not even a letter has room."""
    text = _SPACES.sub(" ", text[:LABEL_LENGTH_MAX]).strip(" ")
    if width_of(text, size) <= room:
        return text
    while text and width_of(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…" if text else ""


def width_of(text: str, size: float = SMALL) -> float:
    """Return about how wide a text is, rather too much than too little."""
    return size * sum(_em(letter) for letter in text)


def is_right_to_left(text: str) -> bool:
    """Tell whether the first letter of a text is read from right to left (Unicode TR 9, P2)."""
    kinds = (unicodedata.bidirectional(letter) for letter in text)
    return next((kind in {"R", "AL"} for kind in kinds if kind in {"L", "R", "AL"}), False)


def clean(text: str) -> str:
    """Return text that XML may hold, escaped."""
    return escape("".join(letter if _writable(letter) else "\ufffd" for letter in text))


def plain(value: float) -> str:
    """Return a coordinate with two decimals at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) >= 0.005 else "0"


def _writable(letter: str) -> bool:
    """Tell whether XML 1.0 (2.2) has the character."""
    return letter in "\t\n\r" or (
        letter >= " " and not "\ud800" <= letter <= "\udfff" and letter not in "\ufffe\uffff"
    )


def _em(letter: str) -> float:
    if unicodedata.combining(letter) or unicodedata.category(letter) == "Cf":
        return 0.0
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if letter in " .,:;'|!il\u00a0":
        return 0.33
    return 0.95 if letter in "MWmw%@—…" else 0.61


def _attributes(**values: float) -> str:
    return " ".join(f'{name}="{plain(value)}"' for name, value in values.items())


def _stroke(shape: str, place: str, kind: Kind) -> str:
    """Return a line: dashed for the law as it is, and thicker for the reform."""
    law = kind is Kind.LAW
    style = (
        f'stroke="{GREY}" stroke-width="2" stroke-dasharray="6 4"'
        if law
        else f'stroke="{SEA}" stroke-width="3"'
    )
    return (
        f'<{shape} class="look-plot__line-{kind.value}" {place} fill="none" stroke-linejoin="round" {style}/>'
    )


def _hatch(name: str) -> str:
    """Return the pattern of what is lost."""
    return (
        f'<pattern id="{name}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)">'
        f'<rect class="look-plot__hatch-ground" width="6" height="6" fill="{PAPER}"/>'
        f'<rect class="look-plot__hatch" width="3.4" height="6" fill="{EARTH}"/></pattern>'
    )
