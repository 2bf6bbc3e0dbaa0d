# SPDX-License-Identifier: EUPL-1.2
"""Each read across agencies appears for the right person within seconds, and nowhere else; gaps are named."""

from __future__ import annotations

import re
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

import pytest

from tests.journeys.state import WAYS, Asking, Person, State, Systems

pytestmark = pytest.mark.slow

SEEN_WITHIN_SECONDS = 5.0
PAGE_SECONDS_MAX = 2.0 + 1.0  # the page's own limit, and the rest of the way
PERSONS = 25
READERS = 4


@dataclass(frozen=True)
class Read:
    """One read to be made: whose data, by which way, under which message id."""

    code: str
    way: Asking
    message: str


@dataclass
class Seen:
    """What the reads came to: the ids that each person must be told of, and how long some of them took."""

    expected: dict[str, list[str]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)


@pytest.fixture(scope="module")
def systems(state: State) -> Iterator[Systems]:
    made = Systems(state)
    yield made
    made.close()


@pytest.fixture(scope="module")
def persons(state: State) -> Iterator[dict[str, Person]]:
    """Persons who hold permits, signed in."""
    codes = state.codes("environment", "permits", PERSONS)
    signed_in = {code: Person(state, code) for code in codes}
    yield signed_in
    for person in signed_in.values():
        person.close()


def planned(codes: list[str], count: int, seed: int) -> list[Read]:
    """Return random reads, the same ones for the same seed."""
    chance = Random(seed)
    return [
        Read(chance.choice(codes), chance.choice(WAYS), str(UUID(int=chance.getrandbits(128), version=4)))
        for _ in range(count)
    ]


def carried_out(systems: Systems, persons: dict[str, Person], reads: list[Read], looks: int) -> Seen:
    """Make every read by several systems at once; after some of them look at once whether it appears."""
    seen = Seen({code: [] for code in persons})
    every = max(1, len(reads) // looks)

    def read(numbered: tuple[int, Read]) -> tuple[Read, int]:
        number, one = numbered
        found = systems.read(one.way, one.code, one.message)
        if found and number % every == 0:
            seen.seconds.append(_until_seen(persons[one.code], one.message))
        return one, found

    with ThreadPoolExecutor(READERS) as pool:
        for one, found in pool.map(read, enumerate(reads)):
            seen.expected[one.code] += [one.message] * found
    return seen


def _until_seen(person: Person, message: str) -> float:
    """Return how long it takes until a person is told of a message."""
    begun = time.monotonic()
    while message not in person.messages():
        assert time.monotonic() - begun < SEEN_WITHIN_SECONDS, "not seen in time"
        time.sleep(0.05)
    return time.monotonic() - begun


def assert_each_is_seen(persons: dict[str, Person], reads: list[Read], seen: Seen) -> None:
    """Compare what each person is told of with what was read of her, message by message."""
    ours = {one.message for one in reads}
    begun = time.monotonic()
    told = {code: [each for each in person.messages() if each in ours] for code, person in persons.items()}
    assert time.monotonic() - begun < SEEN_WITHIN_SECONDS * len(persons)
    for code, messages in told.items():
        assert Counter(messages) == Counter(seen.expected[code])
    assert sum(map(len, told.values())) == sum(map(len, seen.expected.values()))
    assert max(seen.seconds) < SEEN_WITHIN_SECONDS


def proven(state: State, systems: Systems, persons: dict[str, Person], count: int) -> str:
    """Read `count` times, check every one, and return what it took in words."""
    reads = planned(list(persons), count, seed=count)
    begun = time.monotonic()
    seen = carried_out(systems, persons, reads, looks=max(20, count // 100))
    took = time.monotonic() - begun
    assert_each_is_seen(persons, reads, seen)
    for site in state.doors:
        state.command("tracker", "reconcile", site=site)
    records = sum(map(len, seen.expected.values()))
    slowest = max(seen.seconds)
    looks = f"the slowest of {len(seen.seconds)} seen in {slowest:.2f} s"
    return f"{count} reads in {took:.1f} s, {records} usages, {looks}"


def test_each_of_500_reads_appears_for_the_right_person(
    state: State, systems: Systems, persons: dict[str, Person]
) -> None:
    assert "500 reads" in proven(state, systems, persons, 500)


@pytest.mark.long
def test_each_of_10000_reads_appears_for_the_right_person(
    state: State, systems: Systems, persons: dict[str, Person], capsys: pytest.CaptureFixture[str]
) -> None:
    words = proven(state, systems, persons, 10_000)
    with capsys.disabled():
        print(f"\n{words}")


def text_of(page: str) -> str:
    """Return what a reader sees."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_an_agency_that_is_stopped_is_named_in_time(state: State, persons: dict[str, Person]) -> None:
    person = next(iter(persons.values()))
    state.command("sites", "stop", "justice")
    try:
        begun = time.monotonic()
        page = person.page()
        took = time.monotonic() - begun
    finally:
        state.command("sites", "start", "justice")
    assert page.status_code == 200
    assert took < PAGE_SECONDS_MAX
    assert "Ministry of Justice did not answer in time." in text_of(page.text)
    assert "Tax and Customs Board did not" not in text_of(page.text)


def test_an_agency_that_hangs_is_named_in_time(state: State, persons: dict[str, Person]) -> None:
    person = next(iter(persons.values()))
    with state.hanging("environment"):
        begun = time.monotonic()
        page = person.page()
        took = time.monotonic() - begun
    assert took < PAGE_SECONDS_MAX
    assert "Ministry of the Environment did not answer in time." in text_of(page.text)


def test_an_investigation_is_counted_and_not_described(
    state: State, systems: Systems, persons: dict[str, Person]
) -> None:
    code, person = next(iter(persons.items()))
    police = next(way for way in WAYS if way.client.endswith("/investigations"))
    before = person.usages()["hidden"]
    until = {"Flagstone-Hidden-Until": "2099-01-01T00%3A00%3A00Z"}
    message = str(UUID(int=Random().getrandbits(128), version=4))
    assert systems.read(police, code, message, **until) == 1
    assert person.usages()["hidden"] == before + 1
    assert message not in person.messages()
    assert "may not be described yet" in text_of(person.page().text)
    with pytest.raises(AssertionError, match="may not keep a use of data hidden"):
        systems.read(WAYS[0], code, str(UUID(int=Random().getrandbits(128), version=4)), **until)


def test_a_usage_row_that_is_deleted_is_named(state: State) -> None:
    state.command("audit", "verify", site="revenue")
    file = state.folder / "data" / "revenue" / "registry.sqlite"
    connection = sqlite3.connect(file)
    with connection:
        row = connection.execute("SELECT * FROM person_read ORDER BY id LIMIT 1").fetchone()
        connection.execute("DELETE FROM person_read WHERE id = ?", (row[0],))
    try:
        words = state.refused("audit", "verify", site="revenue")
        assert row[0] in words
    finally:
        with connection:
            marks = ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO person_read VALUES ({marks})", row)
        connection.close()
    state.command("audit", "verify", site="revenue")
