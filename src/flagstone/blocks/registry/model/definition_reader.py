# SPDX-License-Identifier: EUPL-1.2
"""A register's definition read from plain data, strictly, and written back (DRS-1 to DRS-6, DRS-13 to 17).

The data is what YAML or JSON gives: mappings, lists, text, integers and booleans whose names are those of
`contract.RegisterDefinition`. Whatever is unknown, out of bounds or contradicts itself is refused, and
every flaw is named by its RFC 6901 pointer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from enum import Enum
from typing import TypeVar

from flagstone.blocks.registry.contract.faults import DefinitionInvalid
from flagstone.blocks.registry.contract.register import (
    BreakingChange,
    Field,
    FieldType,
    Link,
    Option,
    RegisterDefinition,
    RegisterKind,
    Service,
    Status,
    Value,
)
from flagstone.blocks.registry.model.patterns import PATTERN_LENGTH_MAX, compiled
from flagstone.kernel.errors import Flaw

FIELDS_MAX = 200
OPTIONS_MAX = 500
PROPERTIES_MAX = 50
DEPTH_MAX = 3
LISTED_MAX = 50  # links, roles, persons, display fields, languages
WORDS_MAX = 2_000
LENGTH_MAX = 100_000
FLAWS_MAX = 100
CODE = re.compile(r"[a-z][a-z0-9_]{0,62}")
ROLE = re.compile(r"[a-z][a-z0-9-]{0,62}(@owner)?")
_OPTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_PATH = re.compile(r"[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62}){0,2}")
_VERSION = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6}){0,2}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")
_BOUND = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,20})?|[0-9]{4}-[0-9]{2}-[0-9]{2}([T0-9:.Z-]{0,24})")
_PREFIX = re.compile(r"[A-Za-z0-9-]{0,16}")
E = TypeVar("E", bound=Enum)
T = TypeVar("T")


def parse_definition(data: object) -> RegisterDefinition:
    """Return the definition that `data` describes; DefinitionInvalid names `FLAWS_MAX` flaws at most."""
    flaws: list[Flaw] = []
    definition = _definition(_Node(data, "", flaws))
    if definition is not None and not flaws:
        flaws.extend(contradictions(definition))
    if definition is None or flaws:
        raise DefinitionInvalid(f"{len(flaws)} places are wrong", flaws=tuple(flaws[:FLAWS_MAX]))
    return definition


def as_mapping(definition: RegisterDefinition) -> dict[str, Value]:
    """Return the plain data that `parse_definition` reads back as an equal definition, without defaults."""
    return _plain_object(definition)


@dataclass(frozen=True)
class _Node:
    """A value of the input, where it stands, and where its flaws are noted."""

    value: object
    pointer: str
    flaws: list[Flaw]

    def refuse(self, message: str) -> None:
        self.flaws.append(Flaw(self.pointer, message))

    def child(self, name: object, value: object) -> _Node:
        token = str(name)[:80].replace("~", "~0").replace("/", "~1")
        return _Node(value, f"{self.pointer}/{token}", self.flaws)

    def members(self, most: int = LISTED_MAX) -> dict[str, _Node]:
        """Return the members of a mapping with text keys, or note a flaw."""
        if not isinstance(self.value, Mapping) or len(self.value) > most:
            self.refuse(f"must be a mapping of at most {most} entries")
            return {}
        for key in self.value:
            if not isinstance(key, str):
                self.child(key, None).refuse("must be named by text; put the name in quotes")
        return {key: self.child(key, item) for key, item in self.value.items() if isinstance(key, str)}

    def elements(self, most: int, least: int = 0) -> list[_Node]:
        """Return the elements of a list, or note a flaw."""
        if not isinstance(self.value, (list, tuple)) or not least <= len(self.value) <= most:
            self.refuse(f"must be a list of {least} to {most} elements")
            return []
        return [self.child(place, item) for place, item in enumerate(self.value)]

    def text(self, pattern: re.Pattern[str] | None = None, most: int = WORDS_MAX, least: int = 0) -> str:
        """Return the text, or note a flaw and return nothing."""
        if not isinstance(self.value, str):
            self.refuse("must be text; put it in quotes")
        elif not least <= len(self.value) <= most:
            self.refuse(f"must have {least} to {most} characters")
        elif pattern is not None and not pattern.fullmatch(self.value):
            self.refuse(f"must match {pattern.pattern}")
        else:
            return self.value
        return ""


def _flag(node: _Node) -> bool:
    if not isinstance(node.value, bool):
        node.refuse("must be true or false")
    return node.value is True


def _length(node: _Node) -> int:
    if isinstance(node.value, bool) or not isinstance(node.value, int) or not 1 <= node.value <= LENGTH_MAX:
        node.refuse(f"must be a whole number from 1 to {LENGTH_MAX}")
        return 1
    return node.value


def _bound(node: _Node) -> str | None:
    if node.value is None:
        return None
    if isinstance(node.value, int) and not isinstance(node.value, bool) and abs(node.value) < 10**30:
        return str(node.value)
    return node.text(_BOUND)


def _choice(kind: type[E]) -> Callable[[_Node], E]:
    known: dict[object, E] = {member.value: member for member in kind}

    def read(node: _Node) -> E:
        if not isinstance(node.value, str) or node.value not in known:
            node.refuse("must be one of " + ", ".join(str(member.value) for member in kind))
            return next(iter(kind))
        return known[node.value]

    return read


def _words(node: _Node) -> dict[str, str]:
    """Read words by language (BCP 47), at least one language."""
    words = {language: item.text(most=WORDS_MAX, least=1) for language, item in node.members().items()}
    for language in words:
        if not _LANGUAGE.fullmatch(language):
            node.child(language, None).refuse("must be named by a language code such as en")
    if not words and isinstance(node.value, Mapping):
        node.refuse("must have words in at least one language")
    return words


def _value(node: _Node, depth: int = 0) -> Value:
    """Read a default value: no floats, no dates of YAML, at most `DEPTH_MAX` deep."""
    value = node.value
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return node.text(most=LENGTH_MAX)
    if depth == DEPTH_MAX or not isinstance(value, (list, tuple, Mapping)):
        node.refuse("must be text, a whole number, true, false, or a shallow list or mapping of these")
        return None
    if isinstance(value, Mapping):
        return {key: _value(item, depth + 1) for key, item in node.members().items()}
    return [_value(item, depth + 1) for item in node.elements(LISTED_MAX)]


def _code(node: _Node) -> str:
    return node.text(CODE)


def _role(node: _Node) -> str:
    return node.text(ROLE)


def _optional(pattern: re.Pattern[str]) -> Callable[[_Node], str]:
    return lambda node: node.text(pattern) if node.value != "" else ""


def _many(read: Callable[[_Node], T], most: int, least: int = 0) -> Callable[[_Node], tuple[T, ...]]:
    return lambda node: tuple(read(item) for item in node.elements(most, least))


def _regex(node: _Node) -> str:
    text = node.text(most=PATTERN_LENGTH_MAX)
    try:
        compiled(text)
    except ValueError as error:
        node.refuse(str(error))
    return text


def _permits(node: _Node) -> dict[str, frozenset[Service]]:
    members = node.members()
    for role, item in members.items():
        if not ROLE.fullmatch(role):
            item.refuse(f"must be named by a role that matches {ROLE.pattern}")
    service = _many(_choice(Service), len(Service))
    return {role: frozenset(service(item)) for role, item in members.items()}


def _geometry(node: _Node) -> tuple[str, str] | None:
    if node.value is None:
        return None
    codes = [_code(item) for item in node.elements(2, 2)]
    return (codes[0], codes[1]) if codes else None


def _read(node: _Node, kind: type[T], readers: Mapping[str, Callable[[_Node], object]]) -> T | None:
    """Build a `kind` from a mapping: unknown keys refused, keys without default demanded."""
    before = len(node.flaws)
    members = node.members()
    for name, item in members.items():
        if name not in readers:
            item.refuse("is not known here; known are " + ", ".join(sorted(readers)))
    for part in fields(kind):  # type: ignore[arg-type]  # callers give dataclasses
        optional = part.default is not MISSING or part.default_factory is not MISSING
        if not optional and part.name not in members and isinstance(node.value, Mapping):
            node.child(part.name, None).refuse("is missing")
    content = {name: readers[name](item) for name, item in members.items() if name in readers}
    return kind(**content) if len(node.flaws) == before else None


def _whole(read: Callable[[_Node], T | None], most: int, least: int = 0) -> Callable[[_Node], tuple[T, ...]]:
    """Read a list of things; one that is flawed is left out, since the flaw refuses the whole."""
    return lambda node: tuple(
        thing for item in node.elements(most, least) if (thing := read(item)) is not None
    )


def _one(kind: type[T], readers: Mapping[str, Callable[[_Node], object]]) -> Callable[[_Node], T | None]:
    return lambda node: _read(node, kind, readers)


_option = _one(Option, {"code": lambda item: item.text(_OPTION), "title": _words})
_link = _one(Link, {"field": lambda item: item.text(_PATH), "register": _code, "hard": _flag})
_break = _one(
    BreakingChange,
    {"field": _code, "why": lambda item: item.text(least=1), "renamed_to": _optional(CODE)},
)


def _field(node: _Node, depth: int = 0) -> Field | None:
    """Read one field with its items and properties, at most `DEPTH_MAX` levels below it."""
    if depth > DEPTH_MAX:
        node.refuse(f"lies deeper than {DEPTH_MAX} levels")
        return None

    flags = dict.fromkeys(("required", "unique", "personal", "secret", "search", "filter"), _flag)
    return _read(
        node,
        Field,
        {
            **flags,
            "code": _code,
            "type": _choice(FieldType),
            "title": _words,
            "check": _optional(ROLE),
            "pattern": _regex,
            "length_max": _length,
            "minimum": _bound,
            "maximum": _bound,
            "unit": lambda item: item.text(most=20),
            "default": _value,
            "options": _whole(_option, OPTIONS_MAX),
            "items": lambda item: _field(item, depth + 1),
            "properties": _whole(lambda item: _field(item, depth + 1), PROPERTIES_MAX),
            "read_roles": lambda item: frozenset(_many(_role, LISTED_MAX)(item)),
        },
    )


def _definition(node: _Node) -> RegisterDefinition | None:
    return _read(
        node,
        RegisterDefinition,
        {
            "code": _code,
            "version": lambda item: item.text(_VERSION),
            "title": _words,
            "kind": _choice(RegisterKind),
            "owner": lambda item: item.text(most=200, least=1),
            "fields": _whole(_field, FIELDS_MAX, 1),
            "description": lambda item: _words(item) if item.value != {} else {},
            "owner_name": lambda item: _words(item) if item.value != {} else {},
            "key": _optional(CODE),
            "id_prefix": lambda item: item.text(_PREFIX),
            "persons": _many(lambda item: item.text(_PATH), LISTED_MAX),
            "display": _many(_code, LISTED_MAX),
            "geometry": _geometry,
            "links": _whole(_link, LISTED_MAX),
            "permits": _permits,
            "breaking": _whole(_break, FIELDS_MAX),
            "legal_basis": lambda item: item.text(most=500),
            "status": _choice(Status),
        },
    )


def contradictions(definition: RegisterDefinition) -> Iterator[Flaw]:
    """Yield what is well formed in `definition` but cannot hold together, by RFC 6901 pointer."""
    yield from _field_flaws(definition.fields, "/fields")
    known = {each.code: each for each in definition.fields}
    key = known.get(definition.key)
    if definition.key and (key is None or not key.required or key.secret or key.type not in _KEYS):
        yield Flaw("/key", "must name a required field of text or whole numbers that is not secret")
    for place, code in enumerate(definition.display):
        if code not in known or known[code].secret:
            yield Flaw(f"/display/{place}", "must name a field that is not secret")
    for place, code in enumerate(definition.geometry or ()):
        if code not in known or known[code].type is not FieldType.DECIMAL:
            yield Flaw(f"/geometry/{place}", "must name a decimal field")
    paths = [(f"/persons/{place}", path) for place, path in enumerate(definition.persons)]
    paths += [(f"/links/{place}/field", link.field) for place, link in enumerate(definition.links)]
    for pointer, path in paths:
        end = field_at(definition.fields, path)
        if end is None or end.type is not FieldType.TEXT:
            yield Flaw(pointer, "must lead to a text field")


def field_at(these: Iterable[Field], path: str) -> Field | None:
    """Return the field that a dotted `path` leads to, through objects and lists, or None."""
    code, _, rest = path.partition(".")
    found = next((each for each in these if each.code == code), None)
    while found is not None and found.type is FieldType.LIST:
        found = found.items
    if found is None or not rest:
        return found
    return field_at(found.properties, rest)


def _field_flaws(these: Iterable[Field], pointer: str) -> Iterator[Flaw]:
    """Yield the contradictions of each field, and codes given twice."""
    seen: set[str] = set()
    for place, each in enumerate(these):
        here = f"{pointer}/{place}"
        if each.code in seen:
            yield Flaw(f"{here}/code", "is given twice")
        seen.add(each.code)
        yield from _one_field_flaws(each, here)


_RANGED = {FieldType.INTEGER, FieldType.DECIMAL, FieldType.DATE, FieldType.DATETIME, FieldType.TIME}
_KEYS = {FieldType.TEXT, FieldType.INTEGER}
_COMPOUND = {FieldType.LIST, FieldType.OBJECT}


def _one_field_flaws(this: Field, here: str) -> Iterator[Flaw]:
    """Yield what contradicts itself within one field and below it."""
    for name, content, kind in (
        ("options", this.options, FieldType.CATALOGUE),
        ("items", this.items, FieldType.LIST),
        ("properties", this.properties, FieldType.OBJECT),
    ):
        if bool(content) != (this.type is kind):
            yield Flaw(f"{here}/{name}", f"belongs to the type {kind.value}, and only to it")
    if len({option.code for option in this.options}) != len(this.options):
        yield Flaw(f"{here}/options", "has a code twice")
    if this.secret and (this.search or this.filter or this.unique):
        yield Flaw(f"{here}/secret", "cannot be searched, filtered or unique, since it is stored encrypted")
    if this.type in _COMPOUND and (this.unique or this.filter):
        yield Flaw(f"{here}/type", "cannot be unique or filtered")
    if (this.minimum or this.maximum) and this.type not in _RANGED:
        yield Flaw(f"{here}/minimum", "bounds belong to numbers, dates and times")
    if this.pattern and this.type is not FieldType.TEXT:
        yield Flaw(f"{here}/pattern", "belongs to the type text")
    if this.items is not None:
        yield from _one_field_flaws(this.items, f"{here}/items")
    yield from _field_flaws(this.properties, f"{here}/properties")


def _plain_object(thing: object) -> dict[str, Value]:
    """Write a dataclass as a mapping of what differs from the defaults."""
    written: dict[str, Value] = {}
    for part in fields(thing):  # type: ignore[arg-type]  # callers give dataclasses
        value = getattr(thing, part.name)
        default = part.default_factory() if part.default_factory is not MISSING else part.default
        if default is MISSING or value != default:
            written[part.name] = _plain(value)
    return written


def _plain(value: object) -> Value:
    """Write one value: enumerations by value, sets sorted, dataclasses as mappings."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, (frozenset, set)):
        return sorted(str(_plain(item)) for item in value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return _plain_object(value)
