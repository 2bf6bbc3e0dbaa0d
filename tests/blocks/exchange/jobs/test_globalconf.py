# SPDX-License-Identifier: EUPL-1.2
"""What happens each minute: keys are made when there are none, and nothing that fails stops the clock."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.blocks.exchange.service.globalconf.rig import centre, follower, web

from flagstone.blocks.exchange.contract.globalconf_faults import AnchorMissing
from flagstone.blocks.exchange.jobs import globalconf
from flagstone.kernel.clock import SetClock


def test_a_minute_at_the_centre_and_elsewhere(tmp_path: Path, clock: SetClock) -> None:
    with web() as site, centre(tmp_path, clock) as found:
        found.address[0], site.folder = site.address, found.folder
        with capture_logs() as logs:
            globalconf.publish(found.publisher)
            server = follower(tmp_path / "kept", found.anchor(), clock)
            globalconf.fetch(server)
            site.folder = None
            globalconf.fetch(server)
        assert [each["event"] for each in logs] == [
            "configuration published",
            "configuration fetched",
            "configuration not fetched",
        ]
        assert logs[-1]["checks"] == ["configuration.source-answers"]


def test_what_fails_is_logged_by_its_code(
    tmp_path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with centre(tmp_path, clock) as found:
        server = follower(tmp_path / "kept", found.anchor(), clock)

        def missing() -> None:
            raise AnchorMissing

        def full(*_args: object) -> None:
            raise OSError("no room")

        monkeypatch.setattr(server, "_anchor", missing)
        monkeypatch.setattr(found.publisher.folder, "replace", full)
        with capture_logs() as logs:
            globalconf.fetch(server)
            globalconf.publish(found.publisher)
    assert [each["error"] for each in logs] == ["exchange.anchor-missing", "OSError"]


def test_the_first_fetch_is_tried_until_something_counts(tmp_path: Path, clock: SetClock) -> None:
    with web() as site, centre(tmp_path, clock) as found:
        found.address[0], site.folder = site.address, None
        globalconf.publish(found.publisher)
        first = globalconf.First(follower(tmp_path / "kept", found.anchor(), clock))
        with capture_logs() as logs:
            first()
            site.folder = found.folder
            for _ in range(3):
                first()
        assert [each["event"] for each in logs] == ["configuration not fetched", "configuration fetched"]
