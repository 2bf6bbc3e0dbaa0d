# SPDX-License-Identifier: EUPL-1.2
"""The one interface that a country package fills; Aralia goes through the same door as a stranger's.

A country is an importable package with a module `country` that holds one value, `COUNTRY`.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flagstone.blocks.exchange.contract.country import ExchangePlan
from flagstone.blocks.exchange.contract.news_plan import NewsPlan
from flagstone.blocks.identity.contract import FeaturedPerson, OfficeRegister, PersonRegister
from flagstone.blocks.portal.contract import LifeEvent
from flagstone.blocks.registry.contract.register import RegisterDefinition, Value
from flagstone.blocks.rules.contract.assessment import AssessmentPlan, no_assessment
from flagstone.blocks.trust.contract.country import TrustPlan, no_trust
from flagstone.kernel.errors import SettingsFault
from flagstone.kernel.ids import PersonCode

Words = Mapping[str, str]
"""The same words by language."""

Row = Mapping[str, Value]
"""One record's content by field code."""

INSTANCE = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,20}")
NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")


@dataclass(frozen=True)
class TestPerson:
    """Somebody worth signing in as: her part, and what to try, in each language."""

    __test__ = False  # not a test, whatever its name begins with

    personal_code: PersonCode = field(repr=False)
    name: str
    part: Words
    try_this: Words

    def featured(self) -> FeaturedPerson:
        """Return the person as the test authenticator shows her."""
        note = {language: f"{self.part[language]}: {self.try_this[language]}" for language in self.part}
        return FeaturedPerson(self.personal_code, note)


@dataclass(frozen=True)
class SitePlan:
    """One organisation's deployment: who it is, the registers it keeps, and what else it does for all.

    `owner` is the member of the exchange that runs it (`INSTANCE/CLASS/CODE`), empty where there is no
    exchange. `identity` marks the one site that signs persons in, `citizens` the one with their pages.
    `law` is the module of the OpenFisca package that the site computes by, empty where it computes nothing;
    `law_extensions` are modules that belong to it, `law_reforms` dotted paths of the reform classes that a
    question may bring in.
    """

    code: str
    name: Words
    owner: str = ""
    registers: tuple[str, ...] = ()
    identity: bool = False
    citizens: bool = False
    law: str = ""
    law_extensions: tuple[str, ...] = ()
    law_reforms: tuple[str, ...] = ()


ONLY_SITE = "state"
"""The name of the site of a country that has only one."""


def no_exchange() -> ExchangePlan | None:
    """Return that a country has no exchange: one site does everything."""
    return None


@dataclass(frozen=True)
class Country:
    """Everything that makes Flagstone a particular country.

    `languages` begins with the default one. `sandbox` marks a country without real persons; only there
    the test authenticator starts. `rows(register)` yields the first content of a register, and
    `test_persons` who to sign in as; both may take seconds and are asked only when the data is made.
    A country without `sites` is one site, named `state`, that does everything.
    """

    code: str
    instance: str
    name: Words
    languages: tuple[str, ...]
    sandbox: bool
    look: Path
    definitions: Callable[[], tuple[RegisterDefinition, ...]]
    rows: Callable[[str], Iterator[Row]] = lambda _register: iter(())
    test_persons: Callable[[], tuple[TestPerson, ...]] = tuple
    life_events: Callable[[], tuple[LifeEvent, ...]] = tuple
    checks: Mapping[str, Callable[[str], bool]] = field(default_factory=dict)
    persons: PersonRegister = field(default_factory=PersonRegister)
    offices: OfficeRegister = field(default_factory=OfficeRegister)
    time_zone: str = "UTC"
    sites: Callable[[], tuple[SitePlan, ...]] = tuple
    exchange: Callable[[], ExchangePlan | None] = no_exchange
    news: Callable[[], NewsPlan] = NewsPlan
    trust: Callable[[], TrustPlan | None] = no_trust
    assessment: Callable[[], AssessmentPlan | None] = no_assessment

    def plans(self, only: str = ONLY_SITE) -> tuple[SitePlan, ...]:
        """Return the country's sites, at least one; one that does everything may have any name, `only`."""
        registers = tuple(definition.code for definition in self.definitions())
        return self.sites() or (SitePlan(only, self.name, "", registers, identity=True, citizens=True),)

    def plan(self, site: str) -> SitePlan:
        """Return the plan of one site, of the first when no name is given; SettingsFault names them all."""
        plans = {plan.code: plan for plan in self.plans(site or ONLY_SITE)}
        if site and site not in plans:
            raise SettingsFault(f"site: {self.code} has no site {site}; it has {', '.join(plans)}")
        return plans[site] if site else next(iter(plans.values()))

    def __post_init__(self) -> None:
        """Refuse a country that cannot be used; SettingsFault says why."""
        if not NAME.fullmatch(self.code) or not INSTANCE.fullmatch(self.instance):
            raise SettingsFault("a country's code and instance are plain names")
        if not self.languages or any(language not in self.name for language in self.languages):
            raise SettingsFault("a country's name is given in each of its languages")
        if not self.look.is_dir():
            raise SettingsFault("the folder of the country's look is missing")
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise SettingsFault("the country's time zone is unknown") from error


def load(name: str) -> Country:
    """Return the country of package `name`; SettingsFault when there is none or it is not one."""
    if not NAME.fullmatch(name):
        raise SettingsFault("country: it must be the plain name of a package")
    module = f"{name}.country"
    try:
        found = getattr(importlib.import_module(module), "COUNTRY", None)
    except SettingsFault:
        raise
    except ModuleNotFoundError as error:
        if error.name in {name, module}:
            raise SettingsFault(f"country: there is no package {name} with a module country") from error
        raise SettingsFault(f"country: {module} needs the module {error.name}, which is missing") from error
    except Exception as error:  # a stranger's package may raise anything
        raise SettingsFault(f"country: {module} cannot be imported: {type(error).__name__}") from error
    if not isinstance(found, Country):
        raise SettingsFault(f"country: {module} holds no Country named COUNTRY")
    if found.code != name:
        raise SettingsFault(f"country: {module} has the code {found.code}; a country has its package's name")
    return found
