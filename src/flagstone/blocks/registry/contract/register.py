# SPDX-License-Identifier: EUPL-1.2
"""What a register is: its definition as data (DRS-1 to DRS-6, DRS-13 to DRS-17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

Value = None | bool | int | str | Sequence["Value"] | Mapping[str, "Value"]
"""A field's value: decimals and times are canonical text, so that nothing is a float."""


Data = Mapping[str, Value]
"""A record's content by field code."""


class FieldType(Enum):
    """Types of DRS-3; `decimal` is text such as `12.50`, `datetime` RFC 3339 in UTC."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    CATALOGUE = "catalogue"
    LIST = "list"
    OBJECT = "object"


class RegisterKind(Enum):
    """The five kinds of register that a state keeps."""

    INDIVIDUALS = "individuals"
    ORGANISATIONS = "organisations"
    PROCESSES = "processes"
    PRODUCTS = "products"
    LOCATIONS = "locations"
    OTHER = "other"


class Service(Enum):
    """What a role may be permitted to do with a register (DRS-5, DRS-6)."""

    LIST = "list"
    READ = "read"
    EXISTS = "exists"
    CREATE = "create"
    UPDATE = "update"
    BULK = "bulk"
    ARCHIVE = "archive"
    HISTORY = "history"
    IMPORT = "import"
    EXPORT = "export"
    READ_LOG = "read-log"


class Status(Enum):
    """Lifecycle of a version of a register (DRS-1)."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


@dataclass(frozen=True)
class Option:
    """One code of a catalogue field with its words by language."""

    code: str
    title: Mapping[str, str]


@dataclass(frozen=True)
class Field:
    """One field of a register (DRS-3, DRS-13 to DRS-17).

    `personal` marks personal data; `secret` is encrypted at rest and shown only to `read_roles`;
    `search` puts it in the full text; `filter` makes an index; `read_roles`, when not empty, are
    the only roles that see the field (`self` is the person concerned).
    `check` names a built-in check such as `personal-code`; `minimum` and `maximum` bound integers,
    decimals (as canonical text) and dates.
    """

    code: str
    type: FieldType
    title: Mapping[str, str]
    required: bool = False
    unique: bool = False
    personal: bool = False
    secret: bool = False
    search: bool = False
    filter: bool = False
    check: str = ""
    pattern: str = ""
    length_max: int = 1_000
    minimum: str | None = None
    maximum: str | None = None
    unit: str = ""
    default: Value = None
    options: tuple[Option, ...] = ()
    items: Field | None = None
    properties: tuple[Field, ...] = ()
    read_roles: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Link:
    """`field` of this register names the record of `register` whose id it holds (DRS-2).

    A hard link must exist when written; a soft one may dangle and is reported as such.
    """

    field: str
    register: str
    hard: bool = True


@dataclass(frozen=True)
class BreakingChange:
    """A declared break against the version before: which field, what, and why it had to be (DRS-4)."""

    field: str
    why: str
    renamed_to: str = ""


@dataclass(frozen=True)
class RegisterDefinition:
    """A register as data: one version of its schema, keys, links and permitted services.

    `key` is the field whose value is the record's id; without one, ids are generated as
    `id_prefix` and a running number. `persons` are dotted paths to the personal codes of the persons
    concerned (`personal_code`, `representatives.personal_code`); a read of the record is recorded
    for each. `permits` maps a role to its services; the roles `anyone` (also unauthenticated),
    `self` (the person concerned) and `signed-in` are built in, and `ROLE@owner` is whoever holds the role
    in the name of the register's owner.
    """

    code: str
    version: str
    title: Mapping[str, str]
    kind: RegisterKind
    owner: str
    fields: tuple[Field, ...]
    description: Mapping[str, str] = field(default_factory=dict)
    owner_name: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    id_prefix: str = ""
    persons: tuple[str, ...] = ()
    display: tuple[str, ...] = ()
    geometry: tuple[str, str] | None = None  # field codes of longitude and latitude
    links: tuple[Link, ...] = ()
    permits: Mapping[str, frozenset[Service]] = field(default_factory=dict)
    breaking: tuple[BreakingChange, ...] = ()
    legal_basis: str = ""
    status: Status = Status.PUBLISHED
