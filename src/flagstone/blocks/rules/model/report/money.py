# SPDX-License-Identifier: EUPL-1.2
"""What a reform costs or brings the state, and what it changes along one amount."""

from __future__ import annotations

from flagstone.blocks.rules.contract.simulation import BudgetLine, Curve
from flagstone.blocks.rules.model.plots.bars import Bar, bars
from flagstone.blocks.rules.model.plots.lines import Line, Lines, lines
from flagstone.blocks.rules.model.plots.paper import Kind
from flagstone.blocks.rules.model.report.sections import Material, Picture, Section
from flagstone.blocks.rules.model.report.speech import marked
from flagstone.blocks.rules.model.report.tables import Cell, Column, Form, Table

_ = marked
LAW, REFORM, CHANGE = _("Law as it is"), _("Reform"), _("Change")
SAME_NUMBERS = _("The table has each number.")


def balance(lines_told: tuple[BudgetLine, ...]) -> tuple[float, float]:
    """Return what the state has of all the lines, under the law and under the reform."""
    law = sum(each.sign * each.law for each in lines_told)
    return law, sum(each.sign * each.reform for each in lines_told)


def budget(material: Material) -> Section | None:
    """Tell how each variable changes the state's balance."""
    found = material.findings.budget
    if not found:
        return None
    say, told = material.say, material.told
    law, reform = balance(found)
    title = say(_("Change of the state's balance"))
    drawn = [Bar(_name(material, each), each.sign * (each.reform - each.law)) for each in found]
    drawn.append(Bar(say(_("All together")), reform - law))
    axis = told.axis_of_amounts((bar.value for bar in drawn), title)
    picture = material.picture(
        "budget", title, _balance_words(material), lambda frame: bars(frame, drawn, axis)
    )
    rows: list[tuple[Cell, ...]] = [
        (_name(material, each), each.law * each.sign, each.reform * each.sign, bar.value, _percent(each))
        for each, bar in zip(found, drawn, strict=False)
    ]
    rows.append((say(_("All together")), law, reform, reform - law, _part(law, reform)))
    columns = (
        Column("variable", say(_("What")), Form.WORDS),
        Column("law", say(LAW)),
        Column("reform", say(REFORM)),
        Column("change", say(CHANGE), Form.CHANGE),
        Column("change_share", say(_("Change, per cent")), Form.SHARE_CHANGE),
    )
    caption = told.with_unit(say(_("What the state has, minus what it gives")), told.yearly(1.0))
    table = Table("budget", caption, columns, tuple(rows), frozenset({len(rows) - 1}))
    return Section("budget", say(_("The state's balance")), _balance_words(material), table, (picture,))


def _balance_words(material: Material) -> str:
    law, reform = balance(material.findings.budget)
    change = reform - law
    if abs(change) < 0.5:
        return material.say(_("The state's balance stays as it is."))
    message = (
        _("The reform costs the state %(amount)s.")
        if change < 0
        else _("The reform brings the state %(amount)s.")
    )
    return material.say(message, amount=material.told.amount(abs(change)))


def _name(material: Material, line: BudgetLine) -> str:
    return material.label(line.variable, line.label)


def _percent(line: BudgetLine) -> float | None:
    return _part(line.law, line.reform)


def _part(law: float, reform: float) -> float | None:
    """Return by which part of what it was something changed; nothing has no part."""
    return (reform - law) / abs(law) if law else None


def curve(material: Material) -> Section | None:
    """Tell a household's income while one amount moves."""
    found = material.findings.curve
    if found is None or not found.moved:
        return None
    say, told = material.say, material.told
    name = material.label(found.variable)
    columns = (
        Column("moved", told.with_unit(name, told.yearly(1.0))),
        Column("law", say(LAW)),
        Column("reform", say(REFORM)),
        Column("change", say(CHANGE), Form.CHANGE),
    )
    rows = tuple(
        (moved, law, reform, reform - law)
        for moved, law, reform in zip(found.moved, found.law, found.reform, strict=True)
    )
    caption = say(_("Income of one household by: %(what)s"), what=name)
    table = Table("curve", caption, columns, rows)
    lead = say(
        _("What one household has left when nothing else of it changes than this: %(what)s."), what=name
    )
    pictures = (_levels(material, found, name), _differences(material, found, name))
    return Section("curve", say(_("One household's income")), lead, table, pictures, folded=True)


def _levels(material: Material, found: Curve, name: str) -> Picture:
    say, told = material.say, material.told
    title = say(_("Income left"))
    drawn = Lines(
        found.moved,
        (Line(Kind.LAW, say(LAW), found.law), Line(Kind.REFORM, say(REFORM), found.reform)),
        told.axis_of_amounts(found.moved, name),
        told.axis_of_amounts((*found.law, *found.reform), title),
    )
    return material.picture("curve", title, say(SAME_NUMBERS), lambda frame: lines(frame, drawn))


def _differences(material: Material, found: Curve, name: str) -> Picture:
    say, told = material.say, material.told
    title = say(_("What the reform changes"))
    changed = tuple(reform - law for law, reform in zip(found.law, found.reform, strict=True))
    drawn = Lines(
        found.moved,
        (Line(Kind.REFORM, title, changed),),
        told.axis_of_amounts(found.moved, name),
        told.axis_of_amounts(changed, title),
    )
    return material.picture("curve-change", title, say(SAME_NUMBERS), lambda frame: lines(frame, drawn))
