# SPDX-License-Identifier: EUPL-1.2
"""What a law calls its variables and parameters, in which languages, and which provisions it names for them.

A package may ship `labels/LANGUAGE.yaml` with two maps, `variables` and `parameters`, from names to words. A
parameter without a provision of its own has that of the nearest node above it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from flagstone.blocks.rules.contract.explanation import Said
from flagstone.blocks.rules.service.engine.loading import Law

_BRACKET = re.compile(r"\[\d+\]")
_ADDRESS = re.compile(r"https?://[^\s<>\"')\]]+")
_MOST = 3


class Citations:
    """The words and provisions of one law."""

    def __init__(self, law: Law, languages: Sequence[str]) -> None:
        """Speak of `law` in `languages`."""
        self._system = law.system
        self.languages = tuple(languages) or ("en",)
        self._packages = (law.snapshot.name.package, *law.snapshot.name.extensions)

    def variable(self, name: str) -> Said:
        """Return what a variable is called in each language."""
        variable = self._system.variables[name]
        own = " ".join(str(variable.label or name.replace("_", " ")).split())
        return self._said("variables", name, own)

    def parameter(self, name: str) -> Said:
        """Return what a parameter, scale or node is called in each language."""
        node = self._node(name)
        own = getattr(node, "description", None) or name.rpartition(".")[2].replace("_", " ")
        return self._said("parameters", name, " ".join(str(own).split()))

    def _said(self, kind: str, name: str, own: str) -> Said:
        return tuple((each, _label(self._packages, each, kind, name) or own) for each in self.languages)

    def of_variable(self, name: str, formula: str) -> tuple[str, ...]:
        """Return the provisions of a variable: its own, and addresses that its formula's text names."""
        variable = self._system.variables[name]
        found = [*_references(variable.reference, "")]
        function = variable.formulas.get(formula)
        for text in (getattr(function, "__doc__", None), getattr(variable, "documentation", None)):
            found += _ADDRESS.findall(text or "")
        return tuple(dict.fromkeys(found))[:_MOST]

    def of_parameter(self, name: str, day: str) -> tuple[str, ...]:
        """Return the provisions of a parameter on a day: its value's, its own, or a node's above."""
        for node in self._upwards(name):
            found = (*_at(node, day), *_references(getattr(node, "metadata", {}).get("reference"), day))
            if found:
                return tuple(dict.fromkeys(found))[:_MOST]
        return ()

    def unit(self, name: str) -> str:
        """Return the unit of a parameter; empty when it has none."""
        metadata = getattr(self._node(name), "metadata", {})
        return str(metadata.get("unit") or metadata.get("threshold_unit") or "")

    def _upwards(self, name: str) -> Iterator[Any]:
        node = self._system.parameters
        path: list[Any] = [node]
        for part in _BRACKET.sub("", name).split("."):
            node = getattr(node, "children", {}).get(part)
            if node is None:
                break
            path.append(node)
        return iter(reversed(path))

    def _node(self, name: str) -> Any:
        return next(self._upwards(name))


def _at(node: Any, day: str) -> tuple[str, ...]:
    """Return the provisions that the value of a day names itself, or the brackets of a scale."""
    if hasattr(node, "values_list"):
        value = next((each for each in node.values_list if each.instant_str <= day), None)
        return tuple(_references(getattr(value, "metadata", {}).get("reference"), day))
    found: list[str] = []
    for bracket in getattr(node, "brackets", ()):
        for child in bracket.children.values():
            found += [*_at(child, day), *_references(child.metadata.get("reference"), day)]
    return tuple(found)


def _references(told: Any, day: str) -> Iterator[str]:
    """Yield provisions however a law writes them: text, a list, with address and title, or by date."""
    if isinstance(told, str):
        yield " ".join(told.split())
    elif isinstance(told, Mapping) and ("href" in told or "title" in told):
        yield str(told.get("href") or told.get("title"))
    elif isinstance(told, Mapping):
        dated = sorted((str(date), each) for date, each in told.items())
        now = [each for date, each in dated if not day or date <= day]
        if dated:
            yield from _references(now[-1] if now else dated[0][1], day)
    elif isinstance(told, Sequence):
        for each in told:
            yield from _references(each, day)


def _label(packages: tuple[str, ...], language: str, kind: str, name: str) -> str:
    for package in packages:
        found = labels(package, language).get(kind, {}).get(name)
        if found:
            return found
    return ""


@lru_cache(maxsize=64)
def labels(package: str, language: str) -> Mapping[str, Mapping[str, str]]:
    """Return the labels that a loaded package ships for a language: words by name, by kind."""
    for folder in getattr(sys.modules.get(package), "__path__", ()):
        file = Path(folder) / "labels" / f"{language}.yaml"
        if language.isalpha() and file.is_file():
            told = yaml.safe_load(file.read_text(encoding="utf-8"))
            return {
                kind: {str(key): str(each) for key, each in (told.get(kind) or {}).items()} for kind in told
            }
    return {}
