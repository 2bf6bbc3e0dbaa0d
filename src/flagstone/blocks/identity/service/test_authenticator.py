# SPDX-License-Identifier: EUPL-1.2
"""The test authenticator: whoever asks may be any made-up person; only for a sandbox country."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flagstone.blocks.identity.contract import (
    FeaturedPerson,
    Person,
    PersonDirectory,
    PersonUnknown,
    SandboxOnly,
    Subject,
)
from flagstone.kernel.ids import PersonCode

PAGE_SIZE = 20
PAGE_MAX = 10_000
WORDS_CHARACTERS_MAX = 100
ACR, AMR = "low", ("test",)
"""What a relying party is told: nothing was proven."""


@dataclass(frozen=True)
class Found:
    """A page of test persons; featured ones come with a note by language."""

    featured: tuple[tuple[Person, FeaturedPerson], ...]
    persons: tuple[Person, ...]
    total: int
    page: int
    pages: int


class TestAuthenticator:
    """Signs test persons in from a searchable list."""

    __test__ = False  # not a test, whatever its name begins with

    def __init__(
        self, directory: PersonDirectory, featured: Sequence[FeaturedPerson] = (), *, sandbox: bool
    ) -> None:
        """Offer the persons of `directory`; SandboxOnly unless the country is a sandbox."""
        if not sandbox:
            raise SandboxOnly
        self._directory = directory
        self._featured = tuple(featured)
        self._front: Found | None = None

    def search(self, words: str, page: int) -> Found:
        """Return the page of persons whose names or codes begin with the words; all when there are none.

        On the first page without words the featured persons come first. That page is read once and then
        kept: every sign-in shows it, and each reading would stand in those persons' logs.
        """
        asked = min(max(page, 1), PAGE_MAX)
        wanted = " ".join(words.split())[:WORDS_CHARACTERS_MAX]
        if wanted or asked > 1:
            return self._found(wanted, asked, ())
        if self._front is None:
            self._front = self._found("", 1, self._found_featured())
        return self._front

    def _found(self, words: str, page: int, featured: tuple[tuple[Person, FeaturedPerson], ...]) -> Found:
        """Ask the directory for one page."""
        found = self._directory.search(words, PAGE_SIZE, page)
        return Found(featured, found.persons, found.total, page, max(1, -(-found.total // PAGE_SIZE)))

    def subject(self, personal_code: str, office: int | None) -> Subject:
        """Return the chosen person as a subject, in the office of that number or as herself.

        Raises PersonUnknown when the directory has no such living person or she holds no such office.
        """
        person = self._directory.find(PersonCode(personal_code)) if 0 < len(personal_code) <= 64 else None
        if person is None or (office is not None and not 0 <= office < len(person.offices)):
            raise PersonUnknown
        return Subject(person, None if office is None else person.offices[office], ACR, AMR)

    def _found_featured(self) -> tuple[tuple[Person, FeaturedPerson], ...]:
        """Return the featured persons that the directory has."""
        pairs = ((self._directory.find(one.personal_code, listed=True), one) for one in self._featured)
        return tuple((person, one) for person, one in pairs if person is not None)
