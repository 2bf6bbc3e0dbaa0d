# SPDX-License-Identifier: EUPL-1.2
"""The server's start and stop: the socket first, TLS 1.3 elsewhere than on loopback, a graceful end."""

from __future__ import annotations

import errno
import signal
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI

from flagstone.kernel.errors import SettingsFault
from flagstone.platform.http.bounds import Bounds
from flagstone.platform.http.connection import bounded_protocol

BACKLOG = 512
Listener = socket.socket
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class AddressUnavailable(SettingsFault):
    """The address or port cannot be had; nothing was started."""

    code = "http.address-unavailable"
    title = "The address cannot be listened on"
    remedy = "Choose another with --port or the settings http.host and http.port, or free this one."


@dataclass(frozen=True)
class Tls:
    """The files of the site's certificate chain and private key, both PEM."""

    certificate: Path
    key: Path


def run(app: FastAPI, host: str, port: int, *, tls: Tls | None = None, bounds: Bounds | None = None) -> None:
    """Serve `app` until SIGINT or SIGTERM, then let running requests end within `stop_seconds_max`.

    Raises SettingsFault before anything starts when the address cannot be had or plain http is not allowed.
    """
    with bind(host, port, tls=tls) as listener:
        serve(app, listener, tls=tls, bounds=bounds)


def serve(
    app: FastAPI, listener: socket.socket, *, tls: Tls | None = None, bounds: Bounds | None = None
) -> None:
    """Do as `run` does on a socket from `bind`, so that a caller can bind first and build the app after."""
    running = server(app, tls=tls, bounds=bounds)
    with _signals_stop(running):
        running.run(sockets=[listener])


def bind(host: str, port: int, *, tls: Tls | None = None) -> socket.socket:
    """Return a bound TCP socket; port 0 takes a free one. Raises SettingsFault with what to change."""
    if tls is None and not is_loopback(host):
        raise SettingsFault(f"http without TLS is only for this machine, not for {host}: give a certificate")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise AddressUnavailable(_why(error, host, port)) from None
    return listener


def _why(error: Exception, host: str, port: int) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return f"port {port} on {host} is in use by another program"
    if number == errno.EACCES:
        return f"port {port} on {host} needs more rights, as every port up to 1023"
    if number == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return f"{host} is not an address of this machine"
    return f"port {port} on {host} cannot be opened"


def is_loopback(host: str) -> bool:
    """Tell whether `host` is this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def server(app: FastAPI, *, tls: Tls | None = None, bounds: Bounds | None = None) -> uvicorn.Server:
    """Return uvicorn set up with our bounds, for `run` and for tests that serve in a thread."""
    bounds = bounds or Bounds()
    config = uvicorn.Config(
        app,
        http=bounded_protocol(bounds),
        loop="uvloop",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=bounds.keep_alive_seconds,
        timeout_graceful_shutdown=bounds.stop_seconds_max,
    )
    if tls is not None:
        config.load()
        config.ssl = tls_context(tls)
    return uvicorn.Server(config)


def tls_context(tls: Tls) -> ssl.SSLContext:
    """Return a server's context that takes TLS 1.3 only; SettingsFault when the files cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError):
        raise SettingsFault(
            f"the certificate {tls.certificate} and its key cannot be read or do not match"
        ) from None
    return context


@contextmanager
def _signals_stop(running: uvicorn.Server) -> Iterator[None]:
    """Let a signal end `running` whenever it comes, and nothing else.

    Uvicorn takes signals only once its loop runs, and raises them again after its end: without this the
    first would be lost and the second would kill us.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        running.should_exit = True

    before = [(number, signal.signal(number, stop)) for number in SIGNALS]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
