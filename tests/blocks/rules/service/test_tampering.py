# SPDX-License-Identifier: EUPL-1.2
"""Whoever changes a byte of a record, a signature, a row or an archive is found out, whichever byte it is."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.blocks.rules.decided import SIGNING, SITE, WHY, Deciding, Plain, deciding, herself

from flagstone.blocks.rules.contract.decision_faults import DecisionBroken
from flagstone.blocks.rules.model import canonical_json
from flagstone.blocks.rules.model.canonical_json import NotCanonical
from flagstone.blocks.rules.model.decisions import TYPE, decision_of, digest_of
from flagstone.blocks.rules.service.checking import check
from flagstone.blocks.rules.service.keeping import flaws_of
from flagstone.blocks.rules.store import decisions as store
from flagstone.blocks.rules.store.tables import SCHEMA
from flagstone.kernel.clock import SetClock
from flagstone.platform.crypto.detached import sign_detached, verify_detached
from flagstone.platform.crypto.jose import TokenRefused
from flagstone.platform.crypto.keys import KeyKind, generate_signing_key
from flagstone.platform.storage import engine, migration
from flagstone.platform.storage.database import Database

MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
GUARDS = ("decision", "kept_part", "archive", "appeal", "settlement")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, aralia: Plain) -> Iterator[Deciding]:
    """A site on SQLite with one decision, whose rows can be changed, as by somebody with the file."""
    folder = tmp_path_factory.mktemp("tampered")
    clock = SetClock(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))
    database = Database(SCHEMA, engine.sqlite(folder / "rules.sqlite"), "aralia/test/rules", clock=clock)
    migration.migrate(database)
    site = deciding(database, folder, aralia)
    site.decide()
    site.decide(30_000.0)
    unguard(site)
    yield site
    database.close()


def unguard(site: Deciding) -> None:
    with site.database.writers.begin() as connection:
        for table in GUARDS:
            for change in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER {table}_no_{change}"))


def row_of(site: Deciding) -> tuple[dict[str, Any], bytes]:
    with site.database.reading() as view:
        row = dict(store.after(view, 0)[0])
        content = store.kept(view, row["digest"])
    assert content is not None
    return row, content


def flipped(data: bytes, at: int, bits: int) -> bytes:
    return data[:at] + bytes([data[at] ^ bits]) + data[at + 1 :]


def test_every_single_byte_of_a_record_counts(kept: Deciding) -> None:
    row, content = row_of(kept)
    assert flaws_of(kept.means, row, content) == []
    for at in range(len(content)):
        assert flaws_of(kept.means, row, flipped(content, at, 1)) == ["its content was changed"]


@MANY
@given(st.data())
def test_a_record_with_another_byte_is_refused_even_under_its_own_digest(kept: Deciding, data: Any) -> None:
    row, content = row_of(kept)
    at, bits = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(1, 255))
    other = flipped(content, at, bits)
    assert flaws_of(kept.means, {**row, "digest": digest_of(other)}, other) == ["the signature does not hold"]


def test_every_single_character_of_a_signature_counts(kept: Deciding) -> None:
    row, content = row_of(kept)
    jws = row["jws"]
    for at in range(len(jws)):
        for letter in ("A", "B", "-", ".", "é"):
            if jws[at] != letter:
                assert flaws_of(kept.means, {**row, "jws": jws[:at] + letter + jws[at + 1 :]}, content)


@MANY
@given(st.data())
def test_any_other_character_of_a_signature_is_refused(kept: Deciding, data: Any) -> None:
    row, content = row_of(kept)
    at = data.draw(st.integers(0, len(row["jws"]) - 1))
    letter = data.draw(st.characters(codec="utf-8"))
    if row["jws"][at] != letter:
        jws = row["jws"][:at] + letter + row["jws"][at + 1 :]
        assert flaws_of(kept.means, {**row, "jws": jws}, content)


COLUMNS = [
    "number",
    "sequence",
    "subject",
    "kind",
    "at",
    "package",
    "digest",
    "archive",
    "explanation",
    "reads",
    "previous",
    "replaces",
    "jws",
    "person",
    "revision",
    "deleted_at",
]


def test_the_tests_know_every_column(kept: Deciding) -> None:
    assert [column.name for column in SCHEMA.metadata.tables["decision"].columns] == COLUMNS


@pytest.mark.parametrize("column", COLUMNS)
def test_every_byte_of_a_row_counts(kept: Deciding, column: str) -> None:
    """Each byte of each column in turn; what nothing beside the row says is found by the chain."""
    row, _content = row_of(kept)
    for other in others(row[column]):
        assert not verified_with(kept, row, column, other), (column, other)
    assert kept.service.verify(SITE).whole


def others(value: Any) -> Iterator[Any]:
    """Yield the value with each of its bytes changed in turn, and one that is longer."""
    if value is None:
        yield "2026-11-22T08:00:00.000000Z"
    elif isinstance(value, int):
        yield value + 7
    elif isinstance(value, bytes):
        yield from (flipped(value, at, 1) for at in range(len(value)))
        yield value + b"\0"
    else:
        step = max(1, len(value) // 12)
        yield from (
            value[:at] + ("0" if value[at] != "0" else "1") + value[at + 1 :]
            for at in range(0, len(value), step)
        )
        yield value + "0"


def verified_with(site: Deciding, row: dict[str, Any], column: str, value: Any) -> bool:
    """Tell whether a decision's row with another value in a column would pass for whole; it is put back."""
    change = text(f"UPDATE decision SET {column} = :value WHERE sequence = :sequence")
    with site.database.writers.begin() as connection:
        connection.execute(change, {"value": value, "sequence": row["sequence"]})
    try:
        return check(site.means).whole
    finally:
        back = text(f"UPDATE decision SET {column} = :value WHERE rowid = 1")
        with site.database.writers.begin() as connection:
            connection.execute(back, {"value": row[column]})


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("DELETE FROM decision WHERE sequence = 2", "the chain does not end"),
        ("DELETE FROM decision WHERE sequence = 1", "it does not follow"),
        ("UPDATE chain SET count = 7", "the chain does not end"),
        ("UPDATE chain SET digest = 'x'", "the chain does not end"),
        ("DELETE FROM chain", "the chain does not end"),
        ("UPDATE kept_part SET content = x'00'", "its content was changed"),
        ("UPDATE kept_part SET part = 1", "its content is gone"),
        ("UPDATE kept_part SET revision = 2", "its content is gone"),
        ("DELETE FROM kept_part", "its content is gone"),
        ("DELETE FROM parameter_read WHERE day = '2026-03-01'", "the index of what it read"),
        (
            "UPDATE parameter_read SET day = '2026-03-02' WHERE day = '2026-03-01'",
            "the index of what it read",
        ),
        ("UPDATE archive SET bytes = 5", "the row of the archive"),
        ("UPDATE archive SET made_at = '2020'", "the journal"),
        ("DELETE FROM archive", "the journal"),
    ],
)
def test_harm_to_any_table_is_found(lone: Deciding, harm: str, told: str) -> None:
    lone.decide()
    lone.decide()
    assert lone.service.verify(SITE).whole
    unguard(lone)
    with lone.database.writers.begin() as connection:
        connection.execute(text(harm))
    broken = [each.what for each in lone.service.verify(SITE).broken]
    assert any(told in each for each in broken), broken


