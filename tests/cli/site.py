# SPDX-License-Identifier: EUPL-1.2
"""The command as a person runs it: a process of its own, with the tiny country on its path."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import flagstone

LANDS = Path(__file__).parents[1] / "app" / "lands"
SECONDS_MAX = 60
ADDRESS = re.compile(r"answers at (http://localhost:[0-9]+)")


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    error: str

    @property
    def all(self) -> str:
        return self.out + self.error


def environment(**variables: str) -> dict[str, str]:
    kept_out = (
        "FLAGSTONE_",
        "PYTHONDONTWRITEBYTECODE",
    )  # with compiled modules a command starts in half the time
    own = {name: value for name, value in os.environ.items() if not name.startswith(kept_out)}
    source = str(Path(flagstone.__path__[0]).parent)
    return {**own, "PYTHONPATH": f"{LANDS}:{source}", "FLAGSTONE_COUNTRY": "tiny", **variables}


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "flagstone", *map(str, words)]


def run(*words: str | Path, **variables: str) -> Outcome:
    """Run the command to its end; no outcome may hold a trace."""
    own = environment(**variables)
    done = subprocess.run(
        command(*words), capture_output=True, check=False, text=True, timeout=SECONDS_MAX, env=own
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return Outcome(done.returncode, done.stdout, done.stderr)


class Running:
    """A command that goes on, its output in files, so that no pipe fills."""

    def __init__(self, folder: Path, *words: str | Path, **variables: str) -> None:
        self._files = (folder / "out.txt", folder / "error.txt")
        with self._files[0].open("w") as out, self._files[1].open("w") as error:
            self.process = subprocess.Popen(
                command(*words), stdout=out, stderr=error, env=environment(**variables)
            )

    @property
    def out(self) -> str:
        return self._files[0].read_text()

    @property
    def error(self) -> str:
        return self._files[1].read_text()

    def wait_for(self, pattern: re.Pattern[str]) -> str:
        """Return the first group of `pattern` when it is printed."""
        deadline = time.monotonic() + SECONDS_MAX
        while time.monotonic() < deadline:
            if found := pattern.search(self.out):
                return found[1]
            assert self.process.poll() is None, self.out + self.error
            time.sleep(0.02)
        raise AssertionError(f"nothing like {pattern.pattern} in {self.out}{self.error}")

    def stop(self, number: int = signal.SIGINT) -> Outcome:
        """Send a signal and return how it ended; no outcome may hold a trace."""
        self.process.send_signal(number)
        code = self.process.wait(SECONDS_MAX)
        assert "Traceback" not in self.out + self.error, self.error
        return Outcome(code, self.out, self.error)


@contextmanager
def going(folder: Path, *words: str | Path, **variables: str) -> Iterator[Running]:
    """Run the command beside the test and end it in any case."""
    running = Running(folder, *words, **variables)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait(SECONDS_MAX)
