# SPDX-License-Identifier: EUPL-1.2
"""ZIP files that mean two things, or too much, are refused (APPNOTE 6.3, ISO/IEC 21320-1)."""

from __future__ import annotations

import io
import stat
import struct
import time
import warnings
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.platform.crypto.zip_read import ARCHIVE, ZipBounds, ZipFile, ZipRefused
from flagstone.platform.crypto.zip_write import write_zip
from tests.platform.crypto.evidence import AT, VECTORS, needs_vectors

FILES = {"mimetype": b"application/x", "META-INF/a.xml": b"<a/>" * 100, "b": b""}


def zipped(
    files: dict[str, bytes], *, comment: bytes = b"", change: Callable[[zipfile.ZipInfo], None] | None = None
) -> bytes:
    """Return a ZIP file by the standard library; `change` may spoil each entry."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out.comment = comment
        for name, content in files.items():
            info = zipfile.ZipInfo(name, (2026, 5, 4, 9, 30, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            if change:
                change(info)
            out.writestr(info, content)
    return made.getvalue()


def streamed(files: dict[str, bytes]) -> bytes:
    """Return a ZIP file whose sizes stand behind the data, as Java and pipes write it."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise OSError

        def tell(self) -> int:
            raise OSError

    made = Pipe()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            out.writestr(name, content)
    return made.getvalue()


PLAIN = zipped(FILES)


def refusal(data: bytes, bounds: ZipBounds | None = None) -> str:
    with pytest.raises(ZipRefused) as refused:
        dict(ZipFile(data, bounds or ZipBounds()))
    assert refused.value.detail
    return refused.value.detail


@pytest.mark.parametrize("data", [PLAIN, streamed(FILES), zipped(FILES, comment=b"said")])
def test_plain_files(data: bytes) -> None:
    assert dict(ZipFile(data)) == FILES
    assert dict(ZipFile(memoryview(data))) == FILES


def test_what_it_says() -> None:
    read = ZipFile(zipped({"folder/": b"", **FILES}, comment=b"said"))
    assert read.names == tuple(FILES)
    assert read.comment == b"said"
    assert read.size("META-INF/a.xml") == 400
    assert read.stored == frozenset()
    assert ZipFile(zipped({})).names == ()
    with pytest.raises(KeyError):
        read.read("folder/")


@needs_vectors
@pytest.mark.parametrize(
    "path", [*VECTORS.glob("asice/*.asice"), *VECTORS.glob("archives/*.zip")], ids=lambda path: path.name
)
def test_vectors_read_as_by_the_standard_library(path: object) -> None:
    data = path.read_bytes()  # type: ignore[attr-defined]
    with zipfile.ZipFile(io.BytesIO(data)) as other:
        names = [each for each in other.namelist() if not each.endswith("/")]
        assert dict(ZipFile(data, ARCHIVE)) == {each: other.read(each) for each in names}


@pytest.mark.parametrize(
    "name",
    [
        "../a",
        "a/../b",
        "/etc/passwd",
        "a//b",
        "./a",
        "a/.",
        "..",
        "C:/a",
        "a\\b",
        "a\x7f",
        "a\nb",
        "x" * 513,
    ],
)
def test_names_that_lead_elsewhere(name: str) -> None:
    assert "name" in refusal(zipped({name: b"x"}))


def test_names_in_unknown_letters() -> None:
    data = zipped({"aeb": b"x"}).replace(b"aeb", b"a\xffb")
    assert "ASCII" in refusal(data)
    assert dict(ZipFile(zipped({"õ": b"x"}))) == {"õ": b"x"}


@pytest.mark.parametrize(
    "names", [("a", "a"), ("a", "A"), ("ß", "SS"), ("a/b", "A/B"), ("é", "e\u0301"), ("a", "a/")]
)
def test_names_that_stand_twice(names: tuple[str, str]) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as out, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            out.writestr(name, b"")
    assert "twice" in refusal(made.getvalue())


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


