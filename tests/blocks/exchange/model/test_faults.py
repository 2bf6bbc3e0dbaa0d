# SPDX-License-Identifier: EUPL-1.2
"""Faults of messages: spellings, prefixes, status, and bodies in JSON and XML."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstone.blocks.exchange.model import faults
from flagstone.blocks.exchange.model.faults import MessageFault, Spelling

BOTH = [
    ("server.clientproxy.unknown_member", "Server.ClientProxy.UnknownMember"),
    ("server.serverproxy.access_denied", "Server.ServerProxy.AccessDenied"),
    ("server.serverproxy.service_type", "Server.ServerProxy.InvalidServiceType"),
    ("server.clientproxy.ssl_authentication_failed", "Server.ClientProxy.SslAuthenticationFailed"),
    ("server.clientproxy.global_conf_outdated", "Server.ClientProxy.OutdatedGlobalConf"),
    ("server.serverproxy.service_failed.timeout", "Server.ServerProxy.ServiceFailed.Timeout"),
    ("server.serverproxy.access_denied.purpose_missing", "Server.ServerProxy.AccessDenied.PurposeMissing"),
    ("client.bad_request", "Client.BadRequest"),
    ("server.serverproxy.io_error", "Server.ServerProxy.IoError"),
    ("server.clientproxy.invalid_http_method", "Server.ClientProxy.InvalidHttpMethod"),
]


@pytest.mark.parametrize(("new", "old"), BOTH)
def test_both_spellings_and_back(new: str, old: str) -> None:
    assert faults.spelled(new, Spelling.SNAKE) == new
    assert faults.spelled(new, Spelling.CAMEL) == old
    assert faults.snake(old) == faults.snake(new) == new
    assert faults.is_whole(old)
    assert faults.is_whole(new)
    assert faults.status_of(old) == faults.status_of(new)


def test_every_code_of_ours_comes_back_from_the_old_spelling() -> None:
    codes = [value for name, value in vars(faults).items() if name.isupper() and isinstance(value, str)]
    for code in codes:
        assert faults.snake(faults.spelled(code, Spelling.CAMEL)) == code
        assert faults.is_code(code)


def test_every_code_of_ours_is_documented() -> None:
    page = (Path(__file__).parents[4] / "docs/reference/message-path.md").read_text()
    codes = [value for name, value in vars(faults).items() if name.isupper() and isinstance(value, str)]
    unknown = [code for code in codes if f"`{code}`" not in page and f"`{code}." not in page]
    assert unknown == []


def test_a_prefix_is_put_before_a_bare_code_only() -> None:
    assert MessageFault("unknown_member", "").at(faults.CONSUMER) == "server.clientproxy.unknown_member"
    assert MessageFault("client.bad_request", "").at(faults.CONSUMER) == "client.bad_request"
    theirs = MessageFault("Server.ServerProxy.IoError", "", from_peer=True)
    assert theirs.at(faults.CONSUMER) == "Server.ServerProxy.IoError"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("server.clientproxy.bad_request", 500),
        ("Server.ServerProxy.UnknownService", 500),
        ("client.bad_request", 400),
        ("Client.Anything", 400),
        ("odd", 400),
        ("server.clientproxy.overloaded", 503),
        ("Server.ServerProxy.Overloaded", 503),
    ],
)
def test_the_status_follows_the_prefix(code: str, status: int) -> None:
    assert faults.status_of(code) == status


@pytest.mark.parametrize("text", ["", ".", "a..b", "a b", "a\r\nX: y", "ä", "a" * 201, "server."])
def test_what_cannot_be_a_code(text: str) -> None:
    assert not faults.is_code(text)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ([], "application/json"),
        (["application/json;charset=utf-8"], "application/json"),
        (["foobarbaz"], "application/json"),
        (["application/xml"], "application/xml;charset=utf-8"),
        (["text/xml"], "text/xml;charset=utf-8"),
        (["application/xml, text/xml"], "application/xml;charset=utf-8"),
        (["text/xml, application/xml"], "text/xml;charset=utf-8"),
        (["text/xml-patch+xml"], "application/json"),
        (["application/xml; q=0.2"], "application/xml;charset=utf-8"),
        (["text/xml, application/xml, application/json"], "text/xml;charset=utf-8"),
        (["text/*"], "text/xml;charset=utf-8"),
        (["application/json", "TEXT/XML"], "text/xml;charset=utf-8"),
        (["*/*"], "application/json"),
    ],
)
def test_the_type_of_an_errors_body_is_chosen_as_x_road_does(accept: list[str], kind: str) -> None:
    assert faults.error_type(accept) == kind


@given(st.text(max_size=60))
def test_bodies_hold_any_text(text: str) -> None:
    said = json.loads(faults.error_body("application/json", "a.b", text, "d"))
    assert said == {"type": "a.b", "message": text, "detail": "d"}
    root = ElementTree.fromstring(faults.error_body("text/xml;charset=utf-8", "a.b", text, "d"))
    assert [child.tag for child in root] == ["type", "message", "detail"]
    printable = "".join("?" if faults._UNPRINTABLE.match(each) else each for each in text)
    assert (root.findtext("message") or "") == printable.replace("\r\n", "\n").replace("\r", "\n")
