# SPDX-License-Identifier: EUPL-1.2
"""What can go wrong with registers and records, each with its stable code."""

from __future__ import annotations

from flagstone.kernel.errors import Fault, Kind


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