LOCAL, CENTRAL, END = 0, PLAIN.index(b"PK\x01\x02"), PLAIN.index(b"PK\x05\x06")
SECOND = PLAIN.index(b"PK\x03\x04", 4)
MOVED_END = patched(PLAIN[END:], 16, struct.pack("<L", CENTRAL + 6))


def of_mode(mode: int) -> Callable[[zipfile.ZipInfo], None]:
    return lambda info: setattr(info, "external_attr", mode << 16)


SPOILT: dict[str, bytes] = {
    "nothing": b"",
    "no ZIP": b"PK\x05\x06 but no more",
    "cut at its start": PLAIN[10:],
    "cut at its end": PLAIN[:-1],
    "cut in its middle": PLAIN[:50] + PLAIN[60:],
    "something before it": b"#!/bin/sh\n" + PLAIN,
    "something after it": PLAIN + b"more",
    "another ZIP file after it": PLAIN + PLAIN,
    "something between": PLAIN[:CENTRAL] + b"hidden" + PLAIN[CENTRAL:END] + MOVED_END,
    "encrypted": patched(patched(PLAIN, LOCAL + 6, b"\x01"), CENTRAL + 8, b"\x01"),
    "strongly encrypted": patched(PLAIN, CENTRAL + 8, b"\x41"),
    "masked": patched(PLAIN, CENTRAL + 9, b"\x20"),
    "encrypted in one place": patched(PLAIN, LOCAL + 6, b"\x01"),
    "another method in one place": patched(PLAIN, LOCAL + 8, b"\x00"),
    "an unknown method": patched(patched(PLAIN, LOCAL + 8, b"\x09"), CENTRAL + 10, b"\x09"),
    "another name in one place": patched(PLAIN, LOCAL + 30, b"Mimetype"),
    "another checksum in one place": patched(PLAIN, LOCAL + 14, b"\0\0\0\1"),
    "another size in one place": patched(PLAIN, LOCAL + 22, b"\x0e"),
    "another checksum": patched(patched(PLAIN, LOCAL + 14, b"\1\2\3\4"), CENTRAL + 16, b"\1\2\3\4"),
    "a smaller size": patched(patched(PLAIN, LOCAL + 22, b"\x0c"), CENTRAL + 24, b"\x0c"),
    "a larger size": patched(patched(PLAIN, LOCAL + 22, b"\x0f"), CENTRAL + 24, b"\x0f"),
    "a shorter body": patched(patched(PLAIN, LOCAL + 18, b"\x0e"), CENTRAL + 20, b"\x0e"),
    "a broken body": patched(PLAIN, LOCAL + 38, b"\xff\xff\xff"),
    "an overlap": patched(PLAIN, CENTRAL + 42, struct.pack("<L", SECOND)),
    "an offset outside": patched(PLAIN, CENTRAL + 42, struct.pack("<L", 1 << 30)),
    "a disk": patched(PLAIN, CENTRAL + 34, b"\x01"),
    "many disks": patched(PLAIN, END + 4, b"\x01"),
    "fewer entries": patched(PLAIN, END + 8, b"\x02\0\x02\0"),
    "more entries": patched(PLAIN, END + 8, b"\x04\0\x04\0"),
    "two counts": patched(PLAIN, END + 8, b"\x02"),
    "ZIP64": patched(PLAIN, END + 8, b"\xff\xff\xff\xff"),
    "ZIP64 sizes": patched(PLAIN, CENTRAL + 20, b"\xff\xff\xff\xff"),
    "a broken directory": patched(PLAIN, CENTRAL, b"PK\x01\x03"),
    "a folder with bytes": zipped({"a/": b"x"}),
    "a link": zipped({"a": b"/etc/passwd"}, change=of_mode(stat.S_IFLNK)),
    "a device": zipped({"a": b""}, change=of_mode(stat.S_IFCHR)),
    "a second name": zipped({"a": b""}, change=lambda info: setattr(info, "extra", b"\x75\x70\x01\x00\x01")),
    "ZIP64 extra": zipped({"a": b""}, change=lambda info: setattr(info, "extra", b"\x01\x00\x00\x00")),
    "LZMA": zipped({"a": b"x"}, change=lambda info: setattr(info, "compress_type", zipfile.ZIP_LZMA)),
}  # fmt: skip


