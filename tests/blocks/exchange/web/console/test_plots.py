# SPDX-License-Identifier: EUPL-1.2
"""Plots and sums of traffic: bars stay in their picture, and nothing is lost between spans."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.blocks.exchange.web.memory import NOW, PEOPLE, PLACES, MemoryExchange
from tests.blocks.exchange.web.sites import browser, console, text_of

from flagstone.blocks.exchange.contract.log import Side, Traffic
from flagstone.blocks.exchange.web.console.plots import HEIGHT, LEFT, WIDTH, scale, stacked
from flagstone.blocks.exchange.web.console.traffic import by_service, over_time

COUNTS = st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**7)), min_size=1, max_size=60)


@given(COUNTS)
def test_every_bar_is_inside_the_picture(counts: list[tuple[int, int]]) -> None:
    plot = stacked([low for low, _ in counts], [high for _, high in counts], ("passed", "failed"))
    assert len(plot.bars) == sum((low > 0) + (high > 0) for low, high in counts)
    for bar in plot.bars:
        assert LEFT <= bar.x <= bar.x + bar.width <= WIDTH
        assert 0 <= bar.y <= bar.y + bar.height <= HEIGHT
        assert bar.height > 0


@given(st.integers(0, 10**12))
def test_the_scale_ends_at_a_round_number_not_far_above(most: int) -> None:
    top = scale(most)
    assert top >= max(most, 4)
    assert top == 4 or (str(top).rstrip("0") in {"1", "2", "5"} and top < most * 10)


def test_nothing_is_lost_between_spans() -> None:
    since, step = NOW - timedelta(hours=1), timedelta(minutes=10)
    found = [
        Traffic(since + step * n, 600, service, side, 10, n, 5, 9)
        for n in range(6)
        for service in (PEOPLE, PLACES)
        for side in Side
    ]
    moments = over_time(found, since, step, 6)
    assert [moment.at for moment in moments] == [since + step * n for n in range(6)]
    assert sum(moment.passed + moment.failed for moment in moments) == 10 * len(found)
    lines = by_service(found)
    assert len(lines) == 4
    assert {(line.count, line.failed) for line in lines} == {(60, 15)}


def test_the_picture_has_words_and_the_table_every_number() -> None:
    page = browser(console(MemoryExchange())).get("/desk/exchange/traffic?span=hour")
    assert page.text.count('role="img"') == page.text.count("<title id=") == page.text.count("<desc id=") == 2
    assert "The same as a table" in text_of(page)
    assert page.text.count("look-plot__failed") == 29
    assert "Nothing passed" not in text_of(page)
