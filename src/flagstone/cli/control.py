# SPDX-License-Identifier: EUPL-1.2
"""The supervisor's own door: a socket in the data folder, for commands of the same user alone."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from flagstone.cli.supervisor import Condition, Supervisor
from flagstone.kernel.errors import SettingsFault

NAME = "supervisor.sock"
SECONDS_MAX = 1.0
ANSWER_SECONDS_MAX = 5.0
BYTES_MAX = 4_096


class SupervisorAbsent(SettingsFault):
    """No supervisor works on the data folder."""

    code = "flagstone.supervisor-absent"
    title = "The country does not run from this data folder"
    remedy = "Start it with `flagstone up`, or name its folder with --data."


class SupervisorPresent(SettingsFault):
    """A supervisor works on the data folder already."""

    code = "flagstone.supervisor-present"
    title = "The country runs from this data folder already"
    remedy = "Stop it first, or name another folder with --data."


class SiteStrange(SettingsFault):
    """The country that runs has no such site."""

    code = "flagstone.site-strange"
    title = "There is no such site"
    remedy = "`flagstone sites list` shows those that there are."


class Door:
    """Keeps `supervisor.Control` on a socket that only this user can open."""

    def __init__(self, listener: socket.socket) -> None:
        """Answer at `listener`."""
        self.listener = listener

    def answer(self, supervisor: Supervisor) -> None:
        """Take one command of one line and answer it with the state of all sites."""
        with suppress(OSError):
            caller, _ = self.listener.accept()
            with caller:
                caller.settimeout(SECONDS_MAX)
                caller.sendall(json.dumps(_done(supervisor, caller.recv(BYTES_MAX))).encode())


@contextmanager
def door(data: Path) -> Iterator[Door]:
    """Open the supervisor's door in `data`; SupervisorPresent when another supervisor has it."""
    data.mkdir(parents=True, exist_ok=True)
    with suppress(SupervisorAbsent):
        ask(data, {"do": "list"})
        raise SupervisorPresent(str(data))
    (data / NAME).unlink(missing_ok=True)
    before = os.umask(0o177)
    try:
        listener = _at(data, _bound)
    finally:
        os.umask(before)
    try:
        with listener:
            yield Door(listener)
    finally:
        (data / NAME).unlink(missing_ok=True)


def ask(data: Path, command: Mapping[str, str]) -> dict[str, str]:
    """Send a command to the supervisor of `data` and return how each site stands.

    SupervisorAbsent when none answers; SiteStrange when it has no such site.
    """
    try:
        with _at(data, _connected) as caller:
            caller.settimeout(ANSWER_SECONDS_MAX)
            caller.sendall(json.dumps(dict(command)).encode())
            caller.shutdown(socket.SHUT_WR)
            found = json.loads(caller.makefile("rb").read(BYTES_MAX))
    except (OSError, ValueError) as error:
        raise SupervisorAbsent(str(data)) from error
    if not found:
        raise SiteStrange(command.get("site", ""))
    return {str(code): str(condition) for code, condition in found.items()}


def _done(supervisor: Supervisor, line: bytes) -> dict[str, str]:
    """Carry out a command; return each site's condition, nothing when it cannot be carried out."""
    deeds: dict[str, Callable[[str], None]] = {
        "stop": supervisor.stop_one,
        "start": supervisor.start_one,
        "list": lambda _site: None,
    }
    try:
        command = json.loads(line)
        deed, site = deeds[command["do"]], command.get("site", "")
        if command["do"] != "list" and site not in supervisor.children:
            return {}
        deed(site)
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {code: child.condition.value for code, child in supervisor.children.items()}


def _at(data: Path, use: Callable[[str], socket.socket]) -> socket.socket:
    """Use the socket's path through the folder's descriptor: the path itself may be too long for a socket."""
    folder = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return use(f"/proc/self/fd/{folder}/{NAME}")
    finally:
        os.close(folder)


def _bound(where: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(where)
    listener.listen(4)
    return listener


def _connected(where: str) -> socket.socket:
    caller = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    caller.settimeout(SECONDS_MAX)
    caller.connect(where)
    return caller


READY = Condition.READY.value
"""How a site that answers is told."""
