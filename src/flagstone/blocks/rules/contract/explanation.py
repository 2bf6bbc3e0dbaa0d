# SPDX-License-Identifier: EUPL-1.2
"""An explanation: in which steps a value came about, by which provisions, and what decided it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flagstone.blocks.rules.contract.calculation import JsonValue, Outcome

Said = Sequence[tuple[str, str]]
"""The same words in several languages: pairs of a language (BCP 47) and the words."""

STEPS_MAX = 12
"""How many steps are told when nobody asks for more."""


@dataclass(frozen=True)
class Wanted:
    """What to explain, and how.

    `languages` (BCP 47) are those of the words; the law's own words stand where it has none in a language.
    `steps_max` bounds the steps for each value asked. `below` is the key of a step to go on from, empty for
    the values that the situation asks for. `influences` asks what was decisive, which computes more.
    """

    languages: tuple[str, ...] = ("en",)
    steps_max: int = STEPS_MAX
    below: str = ""
    influences: bool = True


@dataclass(frozen=True)
class Bracket:
    """A bracket of a scale as it was used: from which amount, at which rate or amount, and what it made.

    `number` counts from 0; `base` is how much of the amount fell into it.
    """

    number: int
    threshold: float
    rate: float | None = None
    amount: float | None = None
    base: float = 0.0
    result: float = 0.0


@dataclass(frozen=True)
class ParameterUsed:
    """A parameter that a step read: its dotted name, label, the day as of which, value and provisions.

    A scale has no value, but the brackets that the amount reached. `label` is in the first language that was
    wanted, `labels` in each.
    """

    name: str
    label: str
    day: str
    value: JsonValue = None
    unit: str = ""
    brackets: tuple[Bracket, ...] = ()
    references: tuple[str, ...] = ()
    labels: Said = ()


@dataclass(frozen=True)
class Step:
    """One value on the way: `key` is `variable<period>@instance`.

    `formula` is the day from which the formula that made it holds, empty for an input or a default. `from_`
    are keys of the steps that it was made from and that are told; `more` counts those that are not told here,
    and `Wanted.below` with this step's key goes on to them. `label` is in the first language that was wanted,
    `labels` in each. `words` say it by language. `why_zero` says by language why it is nothing, empty when it
    is something. `unit` is the law's (`XAM`, `month`), empty for what has none.
    Where the law names no provision for a step or its parameters, `references` are those of the step that
    asked for it, or of the one that asked for that, and `under` says by language which that is.
    """

    key: str
    variable: str
    instance: str
    period: str
    value: JsonValue = field(repr=False)
    label: str
    formula: str = ""
    is_input: bool = False
    decisive: bool = False
    from_: tuple[str, ...] = ()
    more: int = 0
    parameters: tuple[ParameterUsed, ...] = ()
    references: tuple[str, ...] = ()
    words: Said = field(default=(), repr=False)
    why_zero: Said = field(default=(), repr=False)
    labels: Said = ()
    unit: str = ""
    under: Said = ()


@dataclass(frozen=True)
class Influence:
    """What an input changes: had it been `other` and not `value`, the value asked for would be `becomes`."""

    of: str  # the key of the value asked for
    input: str  # the key of the input
    value: JsonValue = field(repr=False)
    other: JsonValue = field(repr=False)
    becomes: JsonValue = field(repr=False)
    words: Said = field(default=(), repr=False)


@dataclass(frozen=True)
class Explanation:
    """The steps of every value that was asked for, from the value down; and what was decisive, most first.

    `untried` counts inputs of which nobody found out whether they decide, since there are too many.
    """

    law_digest: str
    asked: tuple[str, ...]
    steps: tuple[Step, ...]
    influences: tuple[Influence, ...] = ()
    untried: int = 0

    def step(self, key: str) -> Step | None:
        """Return a step by its key."""
        return next((each for each in self.steps if each.key == key), None)


@dataclass(frozen=True)
class Explained:
    """An outcome with its explanation, both of one calculation.

    `read` are the parameters that the whole calculation read, as `name@day`, sorted: more than steps tell.
    """

    outcome: Outcome
    explanation: Explanation
    read: tuple[str, ...] = ()


def said_in(words: Said, language: str) -> str:
    """Return what is said in a language, else in the first there is; empty when nothing is."""
    return dict(words).get(language) or next((each for _, each in words), "")
