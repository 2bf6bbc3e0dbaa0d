# SPDX-License-Identifier: EUPL-1.2
"""`linkinginfo` and the names of containers and archives."""

from datetime import UTC, datetime
from hashlib import sha512

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.exchange.model.linking import (
    Link,
    LinkingInvalid,
    archive_group,
    archive_name,
    chained,
    container_name,
    file_digest,
    read,
    written,
)

DIGEST = "ab" * 64
FILES = st.dictionaries(st.from_regex(r"[a-z0-9.-]{1,12}", fullmatch=True), st.binary(max_size=9), max_size=5)


def test_the_first_link_is_made_of_its_file_alone_and_the_next_of_both() -> None:
    info = chained(Link(), [("a", file_digest(b"one")), ("b", file_digest(b"two"))])
    first = sha512(sha512(b"one").hexdigest().encode()).hexdigest()
    assert info.links[0] == Link(first, "a")
    assert info.last.digest == sha512((first + sha512(b"two").hexdigest()).encode()).hexdigest()


@given(FILES, st.booleans())
def test_what_is_written_is_read(files: dict[str, bytes], first: bool) -> None:
    before = Link() if first else Link(DIGEST, "before.asice")
    info = chained(before, [(name, file_digest(content)) for name, content in files.items()])
    again = read(written(info, "" if first else "mlog-1.zip"))
    assert again.links == info.links
    assert again.before.digest == before.digest
    assert again.before.file == ("" if first else "mlog-1.zip")


@given(FILES.filter(bool), st.data())
def test_no_other_order_name_or_byte_gives_the_same_chain(
    files: dict[str, bytes], data: st.DataObject
) -> None:
    listed = [(name, file_digest(content)) for name, content in files.items()]
    changed = data.draw(st.integers(0, len(listed) - 1))
    other = list(listed)
    other[changed] = (listed[changed][0], file_digest(files[listed[changed][0]] + b"!"))
    assert chained(Link(), other).last.digest != chained(Link(), listed).last.digest
    assert chained(Link(DIGEST), listed).last.digest != chained(Link(), listed).last.digest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "- -",
        "- - SHA-256",
        f"{DIGEST} - - SHA-512",
        "abc x SHA-512",
        "- x SHA-512",
        "- - SHA-512\nabc file",
        f"- - SHA-512\n{DIGEST}",
        f"- - SHA-512\n{DIGEST} a b",
        f"- - SHA-512\n{DIGEST} ../a",
        f"- - SHA-512\n{DIGEST} a\n{DIGEST} a",
        f"- - SHA-512\n\n{DIGEST} a",
        f"- - SHA-512\n{DIGEST.upper()} a",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(LinkingInvalid):
        read(text.encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        info = read(data)
    except LinkingInvalid:
        return
    assert read(written(info, info.before.file)).links == info.links


def test_a_container_is_named_by_message_side_and_number() -> None:
    assert container_name("a/b c", is_response=False, number=33) == "a%2Fb%20c-request-11.asice"
    name = container_name("ä" * 255, is_response=True, number=0)
    assert name.endswith("%C3%A4-response-0.asice")
    assert len(name.partition("-")[0]) <= 226
    with pytest.raises(ValueError, match="negative"):
        container_name("a", is_response=True, number=-1)


def test_an_archive_is_named_by_its_span_and_last_digest() -> None:
    first, last = (datetime(2026, 11, 22, hour, 1, 2, tzinfo=UTC) for hour in (1, 7))
    assert archive_name(first, last, DIGEST) == "mlog-20261122010102-20261122070102-abababababababab.zip"
    grouped = archive_name(first, last, DIGEST, "XA/GOV/1")
    assert grouped.startswith("mlog-XA%2FGOV%2F1-2026")
    assert archive_group(f"some/folder/{grouped}") == "XA%2FGOV%2F1"
    assert archive_group(archive_name(first, last, DIGEST)) == archive_group("other.zip") == ""
