# SPDX-License-Identifier: EUPL-1.2
"""Downloads over real HTTP: the newest version, bounds on all that a hostile server may do, no way back."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from tests.blocks.exchange.service.globalconf.rig import BOUNDS, Centre, Told, Web, send, web

from flagstone.blocks.exchange.contract.globalconf import PRIVATE, SHARED, Audience
from flagstone.blocks.exchange.model.globalconf.locations import Location
from flagstone.blocks.exchange.service.globalconf.downloading import (
    ROLLBACK_SECONDS,
    Downloaded,
    Downloader,
    Wanted,
)
from flagstone.blocks.exchange.service.globalconf.publishing import EXPIRY_SECONDS
from flagstone.kernel.clock import SetClock
from flagstone.kernel.findings import Findings
from flagstone.platform.http.public import PublicDocuments

INTERNAL = "/internalconf"
WANTED = Wanted("XA", Audience.INTERNAL)


@pytest.fixture
def downloader(clock: SetClock) -> Downloader:
    return Downloader(PublicDocuments(bounds=BOUNDS), clock)


def location(publishing: Centre, site: Web, audience: Audience = Audience.INTERNAL) -> Location:
    (source,) = publishing.anchor(audience).sources
    return Location(f"{site.address}/{audience.value}", source.certificates)


Try = Callable[..., tuple[Downloaded | None, list[str]]]


@pytest.fixture
def attempt(downloader: Downloader, publishing: Centre, site: Web) -> Try:
    """Download once from `site`; return what came and the codes of what failed."""

    def once(wanted: Wanted = WANTED, *more: Location) -> tuple[Downloaded | None, list[str]]:
        findings = Findings()
        locations = [location(publishing, site, wanted.audience), *more]
        found = downloader.download(wanted, locations, findings)
        return found, [each.code for each in findings.verdict.failed]

    return once


def test_the_newest_version_is_taken(attempt: Try, site: Web) -> None:
    found, failed = attempt()
    assert found is not None
    assert failed == []
    assert (found.directory.version, found.url) == (6, f"{site.address}/internalconf?version=6")
    assert sorted(each.name for each in found.files) == ["private-params.xml", "shared-params.xml"]
    assert found.shared.members[1].name == "Interior"
    assert found.private is not None


@pytest.mark.parametrize("newest", [5, 3, 2])
def test_versions_are_probed_downward(attempt: Try, site: Web, newest: int) -> None:
    for version in range(newest + 1, 7):
        site.told[f"/internalconf?version={version}"] = lambda handler: send(handler, 404)
    found, failed = attempt()
    assert found is not None
    assert failed == []
    assert found.directory.version == newest
    assert site.asked[: 7 - newest] == [f"/internalconf?version={at}" for at in range(6, newest - 1, -1)]


def test_a_version_that_the_address_names_is_respected(
    downloader: Downloader, publishing: Centre, site: Web
) -> None:
    there = location(publishing, site)
    named = Location(f"{there.url}?version=4", there.certificates)
    found = downloader.download(WANTED, [named], Findings())
    assert found is not None
    assert found.directory.version == 4
    assert [path for path in site.asked if "version" in path] == ["/internalconf?version=4"]


def test_others_get_the_shared_parameters_alone(attempt: Try) -> None:
    found, _ = attempt(Wanted("XA", Audience.EXTERNAL))
    assert found is not None
    assert [each.name for each in found.files] == ["shared-params.xml"]
    assert found.private is None


def test_parts_that_are_kept_are_not_fetched_again(attempt: Try, site: Web) -> None:
    first, _ = attempt()
    assert first is not None
    kept = {each.metadata.identifier: each.content for each in first.files}
    site.asked.clear()
    again, failed = attempt(Wanted("XA", Audience.INTERNAL, kept=kept))
    assert failed == []
    assert again is not None
    assert again.files == first.files
    assert site.asked == ["/internalconf?version=6"]
    attempt(Wanted("XA", Audience.INTERNAL, kept={**kept, PRIVATE: b"changed on disk"}))
    assert [path.rpartition("/")[2] for path in site.asked[1:]] == [
        "internalconf?version=6",
        "private-params.xml",
    ]


def slow(handler: BaseHTTPRequestHandler) -> None:
    """Send a header now and then, without end."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b"x")
        time.sleep(0.05)


def slow_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for at in range(200):
        handler.wfile.write(f"X-{at}: y\r\n".encode())
        time.sleep(0.05)


