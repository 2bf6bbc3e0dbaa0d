# SPDX-License-Identifier: EUPL-1.2
"""The steps that are told lead from the value down, are few, and count what they leave out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.rules.model.explanations import Line, Weight, lines, signs

TREE = {
    "tax": ["base", "credit"],
    "base": ["pay", "rent", "gift"],
    "credit": [],
    "pay": [],
    "rent": [],
    "gift": [],
}
SIZES = {"tax": 10.0, "base": 50.0, "credit": 0.0, "pay": 40.0, "rent": 9.0, "gift": 0.0}


def told(most: int, weights: dict[str, Weight] | None = None, *, closely: bool = False) -> list[Line]:
    return lines(
        "tax",
        TREE.__getitem__,
        lambda key: (weights or {}).get(key, Weight(size=SIZES[key])),
        most=most,
        closely=closely,
    )


def test_the_biggest_are_told_first_and_nothings_are_left_out() -> None:
    assert told(3) == [Line("tax", ("base",), 1), Line("base", ("pay",), 2), Line("pay", (), 0)]
    assert [each.key for each in told(12)] == ["tax", "base", "pay", "rent"]


def test_a_reason_comes_before_what_decides_and_that_before_amounts() -> None:
    assert [each.key for each in told(2, {"credit": Weight(reason=True)})] == ["tax", "credit"]
    weights = {"base": Weight(size=50), "gift": Weight(decisive=True), "pay": Weight(size=1e9)}
    assert [each.key for each in told(3, weights)] == ["tax", "base", "gift"]


def test_of_a_kind_the_weightiest_stands_for_all() -> None:
    months = {"pay": Weight(size=1, kind="month"), "rent": Weight(size=2, kind="month")}
    assert [each.key for each in told(12, months)] == ["tax", "base", "rent"]


def test_what_is_right_below_is_told_closely() -> None:
    assert [each.key for each in told(3, closely=True)] == ["tax", "base", "credit"]


def test_one_step_is_the_value_itself() -> None:
    assert told(1) == [Line("tax", (), 2)]


GRAPH = st.lists(st.lists(st.integers(0, 14), max_size=5), min_size=15, max_size=15)


@given(GRAPH, st.lists(st.integers(0, 3), min_size=15, max_size=15), st.integers(1, 12), st.booleans())
def test_whatever_the_graph(graph: list[list[int]], sizes: list[int], most: int, closely: bool) -> None:
    below = {
        str(n): [str(each) for each in dict.fromkeys(found) if each > n] for n, found in enumerate(graph)
    }
    found = lines(
        "0", below.__getitem__, lambda key: Weight(size=float(sizes[int(key)])), most=most, closely=closely
    )
    keys = [each.key for each in found]
    assert len(keys) == len(set(keys)) <= most
    assert keys[0] == "0"
    for number, line in enumerate(found):
        assert len(line.from_) + line.more == len(below[line.key])
        assert set(line.from_) <= set(keys)
        assert number == 0 or any(line.key in each.from_ for each in found[:number])


def test_parts_make_up_a_total_with_their_signs() -> None:
    assert signs(6.0, [1.0, 2.0, 3.0]) == (1, 1, 1)
    assert signs(12054.0, [22464.0, 7800.0, 2160.0, 450.0]) == (1, -1, -1, -1)
    assert signs(5.0, [1.0, 2.0]) is None
    assert signs(0.3, [0.1, 0.2]) == (1, 1)
    assert signs(0.0, []) is None
    assert signs(8.0, [1.0] * 10) is None
    assert signs(10.0, [1.0] * 10) == (1,) * 10
