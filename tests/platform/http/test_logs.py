# SPDX-License-Identifier: EUPL-1.2
"""A line a request, and never a person's data in it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from flagstone.platform.http.logs import DENIED, configure, drop_denied

from .conftest import CODE, Maker


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure(stream=stream, plain=False, level=logging.DEBUG)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def read(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines() if '"flagstone' in line]


def test_a_request_leaves_its_template_status_and_number(lines: io.StringIO, make_site: Maker) -> None:
    client = make_site().client
    client.get("/api/records/77?limit=5", headers={"Cookie": "session=good", "X-Request-Id": "case-12"})
    line = read(lines)[-1]
    assert line.pop("duration_ms") >= 0
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "flagstone.http",
        "method": "GET",
        "route": "/api/records/{record}",
        "status": 200,
        "request_id": "case-12",
    }


def test_a_personal_code_never_reaches_the_log(lines: io.StringIO, make_site: Maker) -> None:
    client = make_site().client
    for method, path in (
        ("GET", f"/api/records/{CODE}"),
        ("GET", f"/api/open?code={CODE}"),
        ("GET", f"/{CODE}/nowhere"),
        ("GET", f"/api/mistake?code={CODE}"),
        ("GET", f"/api/records/{CODE}x"),
        ("GET", f"/a%00{CODE}"),
        ("POST", "/api/records"),
        ("POST", "/facts"),
    ):
        headers = {"Cookie": f"session=good; code={CODE}", "X-Note": CODE, "X-Request-Id": CODE}
        client.request(method, path, headers=headers, data={"csrf": "c1", "value": CODE})
        client.request(method, path, headers={"Authorization": f"Bearer {CODE}"}, json={"code": CODE})
    text = lines.getvalue()
    assert len(read(lines)) >= 16
    assert CODE not in text
    assert "Maasikas" not in text


def test_a_surprise_is_logged_with_its_places_and_without_its_words(
    lines: io.StringIO, make_site: Maker
) -> None:
    answer = make_site().client.get("/api/mistake")
    line = next(line for line in read(lines) if line["event"] == "unexpected")
    assert line["error"] == "KeyError"
    assert line["places"][-1].endswith(" mistake")
    assert line["request_id"] == answer.headers["x-request-id"]


def test_a_library_that_logs_an_exception_gives_away_nothing(lines: io.StringIO) -> None:
    try:
        raise ValueError(f"row of {CODE}")
    except ValueError:
        logging.getLogger("library").exception("could not store %s", CODE)
    line = json.loads(lines.getvalue())
    assert CODE not in lines.getvalue()
    assert (line["event"], line["error"]) == ("could not store [number]", "ValueError")


def test_denied_keys_are_dropped() -> None:
    event: dict[str, Any] = {**dict.fromkeys(DENIED, "x"), "event": f"for {CODE}", "kept": 1}
    assert drop_denied(None, "info", event) == {"event": "for [number]", "kept": 1}


def test_text_for_a_terminal_hides_the_same(make_site: Maker, lines: io.StringIO) -> None:
    stream = io.StringIO()
    configure(stream=stream, plain=True)
    make_site().client.get(f"/api/mistake?code={CODE}")
    assert "unexpected" in stream.getvalue()
    assert CODE not in stream.getvalue()


def test_counts_go_by_template_and_reason(make_site: Maker) -> None:
    site = make_site()
    for number in range(3):
        site.client.get(f"/api/records/{number}", headers={"Cookie": "session=good"})
    site.client.get("/%ff")
    site.client.request("BREW", "/api/open")
    text = site.app.state.meter.text().decode()
    assert (
        'flagstone_http_requests_total{method="GET",route="/api/records/{record}",status="200"} 3.0' in text
    )
    assert 'flagstone_http_refused_total{reason="http.malformed"} 1.0' in text
    assert 'method="OTHER"' in text
    assert "flagstone_http_requests_in_flight 0.0" in text
    assert "flagstone_http_request_seconds_bucket" in text
