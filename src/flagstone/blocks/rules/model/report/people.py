# SPDX-License-Identifier: EUPL-1.2
"""Whom a reform touches: winners and losers, tenths, gains, marginal rates, inequality and poverty."""

from __future__ import annotations

import math

from flagstone.blocks.rules.contract.simulation import Decile, Scale
from flagstone.blocks.rules.model.plots.bars import Part, parts
from flagstone.blocks.rules.model.plots.columns import Columns, Series, columns
from flagstone.blocks.rules.model.plots.paper import Kind
from flagstone.blocks.rules.model.plots.parts import Axis
from flagstone.blocks.rules.model.report.money import CHANGE, LAW, REFORM, SAME_NUMBERS
from flagstone.blocks.rules.model.report.sections import Material, Picture, Section
from flagstone.blocks.rules.model.report.speech import marked
from flagstone.blocks.rules.model.report.tables import Cell, Column, Form, Table

_ = marked
WINNERS, LOSERS, UNCHANGED = _("Winners"), _("Losers"), _("Unchanged")
TENTHS = _("Tenths of the people, from the poorest")
SCALES = {
    Scale.OECD: _("Incomes are compared by the modified OECD scale."),
    Scale.ROOT: _("Incomes are compared by the square root of the number of people."),
}


def winners(material: Material) -> Section:
    """Tell which share of households gains and loses, of all and in each tenth."""
    found, say, told = material.findings, material.say, material.told
    lead = say(
        _("Of 100 households %(winners)s gain and %(losers)s lose; nothing changes for %(unchanged)s."),
        winners=told.number(found.winners * 100, 1),
        losers=told.number(found.losers * 100, 1),
        unchanged=told.number(found.unchanged * 100, 1),
    )
    shares = (found.losers, found.unchanged, found.winners)
    rows: list[tuple[Cell, ...]] = [
        (str(each.number), each.losers, 1 - each.winners - each.losers, each.winners)
        for each in found.deciles
    ]
    rows.append((say(_("All")), *shares))
    headings = zip(("losers", "unchanged", "winners"), (LOSERS, UNCHANGED, WINNERS), strict=True)
    columns_told = (
        Column("tenth", say(_("Tenth")), Form.WORDS),
        *(Column(key, say(words), Form.SHARE) for key, words in headings),
    )
    caption = say(_("Shares of households, by tenths of the people from the poorest"))
    table = Table("winners", caption, columns_told, tuple(rows), frozenset({len(rows) - 1}))
    pictures = [_shares(material, shares, lead)]
    if found.deciles:
        pictures.append(_by_tenth(material, found.deciles))
    return Section("winners", say(_("Winners and losers")), lead, table, tuple(pictures))


def _shares(material: Material, shares: tuple[float, float, float], lead: str) -> Picture:
    kinds = ((Kind.LOSS, LOSERS), (Kind.SAME, UNCHANGED), (Kind.GAIN, WINNERS))
    drawn = [
        Part(kind, material.say(words), share) for (kind, words), share in zip(kinds, shares, strict=True)
    ]
    title = material.say(_("Households that gain and lose"))
    return material.picture("shares", title, lead, lambda frame: parts(frame, drawn))


def _by_tenth(material: Material, deciles: tuple[Decile, ...]) -> Picture:
    say = material.say
    title = say(_("Households that gain and lose, by tenths"))
    series = (
        Series(Kind.GAIN, say(WINNERS), [each.winners * 100 for each in deciles]),
        Series(Kind.LOSS, say(LOSERS), [-each.losers * 100 for each in deciles]),
    )
    drawn = Columns(
        _numbers(deciles),
        series,
        Axis(say(_("Households, per cent"))),
        Axis(say(TENTHS)),
        overlaid=True,
        told=True,
        unsigned=True,
    )
    return material.picture("by-tenth", title, say(SAME_NUMBERS), lambda frame: columns(frame, drawn))


def incomes(material: Material) -> Section | None:
    """Tell the mean income of each tenth, and by how much it changes."""
    found, say, told = material.findings.deciles, material.say, material.told
    if not found:
        return None
    title = say(_("Change of income by tenths"))
    changes = [each.reform / each.law - 1 if each.law else math.nan for each in found]
    drawn = Columns(
        _numbers(found),
        _up_and_down([each * 100 for each in changes], say(CHANGE)),
        Axis(say(_("Change of income, per cent"))),
        Axis(say(TENTHS)),
        overlaid=True,
        told=True,
    )
    picture = material.picture("tenths", title, say(SAME_NUMBERS), lambda frame: columns(frame, drawn))
    columns_told = (
        Column("tenth", say(_("Tenth")), Form.WORDS),
        Column("law", say(LAW)),
        Column("reform", say(REFORM)),
        Column("change", say(CHANGE), Form.CHANGE),
        Column("change_share", say(_("Change, per cent")), Form.SHARE_CHANGE),
    )
    rows = tuple(
        (str(each.number), each.law, each.reform, each.reform - each.law, change)
        for each, change in zip(found, changes, strict=True)
    )
    caption = told.with_unit(say(_("Mean income of a person, compared by household")), told.yearly(1.0))
    lead = say(SCALES[material.findings.scale])
    table = Table("incomes", caption, columns_told, rows)
    return Section("incomes", say(_("Incomes by tenths")), lead, table, (picture,))


def _up_and_down(values: list[float], words: str) -> tuple[Series, ...]:
    """Return gains and losses as series of their own, so that losses are hatched."""
    gains = [value if value >= 0 else math.nan for value in values]
    losses = [value if value < 0 else math.nan for value in values]
    made = ((Kind.GAIN, gains), (Kind.LOSS, losses))
    return tuple(
        Series(kind, words, each) for kind, each in made if any(map(math.isfinite, each)) or kind is Kind.GAIN
    )


