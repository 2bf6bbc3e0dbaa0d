# SPDX-License-Identifier: EUPL-1.2
"""The commands in the documentation are run, in order, and print what the page says they print.

A `bash` block is run; `flagstone up` goes on in the background. The lines of a `text` block after it must
stand in its output, in order. A `code-block` with a name is a file of that name.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.made import furnish

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FENCE = re.compile(r"^( *)```(\S+)(?: +\S+)?\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"\bflagstone (?:--[a-z-]+ \S+ )*([a-z-]+(?: [a-z-]+){0,2})")
"""Up to three words of a command, without the options before it."""
PORT = "8123"
SECOND_DOOR, DOOR_SHIFT = "8204", 81
"""Where the exchange takes requests of the second site's systems, by the usual ports from `PORT` on."""
START_SECONDS_MAX = 240


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
    """Return a port from which all that a country's sites take are free; none that calls are made from."""
    for base in random.sample(range(12_000, 30_000, 300), 50):
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


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal in an empty folder; what it leaves running is stopped."""
    opened = Terminal(tmp_path)
    yield opened
    opened.stop()


def follow(page: Path, terminal: Terminal) -> None:
    """Run a page from its first block to its last."""
    for block in blocks(page):
        if block.name:
            (terminal.folder / block.name).write_text(block.text)
        elif block.language == "bash":
            terminal.run(block.text)
        elif block.language == "text" and terminal.said:
            terminal.expect(block.text)


@pytest.mark.slow
def test_the_first_ten_minutes(terminal: Terminal) -> None:
    follow(DOCS / "tutorials" / "first-ten-minutes.md", terminal)
    assert terminal.stop() in {0, 130}


@pytest.mark.slow
def test_a_file_becomes_a_service_that_another_agency_calls(
    terminal: Terminal, tmp_path_factory: pytest.TempPathFactory
) -> None:
    furnish(terminal.folder / "land", tmp_path_factory)
    began = time.monotonic()
    follow(DOCS / "how-to" / "bring-a-register-onto-the-exchange.md", terminal)
    seconds = time.monotonic() - began
    sys.stderr.write(f"the country started, a file offered, called and closed: {seconds:.0f} s\n")
    assert terminal.stop() == 0


@pytest.mark.slow
def test_a_global_configuration_is_published(
    terminal: Terminal, tmp_path_factory: pytest.TempPathFactory
) -> None:
    furnish(terminal.folder / "land", tmp_path_factory)
    follow(DOCS / "how-to" / "publish-a-global-configuration.md", terminal)
    assert terminal.stop() == 0


@pytest.mark.slow
def test_evidence_is_verified(terminal: Terminal, tmp_path_factory: pytest.TempPathFactory) -> None:
    if shutil.which("zip") is None or shutil.which("unzip") is None:
        pytest.skip("component missing: zip and unzip")
    furnish(terminal.folder / "land", tmp_path_factory)
    follow(DOCS / "how-to" / "verify-evidence.md", terminal)
    assert terminal.stop() == 0


@pytest.mark.slow
def test_the_guides_for_operators(terminal: Terminal) -> None:
    """Imports, checkpoints and verification, on a small country made by `new-country`."""
    terminal.run("flagstone new-country mistria mistria")
    terminal.environment |= {"FLAGSTONE_COUNTRY": "mistria", "PYTHONPATH": str(terminal.folder / "mistria")}
    terminal.run("flagstone make")
    follow(DOCS / "how-to" / "import-a-register.md", terminal)
    assert "Newland" in (terminal.folder / "newland.json").read_text()
    follow(DOCS / "how-to" / "verify-the-audit-log.md", terminal)
    follow(DOCS / "how-to" / "connect-an-information-system.md", terminal)
    assert terminal.stop() == 0


@pytest.mark.slow
def test_the_guide_to_simulations(terminal: Terminal) -> None:
    follow(DOCS / "how-to" / "simulate-a-reform.md", terminal)
    assert {each.name for each in (terminal.folder / "simulations" / "surveyed").iterdir()} == {
        "report.csv",
        "report.html",
        "report.json",
    }


@pytest.fixture
def haven(terminal: Terminal) -> Terminal:
    """A terminal in a small country with trust services."""
    lands = [str(ROOT / "tests" / "docs" / "lands"), str(ROOT / "tests" / "app" / "lands")]
    terminal.environment |= {"FLAGSTONE_COUNTRY": "haven", "PYTHONPATH": ":".join(lands)}
    return terminal


@pytest.mark.slow
def test_the_guide_to_a_certification_authority(haven: Terminal) -> None:
    follow(DOCS / "how-to" / "run-a-certification-authority.md", haven)


@pytest.mark.slow
def test_the_guide_to_keys_in_a_module(haven: Terminal) -> None:
    if shutil.which("softhsm2-util") is None:
        pytest.skip("component missing: SoftHSM")
    haven.environment["SOFTHSM2_CONF"] = str(haven.folder / "softhsm2.conf")
    follow(DOCS / "how-to" / "keep-keys-in-an-hsm.md", haven)


def test_every_command_that_a_page_names_exists() -> None:
    known = set(
        re.findall(r"^## (flagstone .+)$", (DOCS / "reference" / "commands.md").read_text(), re.MULTILINE)
    )
    groups = {
        " ".join(words[:count]) for words in map(str.split, known) for count in range(1, len(words) + 1)
    }
    pages = [*ROOT.glob("*.md"), *DOCS.glob("**/*.md")]
    wrong = [
        f"{page.relative_to(ROOT)}: {found}"
        for page in pages
        if "_build" not in page.parts
        for found in COMMAND.findall(fenced(page.read_text()))
        if not named(f"flagstone {found}", known, groups)
    ]
    assert wrong == []


def fenced(text: str) -> str:
    """Return what stands between backticks, where commands are."""
    return "\n".join(re.findall(r"`+([^`]+)`+", text))


def named(words: str, commands: set[str], groups: set[str]) -> bool:
    """Tell whether `words` are a group of commands, or begin with a command."""
    parts = words.split()
    return words in groups or any(" ".join(parts[:count]) in commands for count in range(2, len(parts) + 1))


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    said = {
        target
        for page in [*ROOT.glob("*.md"), *DOCS.glob("**/*.md")]
        for target in re.findall(r"^\s*make ([a-z-]+)", fenced(page.read_text()), re.MULTILINE)
    }
    assert {target for target in said if target not in targets and not target.startswith("bench-")} == set()


def test_links_between_pages_lead_somewhere() -> None:
    pages = [
        *ROOT.glob("*.md"),
        *ROOT.glob("changelog.d/*.md"),
        *(ROOT / "src").rglob("*.md"),
        *DOCS.glob("**/*.md"),
    ]
    broken = [
        f"{page.relative_to(ROOT)} -> {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text())
        if "_build" not in page.parts and not (page.parent / target).exists()
    ]
    assert broken == []
