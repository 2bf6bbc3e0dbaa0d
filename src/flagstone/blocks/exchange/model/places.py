# SPDX-License-Identifier: EUPL-1.2
"""Where a service's messages name persons, and who is named there.

Nothing is guessed: what can be read in two ways (a key that stands twice, a body that is no JSON, a text that
is no personal code) is said to be unread, in words that hold nothing of the message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from flagstone.blocks.exchange.contract.service import PersonAt, PersonPlace
from flagstone.blocks.exchange.model.access import path_normal
from flagstone.kernel.ids import PersonCode

PLACES_MAX = 5
NAME_LENGTH_MAX = 500
STEPS_MAX = 20
PARAMETERS_MAX = 1_000
PERSONS_MAX = 1_000
PERSON = "{person}"
NO_PLACE = "the message names nobody at the places that the service declares"
NOT_JSON = "a body in which the person should be named is not plain JSON"
TOO_LARGE = "a body in which the person should be named is too large to be looked at"
NOT_QUERY = "the query cannot be read"
NOT_CODE = "what stands at the person's place is not a personal code"
TOO_MANY = f"the message names more than {PERSONS_MAX} persons"
_PARAMETER = re.compile(r"[A-Za-z0-9_.\-\[\]:$]{1,100}")
_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")
_SEGMENT = re.compile(r"[A-Za-z0-9_.\-~!$&'()+,;=:@]+")

Json = object
IsCode = Callable[[str], bool]


@dataclass(frozen=True)
class Parts:
    """What one exchange consists of; a body is None where it is too large, and where nobody asks for it.

    `bodiless` tells that the answer has no body by the rules of HTTP, and so tells of nobody.
    """

    path: bytes
    query: bytes | None
    request: bytes | None = field(default=None, repr=False)
    response: bytes | None = field(default=None, repr=False)
    bodiless: bool = False


@dataclass(frozen=True)
class Named:
    """Who is named, each once, and why not everybody could be read; empty when everybody was."""

    persons: tuple[PersonCode, ...] = field(repr=False)
    unread: str = ""


class _Unread(Exception):
    """A place that cannot be looked at; its argument is why."""


def place_named(text: str) -> PersonAt:
    """Return the place that `path:/TEMPLATE`, `query:NAME`, `request:/POINTER` or `response:...` means.

    ValueError says what is wrong with it.
    """
    kind, colon, name = text.partition(":")
    if not colon or kind not in {each.value for each in PersonPlace}:
        raise ValueError("it must be path:, query:, request: or response: and the place")
    place = PersonAt(PersonPlace(kind), name)
    flaw = place_flaw(place)
    if flaw:
        raise ValueError(flaw)
    return place


def named_place(place: PersonAt) -> str:
    """Return the text that `place_named` reads."""
    return f"{place.place.value}:{place.name}"


def place_flaw(place: PersonAt) -> str:
    """Return what is wrong with `place`, empty when nothing is."""
    if len(place.name) > NAME_LENGTH_MAX or place.name.count("/") > STEPS_MAX:
        return f"a place has at most {NAME_LENGTH_MAX} characters and {STEPS_MAX} steps"
    if not place.name.isprintable():
        return "a place is one line"
    if place.place is PersonPlace.QUERY:
        return "" if _PARAMETER.fullmatch(place.name) else "it must be the name of a parameter"
    if place.place is not PersonPlace.PATH:
        return "" if _POINTER.fullmatch(place.name) else "it must be a JSON pointer such as /person/code"
    segments = place.name.split("/")
    if segments[0] or segments.count(PERSON) != 1 or not all(map(_is_segment, segments[1:])):
        return "it must be a path with one {person}, such as /people/{person}/returns"
    return ""


def needs(places: Iterable[PersonAt], part: PersonPlace) -> bool:
    """Tell whether one of `places` is in `part`."""
    return any(each.place is part for each in places)


def named(places: Iterable[PersonAt], parts: Parts, *, instance: str, is_code: IsCode) -> Named:
    """Return whom an exchange names at `places`, each code with or without `instance` before it."""
    texts: dict[str, None] = {}
    unread, spoken = "", False
    for place in places:
        try:
            found = _at(place, parts)
        except _Unread as why:
            unread = unread or str(why)
            continue
        spoken = spoken or found is not None
        texts |= dict.fromkeys(found or ())
    if not spoken and not unread:
        unread = NO_PLACE
    codes = [PersonCode(text.removeprefix(instance)) for text in texts]
    plain = [code for code in codes if is_code(code)]
    if len(plain) < len(codes):
        unread = unread or NOT_CODE
    known = tuple(dict.fromkeys(plain))
    if len(known) > PERSONS_MAX:
        unread = TOO_MANY
    return Named(known[:PERSONS_MAX], unread)


def _at(place: PersonAt, parts: Parts) -> list[str] | None:
    """Return the texts at `place`; None where there is no such place, an empty list where it names nobody."""
    if place.place is PersonPlace.PATH:
        return _in_path(place.name, parts.path)
    if place.place is PersonPlace.QUERY:
        return _in_query(place.name, parts.query)
    if place.place is PersonPlace.REQUEST:
        return _in_json(place.name, parts.request)
    return [] if parts.bodiless else _in_json(place.name, parts.response)


def _in_path(template: str, path: bytes) -> list[str] | None:
    normal = path_normal(path)
    if normal is None:
        raise _Unread(NO_PLACE)
    wanted, there = template.split("/"), normal.removesuffix("/").split("/")
    if len(wanted) != len(there):
        return None
    pairs = list(zip(wanted, there, strict=True))
    if any(want not in (have, "*", PERSON) for want, have in pairs):
        return None
    return [have for want, have in pairs if want == PERSON]


def _in_query(name: str, query: bytes | None) -> list[str] | None:
    try:
        pairs = parse_qsl(
            (query or b"").decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=PARAMETERS_MAX,
        )
    except ValueError:
        raise _Unread(NOT_QUERY) from None
    return [value for key, value in pairs if key == name] or None


def _in_json(pointer: str, body: bytes | None) -> list[str] | None:
    if body is None:
        raise _Unread(TOO_LARGE)
    try:
        value: Json = json.loads(body, object_pairs_hook=_each_once)
        found = list(_pointed(value, [_unescaped(step) for step in pointer.split("/")[1:]]))
    except (ValueError, RecursionError):
        raise _Unread(NOT_JSON) from None
    if found and not any(each is not None for each in found):
        return None
    return ["?" if each is None else each for each in found if each != ""]


def _pointed(value: Json, steps: list[str]) -> Iterator[str | None]:
    """Yield the text of each value that `steps` lead to; None for nothing there, "" for an empty list."""
    if not steps:
        yield _text(value)
    elif isinstance(value, dict):
        yield from _pointed(value[steps[0]], steps[1:]) if steps[0] in value else (None,)
    elif isinstance(value, list) and steps[0] == "*":
        yield from (each for part in value for each in _pointed(part, steps[1:]))
        if not value:
            yield ""
    elif isinstance(value, list) and steps[0].isdecimal() and int(steps[0]) < len(value):
        yield from _pointed(value[int(steps[0])], steps[1:])
    else:
        yield None


def _text(value: Json) -> str:
    """Return a text or whole number as text; anything else as a text that is no code."""
    if isinstance(value, str):
        return value or "?"
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else "?"


def _each_once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Return an object; ValueError when a key stands twice, for its readers could disagree."""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key stands twice")
    return made


def _unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


def _is_segment(segment: str) -> bool:
    return segment in {PERSON, "*"} or (
        _SEGMENT.fullmatch(segment) is not None and segment not in {".", ".."}
    )
