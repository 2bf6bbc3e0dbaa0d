# SPDX-License-Identifier: EUPL-1.2
"""Aralia's five agencies as processes of their own, asked as other agencies' systems and as its persons."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

READY_SECONDS_MAX = 300
STOP_SECONDS_MAX = 60
DOORS = re.compile(r"^ +(\w+) +(http://localhost:[0-9]+) +exchange :([0-9]+)", re.MULTILINE)
HIDDEN = re.compile(r'<input type="hidden" name="(csrf|request)" value="([^"]*)">')


@dataclass(frozen=True)
class Doors:
    """Where one site answers: its pages, and its door for information systems."""

    web: str
    exchange: str


@dataclass(frozen=True)
class State:
    """The country that runs: its data folder, its processes, and where each site answers."""

    folder: Path
    process: subprocess.Popen[bytes]
    doors: Mapping[str, Doors]

    def command(self, *words: str, site: str = "") -> str:
        """Run a command of the operator beside the sites and return what it prints; it must succeed."""
        done = self._run(words, site)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refused(self, *words: str, site: str = "") -> str:
        """Run a command that must end with exit status 1, and return what it prints."""
        done = self._run(words, site)
        assert done.returncode == 1, done.stdout + done.stderr
        return done.stdout

    def _run(self, words: tuple[str, ...], site: str) -> subprocess.CompletedProcess[str]:
        place = ["--data", str(self.folder / "data"), *(["--site", site] if site else [])]
        said = [*place, *words] if words[0] in {"tracker", "exchange"} else [*words, *place]
        command = [sys.executable, "-m", "flagstone", *said]
        env = {name: value for name, value in os.environ.items() if not name.startswith("FLAGSTONE_")}
        env["COLUMNS"] = "300"
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, env=env)

    @contextmanager
    def hanging(self, site: str) -> Iterator[None]:
        """Keep the process of one site from doing anything until the block is left."""
        process = self.process_of(site)
        os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(process, signal.SIGCONT)

    def process_of(self, site: str) -> int:
        """Return the number of the process that has a site's folder open."""
        supervisor, folder = self.process.pid, f"{self.folder}/data/{site}/"
        children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
        for child in children:
            files = Path(f"/proc/{child}/fd").iterdir()
            if any(_target(file).startswith(folder) for file in files):
                return int(child)
        raise AssertionError(f"no process of {site}")

    def codes(self, site: str, register: str, most: int) -> list[str]:
        """Return the personal codes that a register of a site begins with, each once."""
        query = "SELECT data FROM record WHERE register = ? AND deleted_at IS NULL ORDER BY id LIMIT ?"
        connection = sqlite3.connect(f"file:{self.folder}/data/{site}/registry.sqlite?mode=ro", uri=True)
        rows = connection.execute(query, (register, most)).fetchall()
        connection.close()
        return list(dict.fromkeys(json.loads(row[0])["personal_code"] for row in rows))


def _target(file: Path) -> str:
    try:
        return str(file.readlink())
    except OSError:
        return ""


@contextmanager
def running(folder: Path) -> Iterator[State]:
    """Run `flagstone up` in `folder` until the block is left."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("FLAGSTONE_")}
    own |= {"FLAGSTONE_HTTP_REQUESTS_PER_SECOND_MAX": "5000", "COLUMNS": "300"}
    words = [sys.executable, "-m", "flagstone", "up", "--data", str(folder / "data"), "--port", "0"]
    out = folder / "out.txt"
    with out.open("w") as told:
        process = subprocess.Popen(words, stdout=told, stderr=subprocess.STDOUT, env=own, process_group=0)
    try:
        doors = _ready(process, out)
        yield State(folder, process, doors)
        process.send_signal(signal.SIGINT)
        process.wait(STOP_SECONDS_MAX)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(STOP_SECONDS_MAX)


def _ready(process: subprocess.Popen[bytes], out: Path) -> dict[str, Doors]:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < deadline:
        assert process.poll() is None, out.read_text()
        found = DOORS.findall(out.read_text())
        if "Ctrl-C stops" in out.read_text():
            return {site: Doors(web, f"http://127.0.0.1:{port}") for site, web, port in found}
        time.sleep(0.1)
    raise AssertionError(out.read_text())


class Person:
    """A person's browser, signed in at the portal of the interior."""

    def __init__(self, state: State, code: str) -> None:
        """Sign in by the test authenticator."""
        self.code = code
        self.browser = httpx2.Client(
            base_url=state.doors["interior"].web, follow_redirects=True, timeout=60, trust_env=False
        )
        page = self.browser.get("/sign-in", params={"return_to": "/me/usage?period=week"})
        form = {"choice": code, **dict(HIDDEN.findall(page.text))}
        done = self.browser.post("/authenticate/test/choose", data=form)
        assert done.status_code == 200, done.status_code
        assert done.url.path == "/me/usage", done.url.path

    def page(self, path: str = "/me/usage", **params: str) -> httpx2.Response:
        """Return a page."""
        return self.browser.get(path, params=params)

    def usages(self) -> dict[str, Any]:
        """Return everything that all agencies know, as the file to keep has it."""
        answer = self.browser.get("/me/usage/download", params={"form": "json"})
        assert answer.status_code == 200, answer.text[:200]
        said: dict[str, Any] = answer.json()
        return said

    def messages(self) -> list[str]:
        """Return the id of the message of each usage that came over the exchange."""
        return [usage["messageId"] for usage in self.usages()["usages"] if not usage["own"]]

    def close(self) -> None:
        """Close the browser."""
        self.browser.close()


@dataclass(frozen=True)
class Asking:
    """One way to read persons' data: the asking system, where it stands, and the register it asks."""

    client: str
    at: str
    service: str
    holder: str
    register: str


WAYS = (
    Asking("XA/GOV/10000107/declarations", "revenue", "XA/GOV/10000001/registry", "interior", "individuals"),
    Asking("XA/GOV/10000113/benefits", "centre", "XA/GOV/10000001/registry", "interior", "individuals"),
    Asking("XA/GOV/10000018/courts", "justice", "XA/GOV/10000001/registry", "interior", "individuals"),
    Asking("XA/GOV/10000107/declarations", "revenue", "XA/GOV/10000107/registry", "revenue", "incomes"),
    Asking("XA/GOV/10000113/benefits", "centre", "XA/GOV/10000107/registry", "revenue", "incomes"),
    Asking("XA/GOV/10000165/investigations", "centre", "XA/GOV/10000047/registry", "environment", "permits"),
    Asking("XA/GOV/10000099/notices", "centre", "XA/GOV/10000099/registry", "centre", "contacts"),
)


class Systems:
    """Other agencies' systems, each at the door of its own server."""

    def __init__(self, state: State) -> None:
        """Open connections to every door."""
        limits = httpx2.Limits(max_connections=16)
        self._doors = {
            site: httpx2.Client(base_url=doors.exchange, timeout=60, trust_env=False, limits=limits)
            for site, doors in state.doors.items()
        }

    def read(self, way: Asking, code: str, message: str, **headers: str) -> int:
        """Read a person's data in one register; return how many records there were."""
        answer = self._doors[way.at].post(
            f"/r1/{way.service}/registry/registers/{way.register}/find",
            headers={"X-Road-Client": way.client, "X-Road-Id": message, **headers},
            json={"filters": {"personal_code": code}, "page_size": 1},
        )
        assert answer.status_code == 200, answer.text[:500]
        return len(answer.json()["records"])

    def close(self) -> None:
        """Close the connections."""
        for door in self._doors.values():
            door.close()
