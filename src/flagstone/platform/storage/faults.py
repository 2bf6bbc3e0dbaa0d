# SPDX-License-Identifier: EUPL-1.2
"""What can go wrong with storage, each with its stable code."""

from __future__ import annotations

from flagstone.kernel.errors import Fault, Kind, SettingsFault


class ChangedMeanwhile(Fault):
    """The row is not at the revision that the writer read (optimistic concurrency)."""

    code = "storage.changed-meanwhile"
    kind = Kind.CONFLICT
    title = "Somebody else changed this first"
    remedy = "Read it again and repeat the change."


class AlreadyThere(Fault):
    """A row with this key, or with this unique value, exists."""

    code = "storage.already-there"
    kind = Kind.CONFLICT
    title = "It exists already"
    remedy = "Read it, and change it instead."


class NotThere(Fault):
    """The row to be changed does not exist or was retired."""

    code = "storage.not-there"
    kind = Kind.MISSING
    title = "It does not exist"
    remedy = "Check the identifier."


class WriteWithoutEntry(Fault):
    """A writing block ended without a single journaled change; it was rolled back."""

    code = "storage.write-without-entry"
    title = "A write left no entry in the journal and was undone"
    remedy = "This is a fault of the program; report it."


class ReadingUnrecorded(Fault):
    """A read of personal data ended without saying whose data was seen."""

    code = "storage.reading-unrecorded"
    title = "A read of personal data was not recorded and was withheld"
    remedy = "This is a fault of the program; report it."


class NotARead(Fault):
    """A statement that is not a SELECT was given to a reading, or DML names a journaled table."""

    code = "storage.not-a-read"
    title = "A statement tried to pass by the storage door"
    remedy = "This is a fault of the program; report it."


class EntryTooLarge(Fault):
    """A change would make a journal entry of 65,536 bytes or more (C2SP tlog-tiles bundles)."""

    code = "storage.entry-too-large"
    kind = Kind.TOO_LARGE
    title = "The record is too large"
    remedy = "Keep one record under 48 KiB; store large documents apart."


class Busy(Fault):
    """Another writer held the database longer than a writer waits."""

    code = "storage.busy"
    kind = Kind.UNAVAILABLE
    title = "The register is busy"
    remedy = "Try again in a few seconds."


class DiskFull(Fault):
    """The disk, or the database's quota, is full; nothing of the change was kept."""

    code = "storage.disk-full"
    kind = Kind.UNAVAILABLE
    title = "There is no room to store the change"
    remedy = "The operator must free disk space; nothing was lost or half-written."


class DatabaseUnreachable(Fault):
    """The database cannot be opened or does not answer."""

    code = "storage.unreachable"
    kind = Kind.UNAVAILABLE
    title = "The database does not answer"
    remedy = "Check that it runs and that the settings name it; `flagstone check` tries it."


class MigrationsPending(SettingsFault):
    """The database is older than the program; nothing was touched."""

    code = "storage.migrations-pending"
    title = "The database needs a migration"
    remedy = "Run `flagstone migrate` to see the steps, and `flagstone migrate --apply` to take them."


class DatabaseNewer(SettingsFault):
    """The database was written by a newer program; nothing was touched."""

    code = "storage.database-newer"
    title = "The database is newer than this program"
    remedy = "Run the newer version; migrations go forward only."
