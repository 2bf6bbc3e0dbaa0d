# SPDX-License-Identifier: EUPL-1.2
"""Who belongs to the exchange: decided at the centre, taken over everywhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from flagstone.blocks.exchange.contract.directory import (
    Directory,
    GlobalGroup,
    Member,
    Server,
    Subsystem,
    Words,
)
from flagstone.blocks.exchange.contract.faults import (
    DirectoryInvalid,
    DirectoryUnavailable,
    IdentifierInvalid,
    NotTheCentre,
)
from flagstone.blocks.exchange.contract.identifiers import ClientId, ServerId
from flagstone.blocks.exchange.model import directories as decisions
from flagstone.blocks.exchange.model.roles import require_operator
from flagstone.blocks.exchange.service.configuration import Configuration
from flagstone.blocks.exchange.store import directories
from flagstone.kernel.audit import Caller, Reason, job

CHECKED_MINUTES = 5
"""How often, at most, it is written down that the directory was found to be the newest."""

SYNC = job("directory of the exchange")


class Members:
    """Keeps `contract.Governance` on a configuration."""

    def __init__(self, configuration: Configuration) -> None:
        """Change the directory of `configuration`."""
        self._configuration = configuration

    def directory(self) -> Directory:
        """See `contract.Governance.directory`."""
        return self._configuration.snapshot().directory

    def admit_member(self, caller: Caller, member: Member, reason: Reason) -> None:
        """See `contract.Governance.admit_member`."""
        _require_words(member.name)
        self._decide(caller, reason, lambda directory: decisions.with_member(directory, member))

    def admit_subsystem(self, caller: Caller, subsystem: Subsystem, reason: Reason) -> None:
        """See `contract.Governance.admit_subsystem`."""
        _require_words(subsystem.name)
        self._decide(caller, reason, lambda directory: decisions.with_subsystem(directory, subsystem))

    def admit_server(self, caller: Caller, server: Server, reason: Reason) -> None:
        """See `contract.Governance.admit_server`."""
        self._decide(caller, reason, lambda directory: decisions.with_server(directory, server))

    def keep_global_group(self, caller: Caller, group: GlobalGroup, reason: Reason) -> None:
        """See `contract.Governance.keep_global_group`."""
        self._decide(caller, reason, lambda directory: decisions.with_group(directory, group))

    def dismiss(self, caller: Caller, who: ClientId | ServerId, reason: Reason) -> None:
        """See `contract.Governance.dismiss`."""
        self._decide(caller, reason, lambda directory: decisions.without(directory, who))

    def adopt(self, directory: Directory) -> bool:
        """Take over a directory from the centre if it is newer; tell whether it was.

        DirectoryInvalid when it is older than what was known, contradicts itself or is another instance's.
        """
        before = self.directory()
        decisions.require_believable(directory, before.instance)
        directory = decisions.in_order(directory)
        if directory.revision < before.revision:
            raise DirectoryInvalid(f"its revision {directory.revision} is before {before.revision}")
        if directory.revision == before.revision:
            if replace(directory, made_at=before.made_at) != before:
                raise DirectoryInvalid(f"it is not the revision {directory.revision} that came before")
            self.found_newest()
            return False
        reason = Reason(f"Directory of the exchange, revision {directory.revision}")
        with self._configuration.changing(SYNC, reason) as write:
            there = directories.directory(write)
            if there is not None and there.revision >= directory.revision:
                raise DirectoryInvalid("a newer one came meanwhile")
            directories.keep_directory(write, directory)
        return True

    def found_newest(self) -> None:
        """Note that the directory is still the newest, at most once in `CHECKED_MINUTES`."""
        database, instance = self._configuration.database, self.directory().instance
        checked = self.checked_at()
        if checked is not None and database.clock.now() - checked < timedelta(minutes=CHECKED_MINUTES):
            return
        with database.writing(SYNC, Reason("Directory of the exchange found to be the newest")) as write:
            directories.keep_checked(write, instance)

    def checked_at(self) -> datetime | None:
        """Return when the directory was last known to be the newest; at the centre that is now."""
        if self._configuration.place.is_centre:
            return self._configuration.database.clock.now()
        with self._configuration.database.reading() as view:
            return directories.checked_at(view)

    def _decide(self, caller: Caller, reason: Reason, decide: Callable[[Directory], Directory]) -> None:
        """Replace the directory by what `decide` makes of it, as its next revision."""
        if not self._configuration.place.is_centre:
            raise NotTheCentre
        require_operator(caller, self._configuration.place.server)
        with self._configuration.changing(caller.actor, reason) as write:
            before = directories.directory(write)
            if before is None:
                raise DirectoryUnavailable
            after = replace(decide(before), revision=before.revision + 1, made_at=write.at)
            directories.keep_directory(write, after)


def _require_words(words: Words) -> None:
    """Raise IdentifierInvalid unless there is a name of bearable length in some language."""
    texts = list(words.values())
    if not texts or any(not 0 < len(text) <= decisions.WORDS_LENGTH_MAX for text in texts):
        raise IdentifierInvalid("it needs a name by language")
