# SPDX-License-Identifier: EUPL-1.2
"""Plots hold whatever numbers and words come: sound XML, nothing off the sheet, and no colour alone."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.blocks.rules.model.plots import paper
from flagstone.blocks.rules.model.plots.bars import BARS_MAX, Bar, Part, bars, parts
from flagstone.blocks.rules.model.plots.columns import COLUMNS_MAX, Columns, Series, columns
from flagstone.blocks.rules.model.plots.lines import POINTS_MAX, Line, Lines, lines
from flagstone.blocks.rules.model.plots.paper import Frame, Kind, Side, fitted, width_of
from flagstone.blocks.rules.model.plots.parts import Axis
from flagstone.blocks.rules.model.plots.scale import across, scale, unit_of

SVG = "{http://www.w3.org/2000/svg}"
OFF_MAX = 0.02
SIZE_MAX = 120_000
VALUES = st.floats(allow_nan=True, allow_infinity=True)
MANY = st.lists(VALUES, max_size=80)
WORDS = st.text(max_size=80)
UNITS = st.sampled_from([1.0, 1e3, 1e6, 1e12])
KINDS = st.sampled_from(list(Kind))


def written(value: float, places: int) -> str:
    return f"{value:,.{places}f}"


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    width, turned = draw(st.sampled_from([paper.WIDE, paper.NARROW])), draw(st.booleans())
    return Frame("plot", draw(WORDS), draw(WORDS), written, width, turned)


def axes() -> st.SearchStrategy[Axis]:
    return st.builds(Axis, WORDS, UNITS)


def parsed(svg: str) -> ElementTree.Element:
    """Return the picture, after looking that it is one and that nothing lies off its sheet."""
    assert len(svg) < SIZE_MAX
    root = ElementTree.fromstring(svg)
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    assert root.attrib["role"] == "img"
    assert [each.attrib["id"] for each in root[:2]] == root.attrib["aria-labelledby"].split()
    for each in root:
        for x, y in _points(each):
            assert math.isfinite(x)
            assert math.isfinite(y)
            assert -OFF_MAX <= x <= width + OFF_MAX, ElementTree.tostring(each)
            assert -OFF_MAX <= y <= height + OFF_MAX, ElementTree.tostring(each)
    return root


def _points(shape: ElementTree.Element) -> list[tuple[float, float]]:
    """Return the corners of a shape, or of the words' line."""
    name, here = shape.tag.removeprefix(SVG), shape.attrib
    if name == "rect":
        x, y, wide, high = (float(here[each]) for each in ("x", "y", "width", "height"))
        assert wide >= 0
        assert high >= 0
        return [(x, y), (x + wide, y + high)]
    if name == "line":
        return [(float(here["x1"]), float(here["y1"])), (float(here["x2"]), float(here["y2"]))]
    if name == "path":
        numbers = [float(each) for each in re.findall(r"[-+.\deE]+", re.sub("[ML]", " ", here["d"]))]
        return list(zip(numbers[::2], numbers[1::2], strict=True))
    if name == "circle":
        return [(float(here["cx"]), float(here["cy"]))]
    return _line_of_words(shape) if name == "text" else []


def _line_of_words(text: ElementTree.Element) -> list[tuple[float, float]]:
    x, y, wide = (
        float(text.attrib["x"]),
        float(text.attrib["y"]),
        width_of(text.text or "", float(text.attrib["font-size"])),
    )
    turned = text.attrib.get("direction") == "rtl"
    anchor = text.attrib["text-anchor"]
    if anchor == "middle":
        return [(x - wide / 2, y), (x + wide / 2, y)]
    leftward = (anchor == "end") != turned
    return [(x - wide, y), (x, y)] if leftward else [(x, y), (x + wide, y)]


def texts(root: ElementTree.Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}text")]


@st.composite
def pictures(draw: st.DrawFn) -> Columns:
    drawn = draw(st.lists(st.builds(Series, KINDS, WORDS, MANY), max_size=3))
    edges, overlaid, told, unsigned = (draw(st.booleans()) for _ in range(4))
    labels, down, along = draw(st.lists(WORDS, max_size=70)), draw(axes()), draw(axes())
    return Columns(labels, drawn, down, along, edges=edges, overlaid=overlaid, told=told, unsigned=unsigned)


@settings(deadline=None)
@given(frames(), pictures())
def test_columns_of_anything_stay_on_the_sheet(frame: Frame, picture: Columns) -> None:
    parsed(columns(frame, picture))


@settings(deadline=None)
@given(frames(), st.lists(st.tuples(WORDS, VALUES), max_size=60), axes())
def test_bars_of_anything_stay_on_the_sheet(
    frame: Frame, values: list[tuple[str, float]], axis: Axis
) -> None:
    parsed(bars(frame, [Bar(*each) for each in values], axis))


@settings(deadline=None)
@given(frames(), st.lists(st.tuples(KINDS, WORDS, VALUES), max_size=6))
def test_parts_of_anything_stay_on_the_sheet(frame: Frame, shares: list[tuple[Kind, str, float]]) -> None:
    parsed(parts(frame, [Part(*each) for each in shares]))


