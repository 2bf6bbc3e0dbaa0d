# SPDX-License-Identifier: EUPL-1.2
"""Several sites under one supervisor: started together, stopped and started alone, revived, ended."""

from __future__ import annotations

import json
import os
import re
import signal
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from flagstone.cli import control
from tests.cli.site import Running, going, run

pytestmark = pytest.mark.slow
TWIN = {"FLAGSTONE_COUNTRY": "twin", "FLAGSTONE_LOG_FORMAT": "json", "COLUMNS": "200"}
READY = re.compile(r"(Ctrl-C stops them all)")
SITE = re.compile(
    r"^\s+(north|south)\s+(http://localhost:[0-9]+)\s+exchange :([0-9]+) \(plain\)", re.MULTILINE
)


class Twin:
    """The two sites as they run."""

    def __init__(self, running: Running, data: Path) -> None:
        self.running = running
        self.data = data
        found = {site: (web, door) for site, web, door in SITE.findall(running.out)}
        self.web = {site: web for site, (web, _) in found.items()}
        self.door = {site: f"http://127.0.0.1:{door}" for site, (_, door) in found.items()}

    def standing(self) -> dict[str, str]:
        """Return how the sites stand, asked without the command, which takes a second."""
        return control.ask(self.data, {"do": "list"})

    def sites(self, *words: str) -> dict[str, str]:
        """Return how the sites stand, after a command."""
        outcome = run("sites", *words, "--data", self.data, **TWIN)
        assert outcome.code == 0, outcome.all
        return {line.split()[1]: line.split()[0] for line in outcome.out.splitlines()}

    def processes(self) -> dict[str, int]:
        """Return the process of each site, by the folder whose lock it holds open."""
        found = {}
        for process in Path("/proc").glob("[0-9]*/fd/*"):
            try:
                target = process.readlink()
            except OSError:
                continue
            for site in self.web:
                if target == self.data / site / "lock":
                    found[site] = int(process.parts[2])
        return found


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    folder = tmp_path_factory.mktemp("twin")
    data = folder / "data"
    with going(folder, "up", "--data", data, "--port", "0", **TWIN) as running:
        running.wait_for(READY)
        yield Twin(running, data)
        outcome = running.stop(signal.SIGINT)
        assert outcome.code == 0, outcome.all
        assert outcome.out.endswith("Stopped.\n")
    verified = run("audit", "verify", "--data", data, **TWIN)
    assert verified.code == 0, verified.all
    assert "twin/south/exchange" in verified.out


def status_of(address: str, **headers: str) -> int:
    request = urllib.request.Request(address, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        return error.code
    except urllib.error.URLError:
        return 0


def awaited(twin: Twin, wanted: dict[str, str]) -> dict[str, str]:
    """Return how the sites stand once they are as wanted, or after half a minute."""
    deadline = time.monotonic() + 30
    while (found := twin.standing()) != wanted and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def test_every_site_answers_with_folder_settings_and_log_of_its_own(twin: Twin) -> None:
    assert {site: status_of(f"{web}/health/ready") for site, web in twin.web.items()} == {
        "north": 200,
        "south": 200,
    }
    assert (twin.data / "north" / "identity.sqlite").is_file()
    assert not (twin.data / "south" / "identity.sqlite").exists()
    own = tomllib.loads((twin.data / "south" / "settings.toml").read_text())
    assert own["http"]["port"] == 8001
    assert own["identity"]["issuer"] == "http://localhost:8000"
    lines = (twin.data / "south" / "log.jsonl").read_text().splitlines()
    assert all(json.loads(line)["level"] != "critical" for line in lines)


def test_one_asks_the_other_over_the_exchange(twin: Twin) -> None:
    address = f"{twin.door['south']}/r1/XT/GOV/1/registry/registry/registers"
    assert status_of(address, **{"X-Road-Client": "XT/GOV/2/desk"}) == 200
    assert status_of(address, **{"X-Road-Client": "XT/GOV/2/registry"}) == 500  # it shows no secret


def test_one_is_stopped_and_started_alone(twin: Twin) -> None:
    assert twin.sites("stop", "south") == {"north": "ready", "south": "stopped"}
    assert status_of(f"{twin.web['north']}/health/live") == 200
    began = time.monotonic()
    assert status_of(f"{twin.web['south']}/health/live") == 0
    assert time.monotonic() - began < 1  # refused, not left waiting
    time.sleep(1)
    assert twin.standing() == {"north": "ready", "south": "stopped"}
    assert twin.sites("start", "south") == {"north": "ready", "south": "ready"}
    assert status_of(f"{twin.web['south']}/health/live") == 200


def test_one_that_dies_is_started_again(twin: Twin) -> None:
    before = twin.processes()["south"]
    os.kill(before, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while twin.processes().get("south", before) == before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert awaited(twin, {"north": "ready", "south": "ready"}) == {"north": "ready", "south": "ready"}
    assert twin.processes()["south"] != before
    assert status_of(f"{twin.web['south']}/health/live") == 200


def test_a_strange_site_and_a_second_supervisor_are_refused(twin: Twin) -> None:
    strange = run("sites", "stop", "west", "--data", twin.data, **TWIN)
    assert (strange.code, "flagstone.site-strange" in strange.error) == (2, True)
    second = run("up", "--data", twin.data, "--port", "0", **TWIN)
    assert (second.code, "flagstone.supervisor-present" in second.error) == (2, True)
    assert set(twin.standing().values()) == {"ready"}


def test_without_a_supervisor_the_command_says_so(tmp_path: Path) -> None:
    for words in (["list"], ["stop", "north"]):
        outcome = run("sites", *words, "--data", tmp_path, **TWIN)
        assert (outcome.code, "flagstone.supervisor-absent" in outcome.error) == (2, True)


def test_a_site_that_the_country_does_not_have_is_named(tmp_path: Path) -> None:
    outcome = run("serve", "west", "--data", tmp_path, **TWIN)
    assert outcome.code == 2
    assert "twin has no site west; it has north, south" in outcome.error
