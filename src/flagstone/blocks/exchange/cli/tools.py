# SPDX-License-Identifier: EUPL-1.2
"""What every command of the exchange needs: the site's parts, identifiers as arguments, faults as words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console

from flagstone.blocks.exchange.contract.exchange import Exchange, Governance
from flagstone.blocks.exchange.contract.globalconf import GlobalConfiguration
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMissing
from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.contract.onboarding import Onboarding
from flagstone.kernel.audit import Caller, job
from flagstone.kernel.errors import Fault

if TYPE_CHECKING:
    from flagstone.blocks.exchange.service.evidence.authorities import Authorities
    from flagstone.blocks.exchange.service.evidence.making import SigningParty

T = TypeVar("T")

OPERATOR = Caller(job("flagstone exchange"))
console = Console(stderr=True, highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class EvidenceTools:
    """What a site verifies and signs evidence with; each is asked for only when it is needed."""

    member: ClientId
    configuration: Callable[[], GlobalConfiguration]
    party: Callable[[], SigningParty]
    authorities: Authorities


def no_evidence() -> EvidenceTools:
    """Refuse, at a site without a global configuration."""
    raise ConfigurationMissing("the site follows no global configuration")


@dataclass(frozen=True)
class Tools:
    """An opened site: its exchange, the directory's governance, how new it is, and ways onto the exchange.

    `onboarding` takes the address of the door at which the first caller's server takes requests, empty
    when it is this site's own.
    """

    exchange: Exchange
    governance: Governance
    onboarding: Callable[[str], Onboarding]
    is_centre: bool
    checked_at: Callable[[], datetime | None]
    evidence: Callable[[], EvidenceTools] = no_evidence


Open = Callable[[], AbstractContextManager[Tools]]
WhyGiven = Annotated[str, typer.Option("--reason", help="Why; it is recorded.")]
Declared = Annotated[str, typer.Option("--purpose", help="What the data is asked for, in words.")]
Basis = Annotated[str, typer.Option("--basis", help="The law that permits it.")]
Endpoints = Annotated[
    list[str] | None,
    typer.Option("--endpoint", help="METHOD PATH, such as 'GET /records/*'; again for more."),
]


@contextmanager
def opened(open_site: Open) -> Iterator[Tools]:
    """Open the site; a fault becomes its title, detail, flaws and remedy, and exit status 1."""
    with explained(), open_site() as tools:
        yield tools


@contextmanager
def explained() -> Iterator[None]:
    """Turn a fault into its title, detail, flaws and remedy, and exit status 1."""
    try:
        yield
    except Fault as fault:
        console.print(f"{fault.title}. {fault.detail}".strip(), markup=False)
        for flaw in fault.flaws:
            console.print(f"  {flaw.pointer}: {flaw.message}", markup=False)
        console.print(f"{fault.remedy} ({fault.code})", markup=False)
        raise typer.Exit(1) from fault
    except OSError as error:
        console.print(f"{error.filename or 'The file'}: {error.strerror or 'cannot be used'}", markup=False)
        raise typer.Exit(1) from error


def named(read: Callable[[str], T], text: str) -> T:
    """Return what `read` makes of an argument; a message of the command line when it refuses it."""
    try:
        return read(text)
    except Fault as fault:
        raise typer.BadParameter(f"{text}: {fault.detail or fault.title}. {fault.remedy}") from fault
    except ValueError as error:
        raise typer.BadParameter(f"{text}: {error}") from error


def words(texts: Mapping[str, str]) -> str:
    """Return words in English, or in whatever language there is."""
    return texts.get("en") or next(iter(texts.values()), "")


def done(text: str) -> None:
    """Say that something is done."""
    console.print(text, markup=False)