@settings(deadline=None)
@given(frames(), MANY, st.lists(st.tuples(KINDS, WORDS, MANY), max_size=3), axes(), axes())
def test_lines_of_anything_stay_on_the_sheet(
    frame: Frame, moved: list[float], series: list[tuple[Kind, str, list[float]]], along: Axis, down: Axis
) -> None:
    parsed(lines(frame, Lines(moved, [Line(*each) for each in series], along, down)))


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True)), st.integers(2, 12), st.booleans())
def test_ticks_are_round_even_and_hold_every_value(values: list[float], count: int, zero: bool) -> None:
    made = scale(values, 0, 100, ticks=count, zero=zero)
    known = [value for value in values if math.isfinite(value) and abs(value) <= 1e300]
    assert 2 <= len(made.ticks) <= 2 * count + 3
    room = abs(made.step) * 1e-6
    assert made.ticks[0] <= min([*known, made.ticks[0]]) + room
    assert made.ticks[-1] >= max([*known, made.ticks[-1]]) - room
    mantissa = made.step / 10 ** math.floor(math.log10(made.step) + 1e-9)
    assert any(math.isclose(mantissa, each, rel_tol=1e-6) for each in (1, 2, 2.5, 5, 10))
    for before, after in pairwise(made.ticks):
        assert math.isclose(after - before, made.step, rel_tol=1e-6, abs_tol=made.step * 1e-6)


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([], (0.0, 1.0)),
        ([0], (0.0, 1.0)),
        ([3.2], (0.0, 1.0, 2.0, 3.0, 4.0)),
        ([-1.2, 1.5], (-2.0, -1.0, 0.0, 1.0, 2.0)),
        ([0.0012], (0.0, 0.00025, 0.0005, 0.00075, 0.001, 0.00125)),
        ([7_300_000], (0, 2e6, 4e6, 6e6, 8e6)),
    ],
)
def test_ticks_are_those_that_one_would_write(values: list[float], ticks: tuple[float, ...]) -> None:
    made = scale(values, 0, 100)
    if not any(values):
        assert made.ticks[0] == 0
        assert made.ticks[-1] > 0
    else:
        assert made.ticks == pytest.approx(ticks)


@settings(deadline=None)
@given(st.lists(st.floats(-1e12, 1e12), min_size=1))
def test_a_scale_across_begins_and_ends_with_its_values(values: list[float]) -> None:
    made = across(values, 10, 90)
    assert made.at(min(values)) <= made.at(max(values))
    if max(values) - min(values) > 1:
        assert made.at(min(values)) == pytest.approx(10)
        assert made.at(max(values)) == pytest.approx(90)
    assert all(10 - 1e-6 <= made.at(tick) <= 90 + 1e-6 for tick in made.ticks)


@pytest.mark.parametrize(
    ("most", "unit"), [(0, 1), (9_999, 1), (10_000, 1e3), (-31_000_000, 1e6), (1e300, 1e12)]
)
def test_amounts_are_written_in_a_unit_that_keeps_them_short(most: float, unit: float) -> None:
    assert unit_of([0, most, math.nan]) == unit


def test_markup_in_words_stays_words() -> None:
    evil = "<script>alert('x')</script>&\"\x00\ud800"
    frame = Frame("plot", evil, evil, written)
    root = parsed(bars(frame, [Bar(evil, 3)], Axis(evil)))
    assert not list(root.iter(f"{SVG}script"))
    assert root[0].text == evil.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")


def test_a_bar_is_as_long_as_its_value_and_a_loss_is_hatched() -> None:
    root = parsed(bars(Frame("plot", "t", "d", written), [Bar("a", 40), Bar("b", -20), Bar("c", 0)], Axis()))
    gain, loss = root.findall(f"{SVG}rect")
    assert float(gain.attrib["width"]) + 1 == pytest.approx(2 * (float(loss.attrib["width"]) + 1), abs=0.1)
    assert float(loss.attrib["x"]) < float(gain.attrib["x"])
    assert loss.attrib["fill"] == "url(#plot-hatch)"
    assert {"40.0", "-20.0", "0.0"} <= set(texts(root))


def test_bars_are_mirrored_where_reading_begins_at_the_right() -> None:
    right, left = (
        parsed(bars(Frame("plot", "t", "d", written, right_to_left=turned), [Bar("مبلغ", 40)], Axis()))
        for turned in (True, False)
    )
    x, width = (float(right.find(f"{SVG}rect").attrib[each]) for each in ("x", "width"))  # type: ignore[union-attr]
    assert paper.WIDE - x - width == pytest.approx(float(left.find(f"{SVG}rect").attrib["x"]), abs=0.02)  # type: ignore[union-attr]
    word = next(each for each in right.iter(f"{SVG}text") if each.text == "مبلغ")
    assert (word.attrib["direction"], word.attrib["text-anchor"]) == ("rtl", "start")
    assert float(word.attrib["x"]) == paper.WIDE