def silent(_handler: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


def huge(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(64):
        handler.wfile.write(b"x" * 65536)


def redirecting(handler: BaseHTTPRequestHandler) -> None:
    send(handler, 302, headers={"Location": "/internalconf?version=6"})


def compressed(handler: BaseHTTPRequestHandler) -> None:
    send(handler, 200, b"\x1f\x8b\x08", {"Content-Encoding": "gzip"})


def hung_up(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.close_connection = True


ANSWERS: dict[str, tuple[Told, str]] = {
    "slow body": (slow, "configuration.source-answers"),
    "slow headers": (slow_headers, "configuration.source-answers"),
    "silent": (silent, "configuration.source-answers"),
    "huge": (huge, "configuration.source-answers"),
    "redirecting": (redirecting, "configuration.source-answers"),
    "compressed": (compressed, "configuration.source-answers"),
    "hung up": (hung_up, "configuration.source-answers"),
    "an error": (lambda handler: send(handler, 500), "configuration.source-answers"),
    "a page": (lambda handler: send(handler, 200, b"<html></html>"), "configuration.directory-readable"),
    "nothing": (lambda handler: send(handler, 200), "configuration.directory-readable"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_hostile_source_is_left_in_time(attempt: Try, publishing: Centre, site: Web, name: str) -> None:
    told, code = ANSWERS[name]
    site.told["/internalconf"] = told
    began = time.monotonic()
    found, failed = attempt()
    assert time.monotonic() - began < 4
    assert (found, failed) == (None, [code])
    with web(publishing.folder) as good:
        assert attempt(WANTED, location(publishing, good))[0] is not None


def test_a_part_that_is_not_what_is_listed(attempt: Try, site: Web, publishing: Centre) -> None:
    shared = next((publishing.folder / "V6").glob("*/shared-params.xml"))
    path = f"/V6/{shared.parent.name}/shared-params.xml"
    changed = shared.read_bytes().replace(b"Interior", b"Inferior")
    for told, code in (
        (lambda handler: send(handler, 200, changed), "configuration.part-digest"),
        (redirecting, "configuration.source-answers"),
        (lambda handler: send(handler, 404), "configuration.source-answers"),
        (huge, "configuration.source-answers"),
    ):
        site.told[path] = told
        assert attempt() == (None, [code])


def test_another_instance_at_the_address(attempt: Try) -> None:
    found, failed = attempt(Wanted("XB", Audience.INTERNAL))
    assert (found, failed) == (None, ["configuration.part-instance"])


def test_an_external_directory_is_not_enough_for_a_server(
    downloader: Downloader, publishing: Centre, site: Web
) -> None:
    findings = Findings()
    there = location(publishing, site, Audience.EXTERNAL)
    assert downloader.download(WANTED, [there], findings) is None
    (finding,) = findings.verdict.failed
    assert (finding.code, finding.detail) == ("configuration.part-listed", f"{PRIVATE} is not listed")


def test_nobody_at_the_address(downloader: Downloader, publishing: Centre) -> None:
    with web() as gone:
        address = gone.address
    findings = Findings()
    certificates = publishing.anchor().sources[0].certificates
    locations = [
        Location(f"{scheme}{address[4:]}/internalconf", certificates) for scheme in ("https", "http")
    ]
    assert downloader.download(WANTED, locations, findings) is None
    assert [each.subject[:5] for each in findings.verdict.failed] == ["https", "http:"]


def test_an_expired_directory_says_since_when(attempt: Try, clock: SetClock) -> None:
    clock.advance(timedelta(seconds=EXPIRY_SECONDS + 5))
    found, failed = attempt()
    assert (found, failed) == (None, ["configuration.in-time"])


def test_no_way_back_to_an_older_configuration(
    attempt: Try, publishing: Centre, site: Web, clock: SetClock, tmp_path: Path
) -> None:
    """What was published before does not count again while what is kept lasts, but for a small difference."""
    old = publishing.folder.resolve()
    clock.advance(timedelta(seconds=ROLLBACK_SECONDS + 60))
    until = publishing.publisher.publish().expires_at
    site.folder = old
    kept = Wanted("XA", Audience.INTERNAL, kept_until=until)
    assert attempt(kept) == (None, ["configuration.not-older"])
    assert attempt(Wanted("XA", Audience.INTERNAL, kept_until=until, accept_older=True))[0] is not None
    near = Wanted("XA", Audience.INTERNAL, kept_until=until - timedelta(seconds=60))
    assert attempt(near)[0] is not None
    expired = Wanted("XA", Audience.INTERNAL, kept_until=clock.now())
    assert attempt(expired)[0] is not None


def test_the_directory_may_not_point_elsewhere(attempt: Try, publishing: Centre, site: Web) -> None:
    """Parts are fetched from the host of their directory alone, whatever a signed location says."""
    assert attempt()[0] is not None
    assert {path.partition("?")[0].rpartition("/")[2] for path in site.asked} == {
        "internalconf",
        "shared-params.xml",
        "private-params.xml",
    }
    assert SHARED in {each.identifier for each in attempt()[0].directory.parts}  # type: ignore[union-attr]
