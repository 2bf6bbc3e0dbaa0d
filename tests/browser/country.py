# SPDX-License-Identifier: EUPL-1.2
"""One real country as a process of its own, and the persons whom the tests play."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from aralia.featured import featured
from flagstone.blocks.portal.web.signing_in import RETURN_PATH
from tests.cli.site import ADDRESS

READY_SECONDS_MAX = 300
STOP_SECONDS_MAX = 60


@dataclass(frozen=True)
class Role:
    """A test person: her personal code and her name."""

    code: str
    name: str

    @property
    def given_name(self) -> str:
        return self.name.split()[0]


@cache
def persons() -> dict[str, Role]:
    """Return the featured persons by the word for their part."""
    return {one.word: Role(one.personal_code, one.name) for one in featured()}


def sites_of(folder: Path) -> dict[str, str]:
    """Return the addresses of a country's sites, as each has told the one that signs persons in."""
    filed = (folder / "data" / "registrations").glob("portal-*.json")
    clients = [json.loads(path.read_text("utf-8")) for path in filed]
    return {
        client["client_id"].removeprefix("portal-"): client["redirect_uris"][0].removesuffix(RETURN_PATH)
        for client in clients
    }


def tell_sites(folder: Path, verb: str, site: str) -> None:
    """Stop or start one site of a country that runs, as its operator does."""
    words = [sys.executable, "-m", "flagstone", "sites", verb, site, "--data", str(folder / "data")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=STOP_SECONDS_MAX, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def up(folder: Path) -> Iterator[str]:
    """Run `flagstone up` in `folder` and yield its address; interrupted at the end, it must leave with 0."""
    out, error = folder / "out.txt", folder / "error.txt"
    own = {name: value for name, value in os.environ.items() if not name.startswith("FLAGSTONE_")}
    own["FLAGSTONE_HTTP_REQUESTS_PER_SECOND_MAX"] = "2000"
    words = [sys.executable, "-m", "flagstone", "up", "--data", str(folder / "data"), "--port", "0"]
    with out.open("w") as told, error.open("w") as complained:
        process = subprocess.Popen(words, stdout=told, stderr=complained, env=own, process_group=0)
    try:
        yield _ready(process, out, error)
        process.send_signal(signal.SIGINT)
        assert process.wait(STOP_SECONDS_MAX) == 0, error.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(STOP_SECONDS_MAX)
    assert "Traceback" not in error.read_text()


def _ready(process: subprocess.Popen[bytes], out: Path, error: Path) -> str:
    """Return the address as soon as the country answers there."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < deadline:
        assert process.poll() is None, out.read_text() + error.read_text()
        found = ADDRESS.search(out.read_text())
        if found and _answers(found[1]):
            return found[1]
        time.sleep(0.1)
    raise AssertionError(f"not ready after {READY_SECONDS_MAX} s: {out.read_text()}{error.read_text()}")


def _answers(address: str) -> bool:
    try:
        with urlopen(f"{address}/health/ready", timeout=10) as answer:
            return bool(answer.status == 200)
    except (URLError, TimeoutError):
        return False