def test_parts_say_their_shares_and_make_the_whole_width() -> None:
    drawn = [Part(Kind.LOSS, "Losers", 0.25), Part(Kind.SAME, "Same", 0.25), Part(Kind.GAIN, "Winners", 0.5)]
    root = parsed(parts(Frame("plot", "t", "d", written), drawn))
    assert texts(root) == ["Losers 25.0\u00a0%", "Same 25.0\u00a0%", "Winners 50.0\u00a0%"]
    whole = [each for each in root.findall(f"{SVG}rect") if float(each.attrib["height"]) > 30]
    assert float(whole[-1].attrib["x"]) == pytest.approx(paper.WIDE / 2, abs=1)


def test_columns_go_up_and_down_from_nothing_and_tell_their_values() -> None:
    drawn = Columns(["1", "2"], [Series(Kind.GAIN, "change", [1.5, -0.5])], told=True)
    root = parsed(columns(Frame("plot", "t", "d", written), drawn))
    up, down = root.findall(f"{SVG}rect")
    assert float(up.attrib["height"]) + 1 == pytest.approx(3 * (float(down.attrib["height"]) + 1), abs=0.1)
    assert float(up.attrib["y"]) < float(down.attrib["y"])
    assert {"1.5", "-0.5", "1", "2"} <= set(texts(root))


def test_the_law_is_an_outline_over_bins_and_a_dashed_line_over_amounts() -> None:
    frame = Frame("plot", "t", "d", written)
    pair = [Series(Kind.LAW, "law", [1, 2]), Series(Kind.REFORM, "reform", [2, 1])]
    bins = parsed(columns(frame, Columns(["0", "50", "100"], pair, edges=True)))
    assert [each.attrib["class"] for each in bins.findall(f"{SVG}path")].count("look-plot__outline") == 2
    drawn = Lines([0, 1], [Line(Kind.LAW, "law", [0, 1]), Line(Kind.REFORM, "reform", [1, 2])])
    dashes = [
        each.attrib.get("stroke-dasharray") for each in parsed(lines(frame, drawn)).findall(f"{SVG}path")
    ]
    assert dashes.count("6 4") == 2
    assert dashes.count(None) == 2


def test_a_line_breaks_at_a_gap_and_a_lonely_point_is_a_dot() -> None:
    drawn = Lines([0, 1, 2, 3], [Line(Kind.REFORM, "r", [0, math.nan, 1, 2])])
    root = parsed(lines(Frame("plot", "t", "d", written), drawn))
    assert len(root.findall(f"{SVG}circle")) == 1
    assert max(each.attrib["d"].count("M") for each in root.findall(f"{SVG}path")) == 1


def test_much_is_drawn_as_little() -> None:
    frame = Frame("plot", "t", "d", written)
    many: Sequence[float] = range(5_000)
    wide = parsed(lines(frame, Lines(many, [Line(Kind.REFORM, "r", many)])))
    assert max(each.attrib["d"].count("L") for each in wide.findall(f"{SVG}path")) == POINTS_MAX - 1
    tall = columns(frame, Columns(list(map(str, many)), [Series(Kind.GAIN, "r", [1.0] * 5_000)]))
    assert len(parsed(tall).findall(f"{SVG}rect")) == COLUMNS_MAX
    assert len(parsed(bars(frame, [Bar("r", 1.0)] * 5_000, Axis())).findall(f"{SVG}rect")) == BARS_MAX


def test_labels_that_would_touch_are_thinned_out() -> None:
    labels = [f"{number * 1_000}" for number in range(21)]
    drawn = Columns(labels, [Series(Kind.GAIN, "r", [1.0] * 20)], edges=True)
    shown = texts(parsed(columns(Frame("plot", "t", "d", written, paper.NARROW), drawn)))
    assert "0" in shown
    assert "1000" not in shown


@settings(deadline=None)
@given(WORDS, st.floats(0, 300))
def test_words_are_cut_to_their_room(words: str, room: float) -> None:
    cut = fitted(words, room)
    assert width_of(cut) <= room or not cut
    assert cut == re.sub(r"[ \t\r\n]+", " ", words).strip(" ") or cut.endswith("…") or not cut


def test_a_side_is_where_words_end_in_either_direction() -> None:
    sheet = paper.Paper(Frame("plot", "t", "d", written), 50)
    for words in ("right", "يمين"):
        sheet.words(300, 20, words, Side.RIGHT)
    first, second = ElementTree.fromstring(sheet.svg()).findall(f"{SVG}text")
    assert first.attrib["text-anchor"] == "end"
    assert (second.attrib["text-anchor"], second.attrib["direction"]) == ("start", "rtl")


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", [paper.INK, paper.GREY, paper.SEA, paper.EARTH])
def test_colours_stand_out_from_paper(colour: str) -> None:
    """WCAG 2.2, 1.4.11: 3 to 1 for shapes; 1.4.3: 4.5 to 1 for words."""
    contrast = 1.05 / (_luminance(colour) + 0.05)
    assert contrast >= 4.5
