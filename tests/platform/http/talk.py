# SPDX-License-Identifier: EUPL-1.2
"""Raw requests over a socket, and what comes back."""

from __future__ import annotations

import json
import socket
import time

HOST = b"Host: testserver\r\n"


def talk(port: int, *parts: bytes, pause_seconds: float = 0.0, wait_seconds: float = 5.0) -> bytes:
    """Send `parts` one by one and return all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait_seconds) as line:
        try:
            for part in parts:
                line.sendall(part)
                time.sleep(pause_seconds)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return receive(line)


def receive(line: socket.socket) -> bytes:
    got = bytearray()
    try:
        while part := line.recv(65536):
            got += part
    except (ConnectionResetError, TimeoutError):
        pass
    return bytes(got)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def code(answer: bytes) -> str:
    return str(json.loads(answer.partition(b"\r\n\r\n")[2])["code"])


def get(path: bytes = b"/api/open", extra: bytes = b"") -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\n" + HOST + extra + b"Connection: close\r\n\r\n"


def post(path: bytes, headers: bytes, body: bytes = b"") -> bytes:
    return b"POST " + path + b" HTTP/1.1\r\n" + HOST + headers + b"\r\n" + body