@pytest.mark.parametrize("data", SPOILT.values(), ids=list(SPOILT))
def test_spoilt_files(data: bytes) -> None:
    refusal(data)


def test_a_descriptor_must_agree() -> None:
    data = streamed({"a": b"content"})
    place = data.index(b"PK\x07\x08")
    assert "two sizes" in refusal(patched(data, place + 4, b"\0\0\0\0"))
    assert "two sizes" in refusal(patched(data, place + 12, b"\x06"))
    refusal(data[:place] + b"hidden" + data[place:])
    # the same without the signature that is not part of the standard
    end = data.index(b"PK\x05\x06")
    bare = (
        data[:place]
        + data[place + 4 : end]
        + patched(data[end:], 16, struct.pack("<L", data.index(b"PK\x01\x02") - 4))
    )
    assert dict(ZipFile(bare)) == {"a": b"content"}


def test_bombs_are_refused_before_they_expand() -> None:
    started = time.monotonic()
    bomb = zipped({"zeros": bytes(1 << 26)})
    assert "200 times" in refusal(bomb)
    assert "expands to" in refusal(zipped({"zeros": bytes((1 << 26) + 1)}))
    assert "expand too far" in refusal(
        zipped({f"{each}": b"x" * 50 for each in range(10)}), ZipBounds(total_bytes_max=499)
    )
    assert "1101 entries" in refusal(zipped({f"{each}": b"" for each in range(1_101)}))
    assert "at most" in refusal(PLAIN, ZipBounds(bytes_max=10))
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(bytes(1 << 24)) + packer.flush()
    lying = zipped({"a": b"0123456789"})
    start = lying.index(b"PK\x01\x02")
    body = lying[:31] + packed
    body = patched(body, 18, struct.pack("<L", len(packed)))
    central = patched(lying[start:], 20, struct.pack("<L", len(packed)))
    liar = body + patched(central, central.index(b"PK\x05\x06") + 16, struct.pack("<L", len(body)))
    assert "does not end" in refusal(liar)
    assert time.monotonic() - started < 20


def test_much_of_one_letter_is_no_bomb() -> None:
    """A body of 10 MiB zeros is a body, however well it packs."""
    assert len(ZipFile(zipped({"a": bytes(10 << 20)})).read("a")) == 10 << 20


@settings(max_examples=80, deadline=None)
@given(st.sampled_from([PLAIN, streamed(FILES)]), st.data())
def test_a_changed_byte_changes_no_content(data: bytes, draw: st.DataObject) -> None:
    """A spoilt file is refused, or reads the same files (dates and comments carry no meaning)."""
    spoilt = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 3))):
        spoilt[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    with suppress(ZipRefused):
        read = dict(ZipFile(bytes(spoilt)))
        assert sorted(read.values()) == sorted(FILES.values())


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=40))
def test_any_bytes_give_files_or_a_reason(data: bytes, tail: bytes) -> None:
    for each in (data, PLAIN[: len(data)] + data, data + PLAIN[END:] + tail):
        with suppress(ZipRefused):
            assert dict(ZipFile(each)) is not None


names = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=20)  # it cuts names at NUL


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(names, st.binary(max_size=200), max_size=5))
def test_what_the_standard_library_writes_is_read_alike(files: dict[str, bytes]) -> None:
    with suppress(ZipRefused, UnicodeEncodeError):
        data = zipped(files)
        read = dict(ZipFile(data))
        assert read == {name: files[name] for name in read}


def test_written_files_round_trip() -> None:
    assert dict(ZipFile(write_zip(FILES, AT))) == FILES
