# SPDX-License-Identifier: EUPL-1.2
"""A supervisor that is killed leaves no site behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

COUNTRY = """
import signal, sys
from pathlib import Path
from types import SimpleNamespace
from flagstone.cli.supervisor import Child, Supervisor

def run(settings, doors, ready):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0) if settings.site == "heeds" else None)
    Path(sys.argv[1], settings.site).write_text("at work")
    ready()
    while True:
        signal.pause()

import flagstone.cli.lifeline
flagstone.cli.lifeline.STOP_SECONDS_MAX = 1
doors = SimpleNamespace(close=lambda: None)
sites = {name: Child(SimpleNamespace(site=name), doors) for name in ("heeds", "heeds not")}
supervisor = Supervisor(sites, run, lambda settings: doors)
supervisor.start()
assert supervisor.wait_ready() == []
print(*(child.process for child in sites.values()), flush=True)
supervisor.watch()
"""
SECONDS_MAX = 60


def gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_its_sites_end_with_one_that_is_killed(tmp_path: Path) -> None:
    words = [sys.executable, "-c", COUNTRY, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        sites = [int(word) for word in supervisor.stdout.readline().split()]
        try:
            assert len(sites) == 2
            assert not any(map(gone, sites))
            supervisor.kill()
            supervisor.wait(SECONDS_MAX)
            until = time.monotonic() + SECONDS_MAX
            while not all(map(gone, sites)) and time.monotonic() < until:
                time.sleep(0.05)
            assert all(map(gone, sites)), "a site goes on alone"
        finally:
            for process in sites:
                if not gone(process):
                    os.kill(process, signal.SIGKILL)
