# SPDX-License-Identifier: EUPL-1.2
"""JSON Schema for events (2020-12 and draft 7), within bounds that keep every check short.

A schema stands alone: it refers to its own definitions only, and these refer to nothing. Patterns have no
groups, so that no text makes them slow. A flaw names the rule that was broken, never the content.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Any
from uuid import UUID

from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker, validators
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry

from flagstone.blocks.exchange.contract.news import Json, Payload
from flagstone.kernel.clock import parse_rfc3339
from flagstone.kernel.errors import Flaw

PARTS_MAX = 500
"""Subschemas of a schema, with each reference counted as what it refers to."""
FLAWS_MAX = 100
PATTERN_LENGTH_MAX = 200
PATTERN_REPEATS_MAX = 2
PATTERN_OPTIONALS_MAX = 4
TEXT_LENGTH_MAX = 256
"""Longer text has no pattern."""

_DRAFTS = {
    "https://json-schema.org/draft/2020-12/schema": Draft202012Validator,
    "http://json-schema.org/draft-07/schema": Draft7Validator,
}
_ONE = frozenset({"additionalProperties", "items", "contains", "not", "if", "then", "else", "propertyNames"})
_LIST = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_NAMED = frozenset({"properties", "$defs", "definitions", "dependentSchemas"})
_PLAIN_WORDS = """
type required enum const minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum multipleOf
minItems maxItems uniqueItems minProperties maxProperties minContains maxContains dependentRequired pattern
format title description examples default deprecated readOnly writeOnly $comment $schema $ref
"""
_PLAIN = frozenset(_PLAIN_WORDS.split())
_REFERENCE = re.compile(r"#/(\$defs|definitions)/([A-Za-z0-9_-]{1,64})")
_TOKEN = re.compile(
    r"(?P<escape>\\.)|\[\^?\]?(?:\\.|[^\]\\])*\]|(?P<group>[()])|\{(?P<exact>[0-9]{1,3})\}"
    r"|(?P<repeat>[*+]|\{[0-9]*,[0-9]*\})|(?P<maybe>\?)|.",
    re.DOTALL,
)
_BACK = frozenset(f"\\{digit}" for digit in range(1, 10))


@dataclass(frozen=True)
class Limits:
    """How long JSON may be as text, how many values it may hold, and how deep it may go."""

    bytes_max: int
    values_max: int
    depth_max: int


PAYLOAD = Limits(16_384, 500, 16)
ENVELOPE = Limits(18_432, 520, 17)
"""A payload with what travels around it."""

Schema = Mapping[str, Json]


class NotJson(ValueError):
    """Bytes are not a JSON object within the bounds; its text says why without quoting them."""


def read_object(data: bytes, limits: Limits = PAYLOAD) -> dict[str, Json]:
    """Return the JSON object in `data` (UTF-8); NotJson for anything else, and past the bounds."""
    if len(data) > limits.bytes_max:
        raise NotJson(f"it is longer than {limits.bytes_max} bytes")
    try:
        found = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_refused)
    except NotJson:
        raise
    except (ValueError, RecursionError) as error:
        raise NotJson("it is not JSON in UTF-8") from error
    if not isinstance(found, dict):
        raise NotJson("it is not a JSON object")
    return checked_object(found, limits)


def checked_object(found: Mapping[str, Json], limits: Limits = PAYLOAD) -> dict[str, Json]:
    """Return `found` when it is within the bounds; NotJson otherwise."""
    values = _values(found, limits.depth_max)
    if sum(1 for _ in islice(values, limits.values_max + 1)) > limits.values_max:
        raise NotJson(f"it holds more than {limits.values_max} values")
    if len(encoded(found).encode()) > limits.bytes_max:
        raise NotJson(f"it is longer than {limits.bytes_max} bytes")
    return dict(found)


def encoded(found: Payload) -> str:
    """Return a JSON object as short text; NotJson for what JSON or UTF-8 does not have."""
    try:
        text = json.dumps(found, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise NotJson("it holds what JSON in UTF-8 does not have") from error
    return text


def schema_flaws(schema: Schema) -> tuple[Flaw, ...]:
    """Return what is wrong with a schema; empty when it can be used."""
    try:
        checked_object(schema)
        draft = _draft(schema)
        _count(schema, schema, within=False)
        draft.check_schema(schema)
    except NotJson as error:
        return (Flaw("/schema", str(error)),)
    except SchemaError as error:
        return (Flaw("/schema" + _pointer(error.absolute_path), f"breaks the rule {error.validator}"),)
    return ()


def payload_flaws(schema: Schema, payload: Payload) -> tuple[Flaw, ...]:
    """Return which rules of `schema` the payload breaks, by their place in the schema, at most 100."""
    try:
        checked_object(payload)
    except NotJson as error:
        return (Flaw("/event", str(error)),)
    errors = islice(_validator(encoded(schema)).iter_errors(payload), FLAWS_MAX)
    return tuple(Flaw("/schema" + _pointer(one.absolute_schema_path), "is not kept") for one in errors)


def members_of(schema: Schema) -> frozenset[str]:
    """Return the members of the payload that the schema declares by name."""
    properties = schema.get("properties")
    return frozenset(properties) if isinstance(properties, Mapping) else frozenset()


def required_of(schema: Schema) -> frozenset[str]:
    """Return the members that the payload must have."""
    required = schema.get("required")
    return frozenset(str(one) for one in required) if isinstance(required, list | tuple) else frozenset()


@lru_cache(maxsize=256)
def _validator(text: str) -> Any:
    """Return the validator of the schema with that text."""
    schema = json.loads(text)
    kind: Any = validators.extend(  # type: ignore[no-untyped-call]  # its stubs say nothing
        _draft(schema), {"pattern": _fits}
    )
    return kind(schema, registry=Registry(), format_checker=_formats())


def _draft(schema: Schema) -> Any:
    """Return the validator's class by `$schema`; 2020-12 when nothing is said."""
    name = schema.get("$schema", "https://json-schema.org/draft/2020-12/schema")
    draft = _DRAFTS.get(str(name).removesuffix("#"))
    if draft is None:
        raise NotJson("its $schema is neither 2020-12 nor draft 7")
    return draft


