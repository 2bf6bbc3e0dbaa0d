# SPDX-License-Identifier: EUPL-1.2
"""Protocol parameters are read strictly, whatever is sent."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.identity.contract import RequestInvalid
from flagstone.blocks.identity.model.parameters import (
    PARAMETERS_MAX,
    basic_credentials,
    optional,
    parse_parameters,
    required,
)

WORDS = st.text(st.characters(min_codepoint=32, codec="utf-8"), min_size=1, max_size=30)


@given(st.dictionaries(WORDS, WORDS, max_size=10))
def test_what_was_encoded_comes_back(parameters: dict[str, str]) -> None:
    assert parse_parameters(urlencode(parameters).encode()) == parameters


@given(st.binary(max_size=400))
def test_any_bytes_give_parameters_or_a_refusal(data: bytes) -> None:
    try:
        found = parse_parameters(data)
    except RequestInvalid:
        return
    assert all(found.values())


@pytest.mark.parametrize(
    "data",
    [b"a=1&a=2", b"a=1&a=", b"a=%00", b"a=%0d%0a", b"a=%ff", b"a=\xc3\xa4", b"a", b"a=1&&b=2", b"a=%0A"],
)
def test_what_is_refused(data: bytes) -> None:
    with pytest.raises(RequestInvalid):
        parse_parameters(data)


def test_a_parameter_without_value_is_absent() -> None:
    assert parse_parameters(b"a=&b=2") == {"b": "2"}
    assert parse_parameters(b"") == {}


def test_bounds() -> None:
    many = "&".join(f"p{n}=1" for n in range(PARAMETERS_MAX + 1)).encode()
    for data in (many, b"a=" + b"x" * 20_000, b"a=" + b"x" * 40_000):
        with pytest.raises(RequestInvalid):
            parse_parameters(data)


def test_required_and_optional() -> None:
    assert required({"a": "x"}, "a") == "x"
    assert optional({}, "a") == ""
    for parameters in ({}, {"a": "õ"}, {"a": "x" * 1025}, {"a": "\x7f"}):
        with pytest.raises(RequestInvalid):
            required(parameters, "a")


@given(WORDS, WORDS)
def test_basic_credentials_are_form_decoded(client: str, secret: str) -> None:
    text = f"{quote(client, safe='')}:{quote(secret, safe='')}"
    assert basic_credentials("Basic " + b64encode(text.encode()).decode()) == (client, secret)


@given(st.text(max_size=100))
def test_any_header_is_read_or_refused(text: str) -> None:
    for header in (text, "Basic " + text):
        try:
            basic_credentials(header)
        except RequestInvalid:
            continue
