# SPDX-License-Identifier: EUPL-1.2
"""All that others may know of the registry: definitions, records, the `Registry` promise, faults.

Purposes and terms follow GovStack's Digital Registries specification (DRS-1 to DRS-37).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Protocol

from flagstone.kernel.audit import Caller, Reason
from flagstone.kernel.errors import Fault, Kind
from flagstone.kernel.ids import PersonCode

Value = None | bool | int | str | Sequence["Value"] | Mapping[str, "Value"]
"""A field's value: decimals and times are canonical text, so that nothing is a float."""

Data = Mapping[str, Value]
"""A record's content by field code."""

PAGE_SIZE_MAX = 200
BULK_MAX = 1_000
IMPORT_ROWS_MAX = 200_000
FINDINGS_MAX = 200

OWN_ACCESS = "own access"
"""The purpose that is recorded when a person reads what concerns herself."""


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


@dataclass(frozen=True)
class Record:
    """A record as one version of its register shows it, with only the fields the caller may see.

    `valid_from` is when the fact became true in the world; `recorded_at` when the register learned it.
    """

    register: str
    id: str
    version: str
    revision: int
    data: Data
    valid_from: date
    recorded_at: datetime
    archived: bool = False


@dataclass(frozen=True)
class Revision:
    """One entry of a record's history: the record as it then was, who made it so and why."""

    record: Record
    operation: str
    actor_name: str
    organisation: str
    reason: Reason
    journal_sequence: int


@dataclass(frozen=True)
class Reading:
    """One read of a person's data (DRS-8): who, what, why, when."""

    id: str
    person: PersonCode
    register: str
    record_id: str
    fields: tuple[str, ...]
    actor_id: str
    actor_name: str
    organisation: str
    system: str
    reason: Reason
    at: datetime


@dataclass(frozen=True)
class Query:
    """What to look for: words, exact values by field, an order, and a page.

    `search` matches every word as a prefix, without regard to case and accents. `order_by` is a
    field code, with `-` before it for descending. `page` counts from 1. `fields`, when not empty, are the
    only ones that are needed, and so the only ones that are shown and recorded as seen.
    """

    search: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    order_by: str = ""
    page: int = 1
    page_size: int = 25
    fields: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Page:
    """One page of records and the count of all that match."""

    records: tuple[Record, ...]
    total: int
    page: int
    page_size: int


@dataclass(frozen=True)
class Finding:
    """One thing wrong in an imported file: its row (1 is the first after the header) and column."""

    row: int
    column: str
    code: str
    message: str


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or with `dry_run` would do; nothing is written while findings remain."""

    register: str
    dry_run: bool
    rows: int
    created: int
    updated: int
    unchanged: int
    findings: tuple[Finding, ...]
    findings_left_out: int = 0

    @property
    def clean(self) -> bool:
        """Tell whether every row can be taken."""
        return not self.findings


@dataclass(frozen=True)
class RecordRegistered:
    """Event: a record was created. It carries no personal data beyond the record's id."""

    register: str
    record_id: str
    revision: int


@dataclass(frozen=True)
class RecordCorrected:
    """Event: a record was changed."""

    register: str
    record_id: str
    revision: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class RecordArchived:
    """Event: a record was archived (soft delete)."""

    register: str
    record_id: str
    revision: int


@dataclass(frozen=True)
class RecordsLoaded:
    """Event: an import created and corrected records, named here in place of one event for each."""

    register: str
    created: tuple[str, ...]
    corrected: tuple[str, ...]


@dataclass(frozen=True)
class RegisterPublished:
    """Event: a version of a register was published."""

    register: str
    version: str


class RegisterMissing(Fault):
    """No such register, version or field, or the caller may not know of it."""

    code = "registry.register-missing"
    kind = Kind.MISSING
    title = "There is no such register"
    remedy = "List the registers; check the code and the version."


class RecordMissing(Fault):
    """No such record, or the caller may not know of it."""

    code = "registry.record-missing"
    kind = Kind.MISSING
    title = "No record was found"
    remedy = "Check the identifier, or search."


class NotPermitted(Fault):
    """The caller's roles do not permit this service on this register."""

    code = "registry.not-permitted"
    kind = Kind.FORBIDDEN
    title = "You may not do this with this register"
    remedy = "Ask the register's owner for the role that permits it."


class PurposeMissing(Fault):
    """Personal data was asked for without a purpose."""

    code = "registry.purpose-missing"
    kind = Kind.INVALID
    title = "Say what you need the data for"
    remedy = "Give a purpose; it is recorded and shown to the person concerned."


class RecordInvalid(Fault):
    """The content breaks the register's definition; `flaws` name each field."""

    code = "registry.record-invalid"
    kind = Kind.INVALID
    title = "The record breaks the rules of its register"
    remedy = "Correct the fields that are named."


class QueryInvalid(Fault):
    """A filter, order or page cannot be used."""

    code = "registry.query-invalid"
    kind = Kind.INVALID
    title = "The search cannot be carried out"
    remedy = "Use only declared fields, and a page size of at most 200."


