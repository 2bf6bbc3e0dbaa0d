# SPDX-License-Identifier: EUPL-1.2
"""Explanations as JSON and back, without what is empty; and as the bytes of which a digest is taken.

A label stands there once, by language; the first language's is the label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from flagstone.blocks.rules.contract.explanation import Explained, Explanation
from flagstone.blocks.rules.model import wire
from flagstone.blocks.rules.model.canonical_json import encode
from flagstone.blocks.rules.model.wire import NotOnWire, on_wire
from flagstone.kernel.errors import Flaw


def to_wire(told: Explained | Explanation) -> dict[str, Any]:
    """Return an explanation, with its outcome or alone, as JSON."""
    found: dict[str, Any] = _short(told)
    return found


def explained_from_wire(document: object) -> Explained:
    """Return what `to_wire` made JSON of; NotOnWire names the place of what is wrong."""
    return wire.from_wire(Explained, _labelled(document))


def explanation_from_wire(document: object) -> Explanation:
    """Return what `to_wire` made JSON of; NotOnWire names the place of what is wrong."""
    return wire.from_wire(Explanation, _labelled(document))


def canonical_bytes(explanation: Explanation) -> bytes:
    """Return the bytes of a digest: the same for the same explanation, in either mode, at any time."""
    return encode(to_wire(explanation))


def _short(value: Any) -> Any:
    """Return a value as JSON without fields that have their default."""
    if is_dataclass(value) and not isinstance(value, type):
        told = {
            each.name.rstrip("_"): _short(getattr(value, each.name))
            for each in fields(value)
            if each.default is MISSING or getattr(value, each.name) != each.default
        }
        labels = getattr(value, "labels", ())
        if labels and told.get("label") == labels[0][1]:
            del told["label"]
        return told
    if isinstance(value, Mapping):
        return {str(key): _short(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_short(each) for each in value]
    return on_wire(value)


def _labelled(value: Any) -> Any:
    """Return a document with each label in its place."""
    if isinstance(value, Mapping):
        whole = {key: _labelled(each) for key, each in value.items()}
        labels = whole.get("labels")
        if labels and "label" not in whole:
            whole["label"] = _first(labels)
        return whole
    return [_labelled(each) for each in value] if isinstance(value, list | tuple) else value


def _first(labels: Any) -> Any:
    try:
        return labels[0][1]
    except (TypeError, LookupError):
        raise NotOnWire(Flaw("/labels", "Labels are a list of pairs of a language and a text.")) from None
