# SPDX-License-Identifier: EUPL-1.2
"""Plans of simulations and reforms as files, YAML or JSON.

    law: aralia_law
    name: More for first children
    year: 2026
    reform: reform.yaml              # a file beside this one, or the reform itself
    population: {households: 10000, seed: 1}
    line: {variable: salary, least: 0, most: 60000}

A plan has the fields of `SimulationPlan`, and `law` with its `extensions`. `survey` and `pattern` of the
population are files beside it. A reform has the fields of `Reform`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from flagstone.blocks.rules.contract.faults import PlanInvalid, ReformInvalid
from flagstone.blocks.rules.contract.law import LawName
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.contract.simulation import SimulationPlan
from flagstone.blocks.rules.model.wire import NotOnWire, from_wire
from flagstone.kernel.errors import Fault, Flaw

BYTES_MAX = 1_000_000
_DEPTH_MAX = 8


@dataclass(frozen=True)
class Planned:
    """A plan with the law it is for; `survey` is a file or empty, `pattern` the content of one."""

    law: LawName
    plan: SimulationPlan
    survey: str = ""
    pattern: str = ""


def planned(file: Path) -> Planned:
    """Return the plan in a file; PlanInvalid and ReformInvalid with places."""
    whole = _mapping(file, PlanInvalid)
    package, extensions = whole.pop("law", ""), whole.pop("extensions", [])
    if not isinstance(package, str) or not package:
        raise PlanInvalid(flaws=(Flaw("/law", "Name the law's package."),))
    reform = whole.get("reform")
    if isinstance(reform, str):
        whole["reform"] = _mapping(file.parent / reform, ReformInvalid)
    whole.setdefault("name", file.stem)
    whole.setdefault("reform", {})
    survey, pattern = _files_of(whole, file.parent)
    try:
        plan = from_wire(SimulationPlan, whole)
        law = LawName(package, from_wire(tuple[str, ...], extensions, "/extensions"))
    except NotOnWire as wrong:
        kind = ReformInvalid if wrong.place.startswith("/reform") else PlanInvalid
        raise kind(flaws=(wrong.flaw,)) from None
    return Planned(law, plan, survey, pattern)


def reform_of(file: Path) -> Reform:
    """Return the reform in a file; ReformInvalid with places."""
    try:
        return from_wire(Reform, _mapping(file, ReformInvalid))
    except NotOnWire as wrong:
        raise ReformInvalid(flaws=(wrong.flaw,)) from None


def _files_of(whole: dict[str, Any], folder: Path) -> tuple[str, str]:
    """Take the files out that a population names: the survey's path, the pattern's content."""
    population = whole.get("population")
    if not isinstance(population, dict):
        return "", ""
    survey, pattern = population.get("survey", ""), population.pop("pattern", "")
    path = str((folder / survey).resolve()) if isinstance(survey, str) and survey else ""
    if not isinstance(pattern, str) or not pattern:
        return path, ""
    return path, _text(folder / pattern, PlanInvalid)


def _mapping(file: Path, kind: type[Fault]) -> dict[str, Any]:
    """Return what a file says, which is a mapping; dates are texts."""
    try:
        found = _plain(yaml.safe_load(_text(file, kind)), 0)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise kind(f"{file.name} is neither YAML nor JSON, or too deep") from None
    if not isinstance(found, dict):
        raise kind(f"{file.name} is no mapping")
    return found


def _text(file: Path, kind: type[Fault]) -> str:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise kind(f"{file.name} cannot be read: {error.strerror}") from None
    if len(content) > BYTES_MAX:
        raise kind(f"{file.name} is longer than {BYTES_MAX} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise kind(f"{file.name} is not UTF-8") from None


def _plain(value: Any, depth: int) -> Any:
    """Return a value with dates as texts, in values and names."""
    if depth > _DEPTH_MAX:
        raise ValueError
    if isinstance(value, Mapping):
        return {str(_plain(key, depth)): _plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, depth + 1) for each in value]
    return value.isoformat() if isinstance(value, date) else value