class RecordExists(Fault):
    """A record with this id or unique value is there already."""

    code = "registry.record-exists"
    kind = Kind.CONFLICT
    title = "Such a record exists already"
    remedy = "Read it, and update it instead."


class RecordChangedMeanwhile(Fault):
    """Somebody else changed the record after it was read."""

    code = "registry.record-changed-meanwhile"
    kind = Kind.CONFLICT
    title = "The record was changed by somebody else"
    remedy = "Read it again and repeat the change."


class DefinitionInvalid(Fault):
    """A register's definition contradicts itself; `flaws` name each place."""

    code = "registry.definition-invalid"
    kind = Kind.INVALID
    title = "The register's definition cannot be used"
    remedy = "Correct the places that are named."


class VersionPublished(Fault):
    """A published version is published again with another content."""

    code = "registry.version-published"
    kind = Kind.CONFLICT
    title = "This version is published already and cannot be changed"
    remedy = "Give the definition a new version."


class BreakingChangeUndeclared(Fault):
    """A new version would break users of the version before and does not say so."""

    code = "registry.breaking-change-undeclared"
    kind = Kind.CONFLICT
    title = "The new version breaks the one before"
    remedy = "Declare each break with its reason, or keep the field as it was."


class FileUnreadable(Fault):
    """An imported file cannot be read as what it claims to be."""

    code = "registry.file-unreadable"
    kind = Kind.INVALID
    title = "The file cannot be read"
    remedy = "Send UTF-8 CSV with a header row, or a JSON list of objects, within the limits named."


class Registry(Protocol):
    """The promise of the registry; kept by `service.Service` and, to another site, by `client.Client`.

    Every method checks the caller's roles against the register's permits. A read of a register with
    persons records a `Reading` for each person shown, before it returns. Faults are those above.
    """

    def definitions(self, caller: Caller) -> tuple[RegisterDefinition, ...]:
        """Return the newest published version of each register the caller may use."""
        ...

    def definition(self, register: str, version: str = "") -> RegisterDefinition:
        """Return one version of a register, the newest published one by default."""
        ...

    def publish(self, caller: Caller, definition: RegisterDefinition, reason: Reason) -> None:
        """Publish a new version; BreakingChangeUndeclared when it silently breaks the one before."""
        ...

    def find(self, caller: Caller, register: str, query: Query, reason: Reason, *, version: str = "") -> Page:
        """Return the page of records that match `query`."""
        ...

    def read(
        self, caller: Caller, register: str, record_id: str, reason: Reason, *, version: str = ""
    ) -> Record:
        """Return one record by id."""
        ...

    def exists(
        self, caller: Caller, register: str, example: Data, reason: Reason, *, version: str = ""
    ) -> bool:
        """Tell whether a record has all of the values of `example`; a hit is a read of its persons' data."""
        ...

    def create(
        self,
        caller: Caller,
        register: str,
        data: Data,
        reason: Reason,
        *,
        version: str = "",
        valid_from: date | None = None,
    ) -> Record:
        """Register a record; RecordInvalid, RecordExists."""
        ...

    def update(
        self,
        caller: Caller,
        register: str,
        record_id: str,
        changes: Data,
        reason: Reason,
        *,
        version: str = "",
        expected_revision: int | None = None,
        valid_from: date | None = None,
    ) -> Record:
        """Change the named fields of a record; a null removes a field."""
        ...

    def create_many(
        self, caller: Caller, register: str, rows: Iterable[Data], reason: Reason, *, version: str = ""
    ) -> tuple[Record, ...]:
        """Register at most `BULK_MAX` records in one transaction, all or none."""
        ...

    def archive(self, caller: Caller, register: str, record_id: str, reason: Reason) -> None:
        """Archive a record: it leaves searches, its history stays (soft delete)."""
        ...

    def history(self, caller: Caller, register: str, record_id: str, reason: Reason) -> tuple[Revision, ...]:
        """Return every revision of a record, the newest first."""
        ...

    def as_of(
        self,
        caller: Caller,
        register: str,
        record_id: str,
        reason: Reason,
        *,
        valid_on: date,
        recorded_by: datetime,
    ) -> Record:
        """Return the record as it held on `valid_on`, by what was recorded up to `recorded_by`."""
        ...

    def read_log(self, caller: Caller, register: str, record_id: str) -> tuple[Reading, ...]:
        """Return who read a record, the newest first."""
        ...

    def readings_of(self, caller: Caller, person: PersonCode, register: str = "") -> tuple[Reading, ...]:
        """Return who read a person's data, for that person herself (DRS-8), the newest first."""
        ...

    def facts_about(self, caller: Caller, person: PersonCode, reason: Reason) -> tuple[Record, ...]:
        """Return every record that concerns `person`, from every register, for that person herself."""
        ...

    def load(
        self,
        caller: Caller,
        register: str,
        rows: Iterable[Mapping[str, Value]],
        reason: Reason,
        *,
        dry_run: bool,
    ) -> ImportReport:
        """Check and then take rows, by key: new ones are created, known ones updated, equal ones left."""
        ...

    def export(self, caller: Caller, register: str, query: Query, reason: Reason) -> Iterator[Record]:
        """Yield every record that matches `query`, ordered by id; paging is ignored."""
        ...
