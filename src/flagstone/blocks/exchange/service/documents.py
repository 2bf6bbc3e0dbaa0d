# SPDX-License-Identifier: EUPL-1.2
"""JSON or YAML text as plain data, within bounds: no anchors (which multiply), no depth, no other tags."""

from __future__ import annotations

import json
from typing import Any

import yaml

from flagstone.blocks.exchange.contract.faults import DescriptionRefused

DOCUMENT_BYTES_MAX = 1_048_576
DEPTH_MAX = 60
EVENTS_MAX = 120_000

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def text_of(data: bytes) -> str:
    """Return a document as text; DescriptionRefused over `DOCUMENT_BYTES_MAX` or unless it is UTF-8."""
    if len(data) > DOCUMENT_BYTES_MAX:
        raise DescriptionRefused(f"it has more than {DOCUMENT_BYTES_MAX} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DescriptionRefused("it is not UTF-8 text") from error


def plain_data(text: str) -> object:
    """Return what a JSON or YAML document holds; DescriptionRefused when it is neither or breaks a bound."""
    if len(text.encode(errors="replace")) > DOCUMENT_BYTES_MAX:
        raise DescriptionRefused(f"it has more than {DOCUMENT_BYTES_MAX} bytes")
    try:
        if text.lstrip()[:1] in {"{", "["}:
            return json.loads(text)
    except (ValueError, RecursionError):
        pass  # YAML's flow style begins alike
    try:
        _require_bounds(text)
        return yaml.load(text, _Loader)  # noqa: S506 - the safe loader, in C where it is built
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DescriptionRefused("it is neither JSON nor YAML") from error


def _require_bounds(text: str) -> None:
    """Raise DescriptionRefused for YAML that is deep, long or uses anchors."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, _Loader)):
        if isinstance(event, yaml.AliasEvent):
            raise DescriptionRefused("it uses anchors and aliases; write them out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_MAX or count > EVENTS_MAX:
            raise DescriptionRefused(f"it is nested over {DEPTH_MAX} deep or too long")
