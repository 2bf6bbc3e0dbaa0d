# SPDX-License-Identifier: EUPL-1.2
"""The law for one command: the decisions of the site, or a law served until interrupted."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING

import typer

from flagstone.blocks.rules.cli.commands import Served, commands
from flagstone.blocks.rules.contract.faults import LawUnavailable
from flagstone.blocks.rules.web.serving import Task, Workers
from flagstone.kernel.errors import SettingsFault

if TYPE_CHECKING:
    from flagstone.blocks.rules.service.decisions import Service

_BACKLOG = 1024
_BODY_BYTES_MAX = 10 * 1024 * 1024


@contextmanager
def opened() -> Iterator[Service]:
    """Open the decisions of the site."""
    from flagstone.cli.visiting import required, visiting  # noqa: PLC0415 - a law is served and tested without a site

    with visiting() as site:
        yield required(site.services.computing, f"site: {site.plan.code} computes by no law").decisions


def serve(wanted: Served) -> None:
    """Bind the address and serve until SIGINT or SIGTERM; SettingsFault when the address is not to be had."""
    ended = Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda _signal, _frame: ended.set())
    with _bound(wanted) as sock:
        workers = Workers(_task(wanted, sock), sock, wanted.workers)
        try:
            digest = workers.start()
            host, port = sock.getsockname()[:2]
            where = f"http://{host}:{port}/"
            typer.echo(f"{wanted.name.package} (law {digest[:12]}) on {where} - Ctrl-C ends it.")
            workers.watch(ended.is_set)
        except LawUnavailable:
            if not ended.is_set():  # workers that were ended with us need no telling
                raise
        finally:
            workers.stop()


def _bound(wanted: Served) -> socket.socket:
    try:
        return socket.create_server((wanted.host, wanted.port), backlog=_BACKLOG)
    except OSError as refused:
        raise SettingsFault(f"{wanted.host}:{wanted.port} is not to be had: {refused.strerror}") from None


def _task(wanted: Served, sock: socket.socket) -> Task:
    name = wanted.name
    return Task(
        name.package,
        name.extensions,
        name.reforms,
        mode=wanted.mode.value,
        descriptor=sock.fileno(),
        seconds_max=wanted.seconds_max,
        body_bytes_max=_BODY_BYTES_MAX,
    )


app = commands(serve, opened)
