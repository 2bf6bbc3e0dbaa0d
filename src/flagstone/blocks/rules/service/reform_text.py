# SPDX-License-Identifier: EUPL-1.2
"""A reform as text, YAML or JSON, as somebody sends it: read within bounds, with flaws at their places."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any

import yaml

from flagstone.blocks.rules.contract.faults import ReformInvalid
from flagstone.blocks.rules.contract.reform import Reform
from flagstone.blocks.rules.model.wire import NotOnWire, from_wire
from flagstone.kernel.errors import Flaw
from flagstone.platform.http.language import marked

_ = marked
LENGTH_MAX = 60_000
NESTED_MAX = 8
_NODES_MAX = 10_000
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NOTE = "name"


def read_reform(text: str) -> Reform:
    """Return the reform that a text describes (YAML 1.1, of which JSON is a part); ReformInvalid.

    References within the text (YAML's aliases) are refused: they can make little text very much.
    """
    if len(text) > LENGTH_MAX:
        raise ReformInvalid(flaws=(Flaw("", _("The text is too long.")),))
    found = _loaded(text)
    if not isinstance(found, dict):
        raise ReformInvalid(flaws=(Flaw("", _("The text is no reform: it has no part named parameters.")),))
    try:
        return from_wire(Reform, found)
    except NotOnWire as wrong:
        raise ReformInvalid(flaws=(wrong.flaw,)) from None


def reform_text(reform: Reform) -> str:
    """Return a reform as YAML that `read_reform` reads."""
    whole: dict[str, Any] = {}
    if reform.name:
        whole[_NOTE] = reform.name
    whole["parameters"] = {path: dict(dated) for path, dated in reform.parameters.items()}
    if reform.neutralized:
        whole["neutralized"] = list(reform.neutralized)
    if reform.packages:
        whole["packages"] = list(reform.packages)
    return str(yaml.safe_dump(whole, sort_keys=False, allow_unicode=True))


def _loaded(text: str) -> Any:
    with suppress(ValueError, RecursionError):  # JSON is read as JSON: YAML 1.1 takes 1e6 for a text
        return _plain(json.loads(text, parse_constant=_refused), 0)
    try:
        _require_plain(text)
        return _plain(yaml.load(text, Loader=_Loader), 0)  # noqa: S506 - a safe loader, maybe the one in C
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
        flaw = Flaw(f"line {line}", _("The text is neither YAML nor JSON here."))
    except (yaml.YAMLError, ValueError, RecursionError):
        flaw = Flaw("", _("The text is neither YAML nor JSON, or too deep."))
    raise ReformInvalid(flaws=(flaw,))


def _refused(constant: str) -> Any:
    """Refuse what is no number in JSON (RFC 8259)."""
    raise ValueError(constant)


def _require_plain(text: str) -> None:
    """Raise ValueError for text that refers to itself, or nests or has more than a reform may."""
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=_Loader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or depth > NESTED_MAX or number > _NODES_MAX:
            raise ValueError


def _plain(value: Any, depth: int) -> Any:
    """Return a value with dates as texts, in values and names; ValueError for one nested too deep."""
    if depth > NESTED_MAX:
        raise ValueError
    if isinstance(value, Mapping):
        return {str(_plain(key, depth)): _plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, depth + 1) for each in value]
    return value.isoformat() if isinstance(value, date) else value
