# SPDX-License-Identifier: EUPL-1.2
"""A law's parameters as they stand on a day, brackets of scales part by part, with their words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openfisca_core.parameters import Parameter, ParameterScale

from flagstone.blocks.rules.service.engine.citing import Citations
from flagstone.blocks.rules.service.engine.loading import Law

_LENGTH_MAX = 300


def listed(law: Law, day: str, languages: Sequence[str]) -> dict[str, Any]:
    """Return `entries`, as `contract.lawbook.Entry` has them, and the words of `variables`, as JSON."""
    citations = Citations(law, languages)
    entries = [
        entry for node in law.system.parameters.get_descendants() for entry in _entries(node, day, citations)
    ]
    entries.sort(key=lambda each: str(each["name"]))
    variables = {name: dict(citations.variable(name)) for name in sorted(law.system.variables)}
    return {"entries": entries, "variables": variables}


def _entries(node: Any, day: str, citations: Citations) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of a parameter or a scale; a node has none of its own."""
    if isinstance(node, ParameterScale):
        words = dict(citations.parameter(node.name))
        for number, bracket in enumerate(node.brackets):
            for part, parameter in bracket.children.items():
                unit = str(node.metadata.get(f"{part}_unit", ""))
                yield _entry(f"{node.name}[{number}].{part}", words, parameter, day) | {"unit": unit}
    elif isinstance(node, Parameter):
        words = dict(citations.parameter(node.name))
        yield _entry(node.name, words, node, day) | {"unit": citations.unit(node.name)}


def _entry(name: str, words: Mapping[str, str], parameter: Parameter, day: str) -> dict[str, Any]:
    held = next((each for each in parameter.values_list if each.instant_str <= day), None)
    value = None if held is None else held.value
    if not isinstance(value, bool | int | float | str | None):
        value = str(value)[:_LENGTH_MAX]
    since = held.instant_str if held is not None and value is not None else ""
    return {"name": name, "words": words, "value": value, "since": since}
