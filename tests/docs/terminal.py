# SPDX-License-Identifier: EUPL-1.2
"""A terminal in which the commands of a page are run, in order, and print what the page says they print.

A `bash` block is run; `flagstone up` goes on in the background. The lines of a `text` block after it must
stand in its output, in order. A `code-block` with a name is a file of that name.
"""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FENCE = re.compile(r"^( *)```(\S+)(?: +\S+)?\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
PORT = "8123"
SECOND_DOOR, DOOR_SHIFT = "8204", 81
"""Where the exchange takes requests of the second site's systems, by the usual ports from `PORT` on."""
START_SECONDS_MAX = 240
WORKERS_MAX, PORTS = 6, 300


@dataclass
class Block:
    """One fenced block: its language, the name of the file it is, and its text without indent."""

    language: str
    name: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page in order."""
    for indent, language, body in FENCE.findall(page.read_text()):
        lines = [line.removeprefix(indent) for line in body.splitlines()]
        name = ""
        if lines and lines[0].startswith(":name: "):
            name = lines.pop(0).removeprefix(":name: ")
        yield Block(language, name, "\n".join(lines) + "\n")


def free_base() -> int:
    """Return a port from which all that a country's sites take are free; none that calls are made from.

    Guides that are followed at the same time, each by a worker of the run, choose from ports of their own.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS_MAX
    bases = range(12_000 + worker * PORTS, 30_000, WORKERS_MAX * PORTS)
    for base in random.sample(bases, len(bases)):
        wanted = [*range(base, base + 10), *range(base + DOOR_SHIFT - 5, base + DOOR_SHIFT + 10)]
        if all(is_free(port) for port in wanted):
            return base
    raise AssertionError("no ports are free")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Terminal:
    """Runs the blocks of a page in one folder, on a port that is free."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said = ""
        self.background: subprocess.Popen[str] | None = None
        self.port = str(free_base())
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FLAGSTONE_")}
        self.environment = {
            **kept,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "COLUMNS": "200",
        }

    def run(self, command: str) -> None:
        """Run the command of one block to its end, or until the site answers."""
        command = self._with_ports(command)
        if command.startswith("flagstone up"):
            self._start(command)
            return
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=180,
            check=False,
        )
        self.said = done.stdout
        assert done.returncode == 0, f"{command}\n{self.said}"

    def expect(self, text: str) -> None:
        """Hold what was said last against the lines of `text`, in order; any white space is one space."""
        rest = " ".join(self.said.split())
        for line in self._with_ports(text).splitlines():
            words = " ".join(line.split())
            assert words in rest, f"{words!r} is not in order in:\n{self.said}"
            rest = rest.partition(words)[2]

    def _with_ports(self, text: str) -> str:
        """Return a page's text with the ports that are free here."""
        second = str(int(self.port) + DOOR_SHIFT)
        return text.replace(PORT, self.port).replace(SECOND_DOOR, second)

    def _start(self, command: str) -> None:
        log = self.folder / "up.log"
        with log.open("w") as output:
            self.background = subprocess.Popen(
                command.split(),
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while "Ctrl-C stops" not in (said := log.read_text()):
            assert self.background.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.2)
        self.said = said

    def stop(self) -> int | None:
        """Press Ctrl-C where a site runs; return its exit status."""
        if self.background is None or self.background.poll() is not None:
            return None
        self.background.send_signal(signal.SIGINT)
        try:
            return self.background.wait(timeout=30)
        finally:
            self.background.kill()


def follow(page: Path, terminal: Terminal) -> None:
    """Run a page from its first block to its last."""
    for block in blocks(page):
        if block.name:
            (terminal.folder / block.name).write_text(block.text)
        elif block.language == "bash":
            terminal.run(block.text)
        elif block.language == "text" and terminal.said:
            terminal.expect(block.text)
