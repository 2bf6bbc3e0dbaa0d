# SPDX-License-Identifier: EUPL-1.2
"""What is sent arrives as it was; what is no frame is refused, and nobody waits for ever."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from time import monotonic
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.rules.service.frames import Channel, FrameBroken, FrameTooLong, Late

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)
OBJECTS = st.dictionaries(st.text(), JSON)


@contextmanager
def pipe(*, bytes_max: int = 1_000_000, blocking: bool = False) -> Iterator[tuple[Channel, int]]:
    """Give a channel that sends to itself, and the descriptor that it receives what is written to."""
    reading, writing = os.pipe()
    os.set_blocking(reading, blocking)
    os.set_blocking(writing, blocking)
    try:
        yield Channel(reading, writing, bytes_max=bytes_max), writing
    finally:
        os.close(reading)
        with suppress(OSError):  # the test may have closed it
            os.close(writing)


def soon() -> float:
    return monotonic() + 60


@given(OBJECTS)
def test_what_is_sent_arrives(document: dict[str, Any]) -> None:
    with pipe() as (channel, _):
        channel.send(document, soon())
        channel.send({}, soon())
        assert channel.receive(soon()) == document
        assert channel.receive(soon()) == {}


@pytest.mark.parametrize("blocking", [False, True])
def test_a_frame_longer_than_a_pipe_holds_goes_through_in_parts(blocking: bool) -> None:
    document = {"whole": "ä" * 500_000}
    with pipe(bytes_max=1 << 24, blocking=blocking) as (channel, _):
        sending = Thread(target=channel.send, args=(document, soon()))
        sending.start()
        assert channel.receive(soon()) == document
        sending.join()


def test_the_end_is_no_frame_and_no_mistake() -> None:
    with pipe() as (channel, writing):
        channel.send({"a": 1})
        os.close(writing)
        assert channel.receive() == {"a": 1}
        assert channel.receive() is None


@pytest.mark.parametrize(
    "written",
    [
        b"\x00",
        b"\x00\x00\x00",
        b"\x00\x00\x00\x05{}",
        b"\x00\x00\x00\x00",
        b"\x00\x00\x00\x02[]",
        b"\x00\x00\x00\x04null",
        b"\x00\x00\x00\x02{]",
        b"\x00\x00\x00\x02\xff\xff",
        b'\x00\x00\x00\x0a{"a": NaN}',
        b'\x00\x00\x00\x0d{"a":Infinity',
        b"\x00\x0f\x42\x41" + b" " * 10,
        b"\xff\xff\xff\xff{}",
        (60_000).to_bytes(4, "big") + b"[" * 60_000,
    ],
)
def test_what_is_no_frame_is_refused(written: bytes) -> None:
    with pipe() as (channel, writing):
        os.write(writing, written)
        os.close(writing)
        with pytest.raises(FrameBroken):
            channel.receive(soon())


@given(st.binary(max_size=200))
def test_any_bytes_are_frames_an_end_or_refused(written: bytes) -> None:
    with pipe() as (channel, writing):
        os.write(writing, written)
        os.close(writing)
        with suppress(FrameBroken):
            while (found := channel.receive(soon())) is not None:
                assert isinstance(found, dict)


@given(OBJECTS, st.integers(min_value=0, max_value=300))
def test_a_frame_that_is_cut_off_is_refused(document: dict[str, Any], kept: int) -> None:
    content = json.dumps(document).encode()
    whole = len(content).to_bytes(4, "big") + content
    with pipe() as (channel, writing):
        os.write(writing, whole[: min(kept, len(whole) - 1)])
        os.close(writing)
        if kept:
            with pytest.raises(FrameBroken):
                channel.receive(soon())
        else:
            assert channel.receive(soon()) is None


def test_a_frame_that_is_too_long_is_not_begun() -> None:
    with pipe(bytes_max=20) as (channel, _):
        with pytest.raises(FrameTooLong):
            channel.send({"a": "b" * 20})
        channel.send({"a": "b"})
        assert channel.receive() == {"a": "b"}


@pytest.mark.parametrize("document", [{"a": float("nan")}, {"a": float("inf")}])
def test_what_json_cannot_say_is_not_sent(document: dict[str, Any]) -> None:
    with pipe() as (channel, _):
        with pytest.raises(ValueError, match="JSON"):
            channel.send(document)
        channel.send({})
        assert channel.receive() == {}


def test_nobody_waits_for_ever() -> None:
    with pipe(bytes_max=1 << 24) as (channel, writing):
        with pytest.raises(Late):
            channel.receive(monotonic())
        os.write(writing, b"\x00\x00")
        with pytest.raises(Late):
            channel.receive(monotonic() + 0.01)
        with pytest.raises(Late):
            channel.send({"nobody reads": " " * 1_000_000}, monotonic() + 0.01)


def test_what_nobody_can_read_is_told() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    channel = Channel(reading, writing)
    with pytest.raises(BrokenPipeError):
        channel.send({})
    os.close(writing)
