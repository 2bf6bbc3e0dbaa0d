# SPDX-License-Identifier: EUPL-1.2
"""A report as one HTML file that needs nothing else: its style and pictures are in it, and no script."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from flagstone.blocks.rules.contract.simulation import Simulation
from flagstone.blocks.rules.model.plots.paper import is_right_to_left
from flagstone.blocks.rules.model.report.sections import Key, Picture, Section
from flagstone.blocks.rules.model.report.speech import Speech, Told, marked
from flagstone.blocks.rules.model.report.tables import Column, Table, shown
from flagstone.blocks.rules.model.report.whole import UNNAMED, Fact, Names, Report, report
from flagstone.blocks.rules.service.reports.spoken import spoken
from flagstone.blocks.rules.service.reports.style import STYLE

_ = marked
ROWS_OPEN_MAX = 40
"""Longer tables are opened on demand."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def report_html(
    simulation: Simulation, language: str = "en", *, currency: str = "", names: Names = UNNAMED
) -> str:
    """Return the report of a simulation that is done, in `language`; ValueError for one without findings.

    `currency` (ISO 4217) is that of the amounts, `names` what variables and parameters are called.
    """
    speech = spoken(language, currency)
    return page(report(simulation, speech, names), speech)


def page(told: Report, speech: Speech) -> str:
    """Return the file of a report."""
    direction = "rtl" if speech.right_to_left else "ltr"
    return "\n".join(
        (
            "<!DOCTYPE html>",
            f'<html lang="{escape(speech.code)}" dir="{direction}">',
            '<head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(told.title)}</title>",
            f"<style>{STYLE}</style></head>",
            "<body><main>",
            *_body(told, speech),
            "</main></body></html>\n",
        )
    )


def _body(told: Report, speech: Speech) -> Iterator[str]:
    kind, what = speech.say(_("Effects of a reform")), speech.say(_("What was simulated"))
    yield f'<p class="quiet">{escape(kind)}</p>'
    yield f"<h1>{_isolated(told.title)}</h1>"
    if told.made_up:
        yield f'<p class="notice">{escape(told.made_up)}</p>'
    yield f'<ul class="keys">{"".join(map(_key, told.keys))}</ul>'
    for section in told.sections:
        yield from _section(section, speech)
    yield f'<section aria-labelledby="what"><h2 id="what">{escape(what)}</h2>'
    yield f"<dl>{''.join(map(_fact, told.facts))}</dl>"
    yield f"{_table(told.reform, speech)}</section>"


def _key(key: Key) -> str:
    beside = f'<span class="quiet">{escape(key.beside)}</span>' if key.beside else ""
    return f"<li><span>{escape(key.words)}</span><strong>{escape(key.value)}</strong>{beside}</li>"


def _fact(fact: Fact) -> str:
    value = f'<bdi dir="ltr">{escape(fact.value)}</bdi>' if fact.technical else _isolated(fact.value)
    return f"<div><dt>{escape(fact.words)}</dt><dd>{value}</dd></div>"


def _section(section: Section, speech: Speech) -> Iterator[str]:
    yield f'<section aria-labelledby="{section.id}"><h2 id="{section.id}">{escape(section.heading)}</h2>'
    yield f"<p>{escape(section.lead)}</p>"
    for picture in section.pictures:
        yield _figure(picture, caption="" if picture.title == section.heading else picture.title)
    table = _table(section.table, speech)
    if len(section.table.rows) > ROWS_OPEN_MAX:
        table = f"<details><summary>{escape(section.table.caption)}</summary>{table}</details>"
    yield f"{table}</section>"


def _figure(picture: Picture, *, caption: str) -> str:
    told = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return (
        f"<figure>{told}"
        f'<div class="wide">{picture.wide}</div><div class="narrow">{picture.narrow}</div></figure>'
    )


def _table(table: Table, speech: Speech) -> str:
    """Return a table that scrolls by itself where it is too wide."""
    name = f"table-{table.id}"
    head = "".join(_heading(column) for column in table.columns)
    rows = "".join(
        _row(table, cells, strong=number in table.strong)
        for number, cells in enumerate(shown(table, Told(speech)))
    )
    return (
        f'<div class="scroll" role="region" aria-labelledby="{name}" tabindex="0"><table>'
        f'<caption id="{name}"><span>{escape(table.caption)}</span></caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _heading(column: Column) -> str:
    numeric = ' class="number"' if column.numeric else ""
    return f'<th scope="col"{numeric}>{escape(column.words)}</th>'


def _row(table: Table, cells: list[str], *, strong: bool) -> str:
    found = [f'<th scope="row">{_isolated(cells[0])}</th>']
    for column, cell in zip(table.columns[1:], cells[1:], strict=True):
        told = f'<bdi dir="ltr">{escape(cell)}</bdi>' if column.numeric else _isolated(cell)
        found.append(f"<td{' class=number' if column.numeric else ''}>{told}</td>")
    return f"<tr{' class=strong' if strong else ''}>{''.join(found)}</tr>"


def _isolated(text: str) -> str:
    """Return words that keep their own order among others of another direction (Unicode TR 9)."""
    return f'<bdi dir="{"rtl" if is_right_to_left(text) else "ltr"}">{escape(text)}</bdi>'
