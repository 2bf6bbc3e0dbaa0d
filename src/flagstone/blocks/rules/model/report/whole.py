# SPDX-License-Identifier: EUPL-1.2
"""The whole of what is told of a simulation: first figures, sections, and what exactly was simulated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.contract.simulation import Simulation
from flagstone.blocks.rules.model.report import money, people
from flagstone.blocks.rules.model.report.sections import Key, Maker, Material, Section, sections
from flagstone.blocks.rules.model.report.speech import Speech, Told, marked
from flagstone.blocks.rules.model.report.tables import Column, Form, Table

_ = marked

MAKERS: tuple[Maker, ...] = (
    money.budget,
    people.winners,
    people.incomes,
    people.gains,
    people.marginal,
    money.curve,
    people.spread,
)


@dataclass(frozen=True)
class Fact:
    """A line of what was simulated; `technical` values are read from left to right in every language."""

    words: str
    value: str
    technical: bool = False


@dataclass(frozen=True)
class Report:
    """Everything about a simulation that is done, in one language."""

    title: str
    keys: tuple[Key, ...]
    sections: tuple[Section, ...]
    reform: Table
    facts: tuple[Fact, ...]
    made_up: str

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table, the reform's first."""
        return (self.reform, *(each.table for each in self.sections))


@dataclass(frozen=True)
class Names:
    """What variables and parameters are called in a language, by name; empty where nobody knows."""

    variables: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)


UNNAMED = Names()


def report(simulation: Simulation, speech: Speech, names: Names = UNNAMED) -> Report:
    """Return what is told of a simulation; ValueError for one without findings."""
    if simulation.findings is None:
        raise ValueError("a report needs findings")
    material = Material(simulation.findings, speech, names.variables)
    return Report(
        simulation.plan.name or speech.say(_("Simulation")),
        tuple(keys(material)),
        tuple(sections(material, MAKERS)),
        reform_table(simulation.plan.reform, speech, names),
        tuple(facts(simulation, speech)),
        made_up(simulation, speech),
    )


def made_up(simulation: Simulation, speech: Speech) -> str:
    """Return the warning that the people were made up, empty where a survey tells of real ones."""
    if simulation.plan.population.survey:
        return ""
    return speech.say(
        _("These households are made up. They show how the reform works, and are nobody's statistics.")
    )


def keys(material: Material) -> Iterator[Key]:
    """Yield the figures that are told first."""
    found, say, told = material.findings, material.say, material.told
    if found.budget:
        law, reform = money.balance(found.budget)
        change = reform - law
        yield Key(say(_("Change of the state's balance")), told.amount(change))
    yield Key(say(people.WINNERS), told.share(found.winners), say(_("of households")))
    yield Key(say(people.LOSERS), told.share(found.losers), say(_("of households")))
    gini = (told.number(each, 3) for each in (found.gini_law, found.gini_reform))
    yield _beside(material, say(_("Gini coefficient")), *gini)
    poor = (told.share(each, 1) for each in (found.poor_law, found.poor_reform))
    yield _beside(material, say(_("People who are poor")), *poor)


def _beside(material: Material, words: str, law: str, reform: str) -> Key:
    return Key(words, reform, material.say(_("%(value)s under the law as it is"), value=law))


def reform_table(reform: Reform, speech: Speech, names: Names = UNNAMED) -> Table:
    """Return every change of a reform as a row."""
    say = speech.say
    rows: list[tuple[str, str, str, str]] = []
    for path, dated in reform.parameters.items():
        label = names.parameters.get(path, "")
        rows += [(path, label, when, _value(value, speech)) for when, value in dated.items()]
    rows += [
        (name, names.variables.get(name, ""), "", say(_("counts as nothing"))) for name in reform.neutralized
    ]
    rows += [(package, "", "", say(_("a reform that is a package"))) for package in reform.packages]
    columns = (
        Column("name", say(_("Name in the law")), Form.WORDS),
        Column("label", say(_("What it is")), Form.WORDS),
        Column("from", say(_("From")), Form.WORDS),
        Column("value", say(_("New value")), Form.WORDS),
    )
    return Table("reform", say(_("What the reform changes")), columns, tuple(rows))


def _value(value: object, speech: Speech) -> str:
    if value is None:
        return speech.say(_("no longer there"))
    if isinstance(value, bool):
        return speech.say(_("yes")) if value else speech.say(_("no"))
    return str(value)


def facts(simulation: Simulation, speech: Speech) -> Iterator[Fact]:
    """Yield what exactly was simulated, so that it can be done again."""
    plan, say = simulation.plan, speech.say
    yield Fact(say(_("Number")), simulation.number, technical=True)
    yield Fact(say(_("Year")), str(plan.year), technical=True)
    yield Fact(say(_("People")), _population(simulation, speech))
    if simulation.findings is not None:
        numbers = Told(speech)
        count = numbers.number(simulation.findings.people)
        households = numbers.number(simulation.findings.households)
        told = say(_("%(people)s people in %(households)s households"), people=count, households=households)
        yield Fact(say(_("They stand for")), told)
    if simulation.law is not None:
        parts = ", ".join(f"{each.distribution} {each.version}" for each in simulation.law.parts)
        yield Fact(say(_("Law")), parts or simulation.law.name.package, technical=True)
        yield Fact(say(_("The law's fingerprint (SHA-256)")), simulation.law.digest, technical=True)
    if simulation.seconds:
        yield Fact(say(_("Time taken")), say(_("%(count)s s"), count=speech.number(simulation.seconds, 1)))


def _population(simulation: Simulation, speech: Speech) -> str:
    population = simulation.plan.population
    if population.survey:
        return speech.say(_("The survey %(name)s"), name=population.survey)
    return speech.say(
        _("%(count)s made-up households, drawn with the number %(seed)s"),
        count=speech.number(population.households, 0),
        seed=str(population.seed),
    )
