# SPDX-License-Identifier: EUPL-1.2
"""What is printed once the country answers: where, whom to sign in as, and what to try."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flagstone.app import seeding
from flagstone.country import Country
from flagstone.settings.options import Settings


def greet(console: Console, country: Country, settings: Settings) -> None:
    """Print where a site answers, whom to sign in as and what to try."""
    _address(console, country, settings)
    if country.plan(settings.site).identity:
        _persons(console, country, settings)
    console.print("\nCtrl-C stops it.")


def greet_all(console: Console, country: Country, sites: Sequence[Settings]) -> None:
    """Print where the country and each of its sites answer, and whom to sign in as."""
    by_code = {settings.site: settings for settings in sites}
    first = next(by_code[plan.code] for plan in country.plans() if plan.citizens)
    _address(console, country, first)
    table = Table.grid(padding=(0, 2))
    for plan in country.plans():
        table.add_row("", *_doors(by_code[plan.code], plan.name[country.languages[0]]))
    console.print(table)
    signs_in = next(plan.code for plan in country.plans() if plan.identity)
    _persons(console, country, by_code[signs_in])
    console.print("\nCtrl-C stops them all; `flagstone sites stop NAME` stops one.", markup=False)


def _address(console: Console, country: Country, settings: Settings) -> None:
    """Print the country's name and address."""
    name = escape(country.name[country.languages[0]])
    console.print(f"\n[bold]{name}[/] answers at [bold]{escape(settings.public_url)}[/]", soft_wrap=True)


def _doors(settings: Settings, name: str) -> tuple[str, str, str, str]:
    """Return a line of one site: its code, address, the exchange's door for its systems, and its name."""
    exchange = f"exchange :{settings.exchange.client_port} ({settings.exchange.transport})"
    return f"[bold]{settings.site}[/]", escape(settings.public_url), exchange, escape(name)


def _persons(console: Console, country: Country, settings: Settings) -> None:
    """Print the test persons of a sandbox country."""
    if not country.sandbox:
        return
    language = country.languages[0]
    console.print("\nEverybody here is made up. Sign in as\n")
    persons = Table.grid(padding=(0, 2))
    for person in seeding.test_persons(settings.folder):
        words = f"{person.part[language]}: {person.try_this[language]}"
        persons.add_row("", f"[bold]{escape(person.name)}[/]", escape(words))
    console.print(persons)