def _count(schema: Json, root: Schema, *, within: bool) -> int:
    """Return how many subschemas there are; NotJson for too many, and for words that are not taken."""
    if isinstance(schema, bool):
        return 1
    if not isinstance(schema, Mapping):
        raise NotJson("a part of it is no schema")
    count = 1
    for word, value in schema.items():
        count += sum(
            _count(part, root, within=within or word in {"$defs", "definitions"})
            for part in _parts(word, value)
        )
        if word == "$ref":
            count += _referred_count(value, root, within=within)
        elif word == "pattern":
            _check_pattern(value)
        if count > PARTS_MAX:
            raise NotJson(f"it has more than {PARTS_MAX} parts")
    return count


def _parts(word: str, value: Json) -> Iterator[Json]:
    """Yield the subschemas under a keyword; NotJson when the keyword is not taken."""
    if word in _ONE and not isinstance(value, list):
        yield value
    elif word in _LIST or word == "items":
        yield from value if isinstance(value, list) else ()
    elif word in _NAMED:
        yield from value.values() if isinstance(value, Mapping) else ()
    elif word not in _PLAIN:
        raise NotJson("it uses a keyword that is not taken")


def _referred_count(reference: Json, root: Schema, *, within: bool) -> int:
    """Return how many subschemas a reference stands for; NotJson unless it names a definition."""
    matched = _REFERENCE.fullmatch(reference) if isinstance(reference, str) else None
    definitions = root.get(matched.group(1)) if matched else None
    if within or matched is None or not isinstance(definitions, Mapping):
        raise NotJson("it refers to something else than its own definitions")
    if matched.group(2) not in definitions:
        raise NotJson("it refers to a definition that is not there")
    return _count(definitions[matched.group(2)], root, within=True)


def _check_pattern(pattern: Json) -> None:
    """Refuse a pattern that could be slow: long, with groups or references back, or with many repeats."""
    if not isinstance(pattern, str) or len(pattern) > PATTERN_LENGTH_MAX:
        raise NotJson(f"a pattern is not text of at most {PATTERN_LENGTH_MAX} characters")
    tokens = list(_TOKEN.finditer(pattern))
    if any(token["group"] or token["escape"] in _BACK for token in tokens):
        raise NotJson("a pattern has groups or refers back")
    if sum(1 for token in tokens if token["repeat"]) > PATTERN_REPEATS_MAX:
        raise NotJson(f"a pattern repeats more than {PATTERN_REPEATS_MAX} parts")
    if sum(1 for token in tokens if token["maybe"]) > PATTERN_OPTIONALS_MAX:
        raise NotJson(f"a pattern has more than {PATTERN_OPTIONALS_MAX} optional parts")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python may read otherwise one day is refused today
            re.compile(pattern)
    except (re.error, Warning, OverflowError, RecursionError) as error:
        raise NotJson("a pattern cannot be compiled") from error


def _fits(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    """Check a pattern, which is searched for as JSON Schema says; long text has none."""
    if isinstance(instance, str) and (len(instance) > TEXT_LENGTH_MAX or not re.search(pattern, instance)):
        yield ValidationError("is not of that form")


@lru_cache(maxsize=1)
def _formats() -> FormatChecker:
    """Return the formats that are checked: date, date-time and uuid; others are words only."""
    checker = FormatChecker(())
    for name, read in (("date", _date), ("date-time", parse_rfc3339), ("uuid", UUID)):
        checker.checks(name, raises=ValueError)(_text_that(read))
    return checker


def _text_that(read: Callable[[str], object]) -> Callable[[object], bool]:
    """Return a check that lets everything pass but text that `read` refuses."""

    def check(value: object) -> bool:
        if isinstance(value, str):
            read(value)
        return True

    return check


def _date(text: str) -> date:
    """Return the day that `YYYY-MM-DD` names."""
    if len(text) != len("2026-11-22"):
        raise ValueError("a date has ten characters")
    return date.fromisoformat(text)


def _values(value: Json, depth_left: int) -> Iterator[None]:
    """Yield once for each value in a JSON value; NotJson past the depth."""
    if depth_left < 0:
        raise NotJson("it is nested too deep")
    yield None
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    for part in parts:
        yield from _values(part, depth_left - 1)


def _pointer(path: Any) -> str:
    """Return an RFC 6901 pointer."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Refuse an object that names a member twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJson("it names a member twice")
    return found


def _refused(_constant: str) -> Json:
    """Refuse NaN and the infinities, which JSON does not have."""
    raise NotJson("it holds a number that JSON does not have")
