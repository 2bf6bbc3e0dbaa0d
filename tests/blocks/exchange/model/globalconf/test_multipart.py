# SPDX-License-Identifier: EUPL-1.2
"""Header lines, parameters and boundaries, each by itself."""

from __future__ import annotations

import pytest

from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMalformed
from flagstone.blocks.exchange.model.globalconf.multipart import (
    boundary_of,
    headers_of,
    parts_between,
    value_and_parameters,
)


def test_headers_are_known_by_lower_case_names() -> None:
    assert headers_of(b"Content-Type: a/b\r\nX-Empty:") == {"content-type": "a/b", "x-empty": ""}
    for refused in (b"", b"no colon", b"A: b\r\nA: c", b"A : b", b" folded: yes", b"A: \x01"):
        with pytest.raises(ConfigurationMalformed):
            headers_of(refused)


@pytest.mark.parametrize(
    ("text", "value", "parameters"),
    [
        ("SHARED-PARAMETERS", "SHARED-PARAMETERS", {}),
        ("S; instance='DEV'", "S", {"instance": "DEV"}),
        ('S; instance="a;b\'c"', "S", {"instance": "a;b'c"}),
        ("S;a=1;B=2;", "S", {"a": "1", "b": "2"}),
        ("S; a=''", "S", {"a": ""}),
    ],
)
def test_parameters(text: str, value: str, parameters: dict[str, str]) -> None:
    assert value_and_parameters(text) == (value, parameters)


@pytest.mark.parametrize("text", ["S; a", "S; a=b c", "S; a=1; A=2", "S; ='x'", "S; a='x'y"])
def test_parameters_that_are_none(text: str) -> None:
    with pytest.raises(ConfigurationMalformed):
        value_and_parameters(text)


def test_boundaries() -> None:
    assert (
        boundary_of({"content-type": "multipart/mixed; charset=UTF-8; boundary=x1"}, "multipart/mixed")
        == b"x1"
    )
    for kind in ("multipart/mixed", "multipart/mixed; boundary=", "text/plain; boundary=x", ""):
        with pytest.raises(ConfigurationMalformed):
            boundary_of({"content-type": kind}, "multipart/mixed")


def test_parts_keep_every_byte_between_their_boundaries() -> None:
    assert parts_between(b"--b\r\none\r\n\r\n--b\r\n\r\n--b--", b"b") == [b"one\r\n", b""]
    for refused in (
        b"",
        b"--b--",
        b"--b\r\none",
        b"x--b\r\n\r\n--b--",
        b"--bb\r\n\r\n--b--",
        b"--b\r\n\r\n--b--x",
    ):
        with pytest.raises(ConfigurationMalformed):
            parts_between(refused, b"b")
