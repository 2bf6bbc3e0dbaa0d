# SPDX-License-Identifier: EUPL-1.2
"""What was computed of a situation by place, and the situation as somebody claims that it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flagstone.blocks.rules.contract.calculation import JsonValue, Situation
from flagstone.blocks.rules.contract.decision import Decision, Fact, Origin
from flagstone.blocks.rules.model.situations import asked
from flagstone.kernel.errors import Flaw

CLAIMS_MAX = 100
_DEPTH = 4
_TEXT_LENGTH_MAX = 200


def outputs_of(situation: Situation, values: Situation) -> dict[str, JsonValue]:
    """Return every value that `situation` asks for, by its place, out of the computed `values`."""
    return {each.pointer: at(values, each.pointer) for each in asked(situation)}


def at(situation: Situation, place: str) -> JsonValue:
    """Return the value at an RFC 6901 place; KeyError when there is none."""
    found: JsonValue = situation
    for key in path_of(place):
        if not isinstance(found, Mapping):
            raise KeyError(place)
        found = found[key]
    return found


def path_of(place: str) -> tuple[str, ...]:
    """Return the keys of an RFC 6901 place."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in place.split("/")[1:])


@dataclass(frozen=True)
class Claims:
    """What an appeal claims about a decision, with the flaws of what it claims."""

    decision: Decision
    claimed: Mapping[str, JsonValue]

    def flaws(self) -> tuple[Flaw, ...]:
        """Return what is wrong: nothing or too much is claimed, a place is no fact, a value is none."""
        if not self.claimed:
            return (Flaw("", "Name at least one fact that is otherwise."),)
        if len(self.claimed) > CLAIMS_MAX:
            return (Flaw("", f"At most {CLAIMS_MAX} facts may be named at once."),)
        return tuple(self._flaws())

    def situation(self) -> Situation:
        """Return the decision's situation with the claimed values in place; for claims without flaws."""
        whole: dict[str, Any] = _copied(self.decision.situation)
        for place, value in self.claimed.items():
            plural, instance, variable, period = path_of(place)
            whole[plural][instance].setdefault(variable, {})[period] = value
        return whole

    def facts(self, appeal: str) -> tuple[Fact, ...]:
        """Return the facts of a decision that upholds the claims: the claimed ones come from the person."""
        kept = tuple(each for each in self.decision.facts if each.place not in self.claimed)
        return kept + tuple(Fact(place, Origin.PERSON, source=appeal) for place in sorted(self.claimed))

    def missing(self) -> tuple[str, ...]:
        """Return the variables that nobody could tell and that the claims do not tell either."""
        told = {path_of(place)[2] for place in self.claimed}
        return tuple(each for each in self.decision.missing if each not in told)

    def _flaws(self) -> Iterator[Flaw]:
        outputs = self.decision.outputs
        for place, value in self.claimed.items():
            if not _is_scalar(value):
                yield Flaw(place, "A fact is a number, a text, or true or false.")
            elif place in outputs:
                yield Flaw(place, "This is what was decided; name the fact behind it that is otherwise.")
            elif not self._is_fact(place):
                yield Flaw(place, "The decision has no fact of that place.")

    def _is_fact(self, place: str) -> bool:
        path = path_of(place)
        if not place.startswith("/") or len(path) != _DEPTH or not all(path):
            return False
        try:
            instance = at(self.decision.situation, "/".join(place.split("/")[:3]))
        except KeyError:
            return False
        if not isinstance(instance, Mapping):
            return False
        known = instance.get(path[2])
        return known is None or isinstance(known, Mapping)


def _is_scalar(value: JsonValue) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= _TEXT_LENGTH_MAX
    return isinstance(value, bool | int | float)


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list | tuple) else value
