# SPDX-License-Identifier: EUPL-1.2
"""What an OpenAPI 3.0 or 3.1 document says of a service: its endpoints; and what is refused in one.

Each operation is an endpoint; `{parameter}` in a path stands for `*`. References may lead within the
document only. `document` is plain data, as JSON or YAML gives it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from flagstone.blocks.exchange.contract.faults import DescriptionRefused
from flagstone.blocks.exchange.contract.service import Endpoint
from flagstone.blocks.exchange.model.services import ENDPOINTS_MAX, endpoint_flaw

VERSION = re.compile(r"3\.[01]\.[0-9]{1,2}(-[A-Za-z0-9.]{1,20})?")
PARAMETER = re.compile(r"\{[^{}/]{1,100}\}")
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
DEPTH_MAX = 60
VALUES_MAX = 200_000
PATHS_MAX = 1_000


@dataclass(frozen=True)
class Difference:
    """Which endpoints came and went between two descriptions of a service."""

    came: tuple[Endpoint, ...]
    went: tuple[Endpoint, ...]


def endpoints_of(document: object) -> tuple[Endpoint, ...]:
    """Return the endpoints that an OpenAPI document describes, in order; DescriptionRefused."""
    if not isinstance(document, Mapping) or not VERSION.fullmatch(str(document.get("openapi"))):
        raise DescriptionRefused("it does not say `openapi: 3.0.x` or `3.1.x`")
    if not isinstance(document.get("info"), Mapping):
        raise DescriptionRefused("it has no `info`")
    _require_sane(document)
    paths = document.get("paths", {})
    if not isinstance(paths, Mapping) or len(paths) > PATHS_MAX:
        raise DescriptionRefused(f"`paths` must be a mapping of at most {PATHS_MAX}")
    found = sorted({endpoint for path, item in paths.items() for endpoint in _of_path(path, item)})
    if not 0 < len(found) <= ENDPOINTS_MAX:
        raise DescriptionRefused(f"it must describe 1 to {ENDPOINTS_MAX} endpoints")
    return tuple(found)


def difference(before: Iterable[Endpoint], after: Iterable[Endpoint]) -> Difference:
    """Return which endpoints came and which went."""
    old, new = set(before), set(after)
    return Difference(tuple(sorted(new - old)), tuple(sorted(old - new)))


def _of_path(path: object, item: object) -> Iterator[Endpoint]:
    """Yield the endpoints of one path."""
    if isinstance(path, str) and path.startswith("x-"):
        return
    if not isinstance(path, str) or not path.startswith("/") or not isinstance(item, Mapping):
        raise DescriptionRefused("each of `paths` must begin with / and be a mapping")
    if "$ref" in item:
        raise DescriptionRefused("a path must not be a reference")
    glob = PARAMETER.sub("*", path.replace("\\", "\\\\").replace("*", "\\*"))
    for method in METHODS:
        if method in item:
            endpoint = Endpoint(method.upper(), glob)
            if endpoint_flaw(endpoint) or "{" in glob:
                raise DescriptionRefused("a path cannot be used")
            yield endpoint


def _require_sane(document: object) -> None:
    """Raise DescriptionRefused for references to elsewhere, and for what is too deep or too much."""
    waiting: list[tuple[object, int]] = [(document, 1)]
    count = 0
    while waiting:
        value, depth = waiting.pop()
        count += 1
        if depth > DEPTH_MAX or count > VALUES_MAX:
            raise DescriptionRefused(f"it is nested over {DEPTH_MAX} deep or has over {VALUES_MAX} values")
        if isinstance(value, Mapping):
            reference = value.get("$ref")
            if isinstance(reference, str) and not reference.startswith("#"):
                raise DescriptionRefused("it refers to another place; put everything into one document")
            waiting.extend((each, depth + 1) for each in value.values())
        elif isinstance(value, list | tuple):
            waiting.extend((each, depth + 1) for each in value)