def _numbers(deciles: tuple[Decile, ...]) -> list[str]:
    return [str(each.number) for each in deciles]


def gains(material: Material) -> Section | None:
    """Tell how many households gain and lose how much."""
    found, say, told = material.findings.gainers, material.say, material.told
    if not found:
        return None
    title = say(_("How much households gain or lose"))
    bins = [each for each in found if not _unchanged(each[0], each[1])]
    counts = [each[2] if (each[0] or 0) > 0 else math.nan for each in bins]
    losses = [each[2] if (each[1] or 0) < 0 else math.nan for each in bins]
    drawn = Columns(
        _edges(material, bins),
        (Series(Kind.LOSS, say(LOSERS), losses), Series(Kind.GAIN, say(WINNERS), counts)),
        told.axis_of_households([each[2] for each in bins]),
        Axis(told.with_unit(say(_("Gain of a household")), told.yearly(1.0))),
        edges=True,
        overlaid=True,
    )
    picture = material.picture("gains", title, say(SAME_NUMBERS), lambda frame: columns(frame, drawn))
    columns_told = (
        Column("gain", told.with_unit(say(_("Gain")), told.yearly(1.0)), Form.WORDS),
        Column("households", say(_("Households"))),
        Column("sum", told.with_unit(say(_("Gain of all of them")), told.yearly(1.0)), Form.CHANGE),
    )
    rows = tuple((_between(material, low, high), households, total) for low, high, households, total in found)
    table = Table("gains", say(_("Households by how much they gain or lose")), columns_told, rows)
    lead = say(_("Households whose income stays the same are in the table and not in the picture."))
    return Section("gains", title, lead, table, (picture,), folded=True)


def _unchanged(low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and low <= 0 <= high


def _edges(material: Material, bins: list[tuple[float | None, float | None, float, float]]) -> list[str]:
    """Return what stands at the edges of bins; nothing where one is open."""
    if not bins:
        return []
    edges = [bins[0][0], *(each[1] for each in bins)]
    return ["" if edge is None else _edge(material, edge).strip("\u2066\u2069") for edge in edges]


def _edge(material: Material, edge: float) -> str:
    """Return an edge; the smallest gain that counts is written as nothing."""
    if abs(edge) < 0.01:
        return material.told.number(0)
    places = 2 if math.isfinite(edge) and round(edge, 2) % 1 else 0
    return material.told.apart(material.told.number(edge, places))


def _between(material: Material, low: float | None, high: float | None) -> str:
    say = material.say
    if _unchanged(low, high):
        return say(UNCHANGED)
    if low is None:
        return say(_("below %(high)s"), high=_edge(material, high or 0.0))
    if high is None:
        return say(_("%(low)s and more"), low=_edge(material, low))
    return say(_("%(low)s to %(high)s"), low=_edge(material, low), high=_edge(material, high))


def marginal(material: Material) -> Section | None:
    """Tell what the state takes of one more unit earned, by shares of those who earn."""
    found, say = material.findings.marginal, material.say
    if not found:
        return None
    title = say(_("What the state takes of a little more pay"))
    series = (
        Series(Kind.LAW, say(LAW), [each[2] * 100 for each in found]),
        Series(Kind.REFORM, say(REFORM), [each[3] * 100 for each in found]),
    )
    edges = ["", *(material.told.number(each[0] * 100) for each in found[1:]), ""]
    drawn = Columns(
        edges,
        series,
        Axis(say(_("Households with pay, per cent"))),
        Axis(say(_("Marginal rate, per cent"))),
        edges=True,
    )
    picture = material.picture("marginal", title, say(SAME_NUMBERS), lambda frame: columns(frame, drawn))
    columns_told = (
        Column("rate", say(_("Marginal rate, per cent")), Form.WORDS),
        Column("law", say(LAW), Form.SHARE),
        Column("reform", say(REFORM), Form.SHARE),
        Column("change", say(_("Change, percentage points")), Form.SHARE_CHANGE),
    )
    last = len(found) - 1
    rows = tuple(
        (
            _between(material, None if place == 0 else low * 100, None if place == last else high * 100),
            law,
            reform,
            reform - law,
        )
        for place, (low, high, law, reform) in enumerate(found)
    )
    table = Table("marginal", say(_("Shares of households with pay, by marginal rate")), columns_told, rows)
    lead = say(
        _("The best paid person of each household earns a little more; the rate is what of it is lost.")
    )
    return Section("marginal", title, lead, table, (picture,), folded=True)


def spread(material: Material) -> Section:
    """Tell inequality and poverty."""
    found, say, told = material.findings, material.say, material.told
    heading = say(_("Inequality and poverty"))
    lead = say(_("Poor is who has less than 60 per cent of the median income of the same run."))
    columns_told = (
        Column("measure", say(_("Measure")), Form.WORDS),
        Column("law", say(LAW)),
        Column("reform", say(REFORM)),
        Column("change", say(CHANGE), Form.CHANGE),
    )
    measures = [
        (say(_("Gini coefficient")), found.gini_law, found.gini_reform, Form.INDEX),
        (say(_("People who are poor")), found.poor_law, found.poor_reform, Form.SHARE),
    ]
    if found.median_law or found.median_reform:
        name = told.with_unit(say(_("Median income")), told.yearly(1.0))
        measures.append((name, found.median_law, found.median_reform, Form.COUNT))
    rows = tuple((name, law, reform, reform - law) for name, law, reform, _form in measures)
    table = Table(
        "spread",
        say(_("Gini coefficient, poverty and median income")),
        columns_told,
        rows,
        forms=tuple(each[3] for each in measures),
    )
    return Section("spread", heading, lead, table)
