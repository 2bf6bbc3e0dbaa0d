# SPDX-License-Identifier: EUPL-1.2
"""Workers answer over HTTP on one address, are revived when they die, and stop what takes too long."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from flagstone.blocks.rules.contract.faults import LawUnavailable
from flagstone.blocks.rules.web.serving import Task, Workers

pytestmark = pytest.mark.slow

TEMPLATE = "openfisca_country_template"
ASKED = {"persons": {"a": {"salary": {"2017-01": 4000}, "income_tax": {"2017-01": None}}}}


@contextmanager
def working(
    package: str = TEMPLATE, *, count: int = 1, seconds_max: float = 30
) -> Iterator[tuple[Workers, int]]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        task = Task(package, (), (), "fast", sock.fileno(), seconds_max, body_bytes_max=100_000)
        workers = Workers(task, sock, count)
        try:
            assert len(workers.start()) == 64
            yield workers, sock.getsockname()[1]
        finally:
            workers.stop()


def ask(port: int, method: str, path: str, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def test_the_api_is_there_over_http() -> None:
    with working() as (_workers, port):
        status, headers, body = ask(port, "POST", "/calculate", json.dumps(ASKED).encode())
        assert (status, json.loads(body)["persons"]["a"]["income_tax"]) == (200, {"2017-01": 600.0})
        assert headers["Country-Package"].startswith("openfisca-country")
        assert json.loads(ask(port, "GET", "/spec")[2])["servers"] == [{"url": f"http://127.0.0.1:{port}"}]
        assert ask(port, "HEAD", "/variables")[::2] == (200, b"")
        assert ask(port, "POST", "/calculate", b"{" * 100_001)[0] == 413
        assert ask(port, "DELETE", "/calculate")[0] == 405


def test_a_worker_that_dies_is_revived() -> None:
    with working(count=2) as (workers, port):
        ended = Event()
        watching = Thread(target=workers.watch, args=(ended.is_set,))
        watching.start()
        try:
            killed = workers._processes[0].pid
            os.kill(killed, signal.SIGKILL)
            until = monotonic() + 30
            while workers._processes[0].pid == killed and monotonic() < until:
                sleep(0.1)
            assert workers._processes[0].pid != killed
            assert ask(port, "GET", "/entities")[0] == 200
        finally:
            ended.set()
            watching.join()


def test_a_calculation_that_takes_too_long_is_stopped() -> None:
    axes = [[{"count": 200, "name": "salary", "min": 0, "max": 9000, "period": "2017-01"}]]
    asked = {
        **ASKED,
        "households": {"h": {"adults": ["a"], "disposable_income": {"2017-01": None}}},
        "axes": axes,
    }
    with working(seconds_max=0.000_5) as (_workers, port):
        status, _headers, body = ask(port, "POST", "/calculate", json.dumps(asked).encode())
        assert (status, "longer" in json.loads(body)["error"]) == (503, True)
        assert ask(port, "GET", "/variable/salary")[0] == 200


def test_a_law_that_is_not_there_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        workers = Workers(Task("no_such_law", (), (), "fast", sock.fileno(), 1.0, 1000), sock, 1)
        with pytest.raises(LawUnavailable, match="no_such_law"):
            workers.start()
        workers.stop()


def test_the_command_serves_until_it_is_interrupted() -> None:
    command = [sys.executable, "-m", "flagstone", "rules", "serve", TEMPLATE, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        port = int(said.split("http://127.0.0.1:")[1].split("/")[0])
        assert ask(port, "GET", "/")[0] == 300
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
