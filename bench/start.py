# SPDX-License-Identifier: EUPL-1.2
"""Start-up time and memory of `flagstone up` beside a bare uvicorn and FastAPI process, in one run.

Run it with `make bench-start`. Each start goes from the birth of the process to the first 200 of its page
`/`; the first start makes the data, the others are second starts. Starts of site and peer alternate;
the median counts. Memory is read ten seconds after the last page. The last line is for machines.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path

ROUNDS = 5
IDLE_SECONDS = 10
FIRST_START_SECONDS_MAX = 180
START_SECONDS_MAX = 60
TARGET_START_SECONDS = 5.0
TARGET_IDLE_MEGABYTES = 120.0
MODULES_SHOWN = 12

PEER = """
import sys, uvicorn
from fastapi import FastAPI
app = FastAPI()
@app.get("/")
def hello():
    return {"hello": "world"}
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""

JOBS = """
import sys, time
from pathlib import Path
import structlog, sqlalchemy
import sqlalchemy.dialects.sqlite
from flagstone.kernel.clock import SystemClock
from flagstone.platform.jobs.jobs import Jobs
def megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
before = megabytes()
began = time.perf_counter()
import flagstone.platform.jobs.engine
loaded, load_seconds = megabytes(), time.perf_counter() - began
jobs = Jobs("sqlite:///" + sys.argv[1], "bench", SystemClock())
jobs.workflow("nothing", lambda steps, argument: steps.do("step", lambda key: 1))
jobs.start()
jobs.stop()
began = time.perf_counter()
jobs.start()
launch_seconds = time.perf_counter() - began
launched = megabytes()
began = time.perf_counter()
for number in range(50):
    jobs.run("nothing", str(number), None)
    jobs.result("nothing", str(number))
print(before, loaded, launched, load_seconds, launch_seconds, 50 / (time.perf_counter() - began))
jobs.stop()
"""


@dataclass(frozen=True)
class Started:
    """A process that answered."""

    process: subprocess.Popen[bytes]
    seconds: float


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(command: list[str], port: int, log: Path, *, seconds_max: float) -> Started:
    """Start `command` and wait for the first 200 of `/`; SystemExit when it does not come."""
    began = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    while not answers(port):
        if process.poll() is not None or time.perf_counter() - began > seconds_max:
            stop(process)
            sys.exit(f"no page from {' '.join(command)}:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.01)
    return Started(process, time.perf_counter() - began)


def answers(port: int) -> bool:
    """Tell whether `/` gives 200, following redirects within the site."""
    path = "/"
    for _ in range(4):
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            path = response.headers.get("Location", "")
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
        if not path.startswith("/"):
            return response.status == 200
    return False


def stop(process: subprocess.Popen[bytes]) -> float:
    """Stop as Ctrl-C does; return the seconds that it took."""
    began = time.perf_counter()
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return time.perf_counter() - began


def megabytes(process: int) -> list[float]:
    """Return the resident megabytes of `process` and of each of its descendants."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    own = [int(found.group(1)) * 1024 / 1e6] if found else []
    return own + [size for child in children for size in megabytes(int(child))]


def heaviest(log: Path) -> list[tuple[str, float]]:
    """Return the packages whose own modules took longest to import, in milliseconds."""
    spent: dict[str, float] = {}
    for line in log.read_text(errors="replace").splitlines():
        match = re.match(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", line)
        if match:
            package = ".".join(
                match.group(2).split(".")[: 2 if match.group(2).startswith("flagstone") else 1]
            )
            spent[package] = spent.get(package, 0.0) + int(match.group(1)) / 1000
    return sorted(spent.items(), key=lambda item: -item[1])[:MODULES_SHOWN]


def measure_starts(folder: Path) -> dict[str, float]:
    """Start site and peer in turn; return seconds and megabytes."""
    data, log = folder / "data", folder / "log"
    up = [sys.executable, "-m", "flagstone", "up", "--data", str(data), "--port"]
    peer = [sys.executable, "-c", PEER]
    port = free_port()
    first = start([*up, str(port)], port, log, seconds_max=FIRST_START_SECONDS_MAX)
    stops = [stop(first.process)]
    site_seconds: list[float] = []
    peer_seconds: list[float] = []
    sizes = {"site": [0.0], "peer": [0.0]}
    for number in range(ROUNDS):
        for name, command, seconds in (("site", up, site_seconds), ("peer", peer, peer_seconds)):
            port = free_port()
            started = start([*command, str(port)], port, log, seconds_max=START_SECONDS_MAX)
            seconds.append(started.seconds)
            if number == ROUNDS - 1:
                time.sleep(IDLE_SECONDS)
                sizes[name] = megabytes(started.process.pid)
            ended = stop(started.process)
            stops += [ended] if name == "site" else []
    return {
        "first_start_seconds": first.seconds,
        "start_seconds": statistics.median(site_seconds),
        "start_seconds_max": max(site_seconds),
        "stop_seconds_max": max(stops),
        "idle_megabytes": max(sizes["site"]),
        "idle_megabytes_all_processes": sum(sizes["site"]),
        "peer_start_seconds": statistics.median(peer_seconds),
        "peer_idle_megabytes": max(sizes["peer"]),
    }


def measure_imports(folder: Path) -> list[tuple[str, float]]:
    """Start the site once more with the interpreter's own import clock."""
    port, log = free_port(), folder / "imports"
    command = [sys.executable, "-X", "importtime", "-m", "flagstone", "up"]
    started = start(
        [*command, "--data", str(folder / "data"), "--port", str(port)],
        port,
        log,
        seconds_max=START_SECONDS_MAX,
    )
    stop(started.process)
    return heaviest(log)


def measure_jobs(folder: Path) -> dict[str, float]:
    """Load and launch durable work alone; return its share of memory and time."""
    done = subprocess.run(
        [sys.executable, "-c", JOBS, str(folder / "jobs.sqlite")], capture_output=True, text=True, check=True
    )
    before, loaded, launched, load, launch, rate = map(float, done.stdout.splitlines()[-1].split())
    return {
        "jobs_import_megabytes": loaded - before,
        "jobs_launch_megabytes": launched - loaded,
        "jobs_import_seconds": load,
        "jobs_launch_seconds": launch,
        "jobs_runs_per_second": rate,
    }


def main() -> int:
    """Measure, print for people, then one line for machines; 1 when a target is missed."""
    with tempfile.TemporaryDirectory(prefix="flagstone-bench-") as name:
        folder = Path(name)
        results = measure_jobs(folder) | measure_starts(folder)
        imports = measure_imports(folder)
    results["start_ratio"] = results["start_seconds"] / results["peer_start_seconds"]
    results["memory_ratio"] = results["idle_megabytes"] / results["peer_idle_megabytes"]
    met = {
        "start": results["start_seconds"] < TARGET_START_SECONDS,
        "memory": results["idle_megabytes"] < TARGET_IDLE_MEGABYTES,
    }
    for key, value in results.items():
        print(f"{key:34}{value:10.2f}")
    print(f"\ntargets: start < {TARGET_START_SECONDS} s, idle < {TARGET_IDLE_MEGABYTES} MB; met: {met}")
    print("\nimports until the first page, own milliseconds by package (the clock itself slows them):")
    for package, spent in imports:
        print(f"{package:34}{spent:10.1f}")
    flat = {key: round(value, 3) for key, value in results.items()}
    print(json.dumps({"at": datetime.now(UTC).date().isoformat(), **flat, "targets_met": all(met.values())}))
    return 0 if all(met.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
