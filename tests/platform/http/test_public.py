# SPDX-License-Identifier: EUPL-1.2
"""Public documents: plain http is fine, everything else is bounded."""

from __future__ import annotations

import ssl
import time
from http.server import BaseHTTPRequestHandler

import pytest

from flagstone.platform.http.client import AnswerRefused, CallBounds, SiteUnreachable, own_authorities
from flagstone.platform.http.public import PublicDocuments
from tests.blocks.exchange.service.globalconf.rig import Told, send, web

DOCUMENTS = PublicDocuments(bounds=CallBounds(1.0, 0.5, 1.0, 100_000, 4))


def test_a_document_is_given_as_it_is() -> None:
    with web() as site:
        site.told["/d"] = lambda handler: send(handler, 200, b"document", {"ETag": '"1"'})
        answer = DOCUMENTS.get(f"{site.address}/d?a=b")
        assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"document", '"1"')
        assert site.asked == ["/d?a=b"]
        assert DOCUMENTS.get(f"{site.address}/none").status == 404


def test_redirects_are_answers_and_not_followed() -> None:
    with web() as site:
        site.told["/d"] = lambda handler: send(handler, 301, headers={"Location": "/other"})
        assert DOCUMENTS.get(f"{site.address}/d").status == 301
        assert site.asked == ["/d"]


def trickling(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(100):
        handler.wfile.write(b"y")
        time.sleep(0.05)


@pytest.mark.parametrize(
    "told",
    [trickling, lambda _handler: time.sleep(2), lambda handler: handler.wfile.write(b"junk\r\n\r\n")],
    ids=["trickling", "silent", "junk"],
)
def test_what_does_not_come_in_time_is_not_waited_for(told: Told) -> None:
    with web() as site:
        site.told["/d"] = told
        began = time.monotonic()
        with pytest.raises(SiteUnreachable):
            DOCUMENTS.get(f"{site.address}/d")
        assert time.monotonic() - began < 3


def test_too_much_is_refused() -> None:
    with web() as site:
        site.told["/d"] = lambda handler: send(handler, 200, b"x" * 2000)
        assert len(DOCUMENTS.get(f"{site.address}/d", 2000).body) == 2000
        with pytest.raises(AnswerRefused, match="1999"):
            DOCUMENTS.get(f"{site.address}/d", 1999)
        site.told["/d"] = lambda handler: send(handler, 200, b"x", {"Content-Encoding": "br"})
        with pytest.raises(AnswerRefused, match="compressed"):
            DOCUMENTS.get(f"{site.address}/d")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a/", "http://", "a", "http://u:p@127.0.0.1/"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(AnswerRefused):
        DOCUMENTS.get(url)


def test_nobody_there() -> None:
    with web() as gone:
        address = gone.address
    for url in (address, address.replace("http", "https"), "http://127.0.0.1:1/"):
        with pytest.raises(SiteUnreachable):
            DOCUMENTS.get(url)


def test_the_machines_own_authorities_are_read_once_and_asked_for_every_name() -> None:
    context = own_authorities()
    assert own_authorities() is context
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
