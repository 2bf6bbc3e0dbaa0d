# SPDX-License-Identifier: EUPL-1.2
"""`up`, `serve` and `make` as processes: they greet, refuse in words, and stop in order at any time."""

from __future__ import annotations

import re
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.site import ADDRESS, LANDS, Running, going, run

pytestmark = pytest.mark.slow
BEGUN = re.compile(r"(Making tiny)")
STOP_SECONDS_MAX = 15


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a made site, for tests that leave it as it is."""
    data = tmp_path_factory.mktemp("made") / "data"
    done = run("make", "--data", data)
    assert done.code == 0, done.all
    assert "8 individuals" in done.out
    return data


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def fetch(address: str) -> tuple[int, str]:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return answer.status, answer.read().decode()


def stopped(running: Running, number: int) -> None:
    """Stop a serving process and check that it ends at once and without complaint."""
    began = time.monotonic()
    outcome = running.stop(number)
    assert outcome.code == 0
    assert "request" not in outcome.error  # on the console only warnings are told
    assert "uvicorn" not in outcome.error
    assert outcome.out.endswith("Stopped.\n")
    assert time.monotonic() - began < STOP_SECONDS_MAX


def test_up_makes_greets_answers_and_starts_again(tmp_path: Path, data: Path) -> None:
    words = ("up", "--data", data, "--port", "0")
    with going(tmp_path, *words, FLAGSTONE_LOG_FORMAT="console") as running:
        address = running.wait_for(ADDRESS)
        assert fetch(f"{address}/health/live")[0] == 200
        assert fetch(f"{address}/")[0] == 200
        stopped(running, signal.SIGINT)
        assert "Making tiny" in running.out
        assert "8 individuals" in running.out
        assert "Ada Tiny" in running.out
        assert "[bold]here[/]" in running.out
        assert "Ctrl-C stops it." in running.out
        assert "48001010000" not in running.out
    began = time.monotonic()
    with going(tmp_path, *words, FLAGSTONE_LOG_FORMAT="console") as running:
        fetch(running.wait_for(ADDRESS) + "/health/live")
        sys.stderr.write(f"second start: {time.monotonic() - began:.1f} s until the first answer\n")
        stopped(running, signal.SIGTERM)
        assert "Making" not in running.out
    assert run("audit", "verify", "--data", data).code == 0


def test_requests_are_logged_as_json_without_noise(tmp_path: Path, made: Path) -> None:
    with going(tmp_path, "serve", "state", "--data", made, "--port", "0") as running:
        fetch(running.wait_for(ADDRESS) + "/")
        assert running.stop().code == 0
        lines = running.error.splitlines()
    assert any('"event": "request"' in line for line in lines)
    assert all(line.startswith("{") for line in lines)
    assert "uvicorn" not in running.error


def test_a_port_in_use_is_named_and_nothing_is_made(data: Path, taken: int) -> None:
    outcome = run("up", "--data", data, "--port", str(taken))
    assert outcome.code == 2
    assert f"port {taken} on 127.0.0.1 is in use by another program" in outcome.error
    assert "--port" in outcome.error
    assert not data.exists()


def test_a_site_in_use_is_named(tmp_path: Path, made: Path) -> None:
    with going(tmp_path, "serve", "state", "--data", made, "--port", "0") as running:
        running.wait_for(ADDRESS)
        for words in (["up", "--port", "0"], ["make"]):
            outcome = run(*words, "--data", made)
            assert outcome.code == 2
            assert "flagstone.folder-in-use" in outcome.error
        assert run("audit", "verify", "--data", made).code == 0
        stopped_code = running.stop(signal.SIGTERM).code
    assert stopped_code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_making_that_is_stopped_is_completed_by_the_next_start(
    tmp_path: Path, data: Path, number: signal.Signals
) -> None:
    words = ("up", "--data", data, "--port", "0")
    with going(tmp_path, *words, TINY_PAUSE="0.8") as running:
        running.wait_for(BEGUN)
        deadline = time.monotonic() + 30
        while not (data / "state" / "registry.sqlite").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        began = time.monotonic()
        outcome = running.stop(number)
        assert outcome.code == 130
        assert "the next start goes on from here" in outcome.error
        assert time.monotonic() - began < STOP_SECONDS_MAX
    with going(tmp_path, *words) as running:
        fetch(running.wait_for(ADDRESS) + "/health/live")
        assert "8 individuals" in running.out
        assert running.stop().code == 0
    assert run("audit", "verify", "--data", data).code == 0


def test_make_stops_in_order_too(tmp_path: Path, data: Path) -> None:
    with going(tmp_path, "make", "--data", data, TINY_PAUSE="0.8") as running:
        while not (data / "state" / "registry.sqlite").exists():
            assert running.process.poll() is None
            time.sleep(0.05)
        outcome = running.stop(signal.SIGTERM)
    assert outcome.code == 130
    assert run("make", "--data", data).code == 0
    assert run("make", "--data", data).out == ""


def test_serve_makes_nothing(data: Path) -> None:
    outcome = run("serve", "state", "--data", data, "--port", "0")
    assert outcome.code == 2
    assert "flagstone.folder-not-made" in outcome.error
    assert not data.exists()


def test_up_refuses_somebody_elses_folder(data: Path) -> None:
    (data / "state").mkdir(parents=True)
    (data / "state" / "letter.txt").write_text("Dear Bo")
    outcome = run("up", "--data", data, "--port", "0")
    assert outcome.code == 2
    assert "flagstone.folder-foreign" in outcome.error
    assert "Making" not in outcome.out
    assert [path.name for path in (data / "state").iterdir()] == ["letter.txt"]


def test_the_settings_file_counts_for_the_first_making_too(tmp_path: Path, data: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text(f'country = "tiny"\nsite = "ministry"\ndata = "{data}"\nhttp.port = 0\n')
    with going(tmp_path, "--settings", file, "up", FLAGSTONE_COUNTRY="tiny") as running:
        running.wait_for(ADDRESS)
        assert running.stop().code == 0
    assert (data / "ministry" / "flagstone.json").is_file()


def test_an_error_of_the_country_is_told_without_its_words(tmp_path: Path, data: Path) -> None:
    land = tmp_path / "land" / "broken"
    land.mkdir(parents=True)
    (land / "__init__.py").write_text("")
    source = (LANDS / "tiny" / "country.py").read_text().replace('code="tiny"', 'code="broken"')
    (land / "country.py").write_text(
        source.replace("    if register ==", "    raise KeyError('48001010000')\n    if register ==")
    )
    path = f"{land.parent}:{LANDS}"
    outcome = run("make", "--data", data, FLAGSTONE_COUNTRY="broken", PYTHONPATH=path)
    assert outcome.code == 70
    assert "KeyError" in outcome.error
    assert "country.py" in outcome.error
    assert "48001010000" not in outcome.all