def test_a_broken_decision_is_not_shown(lone: Deciding) -> None:
    number = lone.decide().decision.number
    unguard(lone)
    with lone.database.writers.begin() as connection:
        connection.execute(text("UPDATE decision SET kind = 'income-tax-2024'"))
    with pytest.raises(DecisionBroken, match="another kind"):
        lone.service.find(number, herself(), WHY)


def test_every_byte_of_an_archive_counts(kept: Deciding) -> None:
    digest = row_of(kept)[0]["archive"]
    content = kept.means.archives.read(digest)
    for at in range(0, len(content), max(1, len(content) // 400)):
        assert digest_of(flipped(content, at, 1)) != digest


@given(st.binary(max_size=200))
def test_bytes_that_are_no_decision_are_refused(content: bytes) -> None:
    with pytest.raises(NotCanonical):
        decision_of(content)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON)
def test_a_value_has_one_canonical_text_that_reads_back_to_the_same_bits(value: Any) -> None:
    content = canonical_json.encode(value)
    again = canonical_json.decode(content)
    assert canonical_json.encode(again) == content
    assert repr(again) == repr(json.loads(json.dumps(value, sort_keys=True)))


@pytest.mark.parametrize(
    "content",
    [
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1,"a":1}',
        b"1.50",
        b"1E5",
        b"NaN",
        b'"\\u0041"',
        b"\xff",
        b"[1,]",
        b"",
        b'"\\ud800"',
    ],
)
def test_another_text_of_a_value_is_refused(content: bytes) -> None:
    with pytest.raises(NotCanonical):
        canonical_json.decode(content)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {"a": {1, 2}}])
def test_what_json_cannot_say_has_no_canonical_text(value: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical_json.encode(value)


def token(header: dict[str, Any]) -> str:
    head = base64.urlsafe_b64encode(json.dumps(header, separators=(",", ":")).encode()).rstrip(b"=").decode()
    return (
        head + sign_detached(SIGNING, b"x", type=TYPE)[sign_detached(SIGNING, b"x", type=TYPE).index("..") :]
    )


@pytest.mark.parametrize(
    "jws",
    [
        token({"alg": "none", "kid": SIGNING.id, "typ": TYPE}),
        token({"alg": "ES256", "kid": SIGNING.id, "typ": TYPE, "jwk": {}}),
        token({"alg": "ES256", "kid": "other", "typ": TYPE}),
        token({"alg": "ES256", "kid": SIGNING.id, "typ": "JWT"}),
        token({"alg": "ES256"}),
        sign_detached(generate_signing_key(KeyKind.EC_P256), b"x", type=TYPE),
        sign_detached(SIGNING, b"y", type=TYPE),
        sign_detached(SIGNING, b"x", type="flagstone-checkpoint+jwt"),
        sign_detached(SIGNING, b"x", type=TYPE) + "=",
        sign_detached(SIGNING, b"x", type=TYPE)[:-4],
        "",
        "..",
        "a..b",
    ],
)
def test_a_signature_of_another_kind_key_or_content_is_refused(jws: str) -> None:
    with pytest.raises(TokenRefused):
        verify_detached(jws, b"x", [SIGNING.public], type=TYPE)


def test_a_signature_holds_for_its_content_and_key() -> None:
    assert (
        verify_detached(sign_detached(SIGNING, b"x", type=TYPE), b"x", [SIGNING.public], type=TYPE)
        == SIGNING.id
    )
