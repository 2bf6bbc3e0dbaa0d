# SPDX-License-Identifier: EUPL-1.2
"""Messages through the message paths of two sites beside the same calls straight to the provider.

Run it with `make bench-r1`. Two processes carry messages as sites do: each with its message log on a
SQLite file, the request on disk before its answer is passed on. A third is the provider, which answers
with the body that it got. First 1 GiB goes up and down through both, and the growth of each process is read.
Then rounds of calls through and calls straight alternate; medians count. A run whose logs do not hold every
message prints no ratio. The last line is for machines. With `--small` only the calls of 1 KiB are made.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import uvloop
from r1_stand import ASKS, LARGE_BYTES, SERVICE, Stand, large, start, stop

from flagstone.kernel.errors import Fault
from flagstone.platform.http.wire.bounds import WireBounds
from flagstone.platform.http.wire.client import WireClient
from flagstone.platform.http.wire.messages import (
    RequestHead,
    body_from,
)

ROUNDS = 5
ROUND_SECONDS = 1.5
SIZES = {"1k": 1024, "100k": 100 * 1024}
CROWDS = (1, 32)
WARM_UP = 20
FSYNCS = 50
TARGET_ADDED_MS = 3.0
TARGET_GROWTH_MEGABYTES = 64.0


@dataclass
class Route:
    """How the provider is asked."""

    name: str
    port: int
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    messages: int = 0
    seconds: list[float] = field(default_factory=list)

    def head(self, method: bytes = b"POST") -> RequestHead:
        return RequestHead(method, self.target, self.headers)


def routes(stand: Stand) -> tuple[Route, Route]:
    given = ((b"Content-Type", b"application/octet-stream"), (b"Accept", b"*/*"))
    road = (b"X-Road-Client", str(ASKS).encode())
    target = b"/r1/" + str(SERVICE).encode() + b"/things"
    return (
        Route("straight", stand.provider_port, b"/base/things", given),
        Route("through", stand.client_port, target, (*given, road)),
    )


async def ask(client: WireClient, route: Route, body: bytes) -> None:
    """Make one call and check its answer."""
    reply = await client.call("127.0.0.1", route.port, route.head(), body)
    got = await reply.body.read(1 << 20)
    if reply.head.status != 200 or got != body:
        sys.exit(f"{route.name}: status {reply.head.status}, {len(got)} bytes: {got[:300]!r}")
    route.messages += 1


async def round_of(client: WireClient, route: Route, *, body: bytes, crowd: int) -> tuple[list[float], float]:
    """Have `crowd` callers call for `ROUND_SECONDS`; return each call's seconds and the rate a second."""
    seconds: list[float] = []
    until = time.perf_counter() + ROUND_SECONDS

    async def caller() -> None:
        while (began := time.perf_counter()) < until:
            await ask(client, route, body)
            seconds.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*[caller() for _ in range(crowd)])
    return seconds, len(seconds) / (time.perf_counter() - began)


async def until_answered(client: WireClient, route: Route) -> None:
    """Wait for the whole way to be open."""
    for _ in range(300):
        try:
            reply = await client.call("127.0.0.1", route.port, route.head(), b"x")
            if await reply.body.read(1 << 20) == b"x":
                route.messages += 1
                return
        except Fault:
            pass
        await asyncio.sleep(0.1)
    sys.exit(f"{route.name}: does not answer")


async def small_bodies(
    client: WireClient, stand: Stand, both: tuple[Route, Route], sizes: Mapping[str, int]
) -> dict[str, float]:
    """Measure rounds of calls of every one of `sizes` and every crowd."""
    result: dict[str, float] = {}
    print(f"{'case':14}{'route':10}{'a second':>10}{'p50 ms':>9}{'p90 ms':>9}{'p99 ms':>9}{'CPU us':>9}")
    for size, length in sizes.items():
        body = os.urandom(length)
        for crowd in CROWDS:
            measured = await rounds(client, stand, both, body, crowd)
            result |= {f"{size}_c{crowd}_{name}": value for name, value in measured.items()}
    return result


async def rounds(
    client: WireClient, stand: Stand, both: tuple[Route, Route], body: bytes, crowd: int
) -> dict[str, float]:
    """Alternate rounds straight and through; print both, return the figures of the way through."""
    rates: dict[str, list[float]] = {route.name: [] for route in both}
    cpu, count = 0.0, 0
    for route in both:
        route.seconds = []
        await asyncio.gather(*[ask(client, route, body) for _ in range(crowd)])
    for _ in range(ROUNDS):
        for route in both:
            before = sum(stand.cpu_seconds(name) for name in stand.folders)
            seconds, rate = await round_of(client, route, body=body, crowd=crowd)
            route.seconds += seconds
            rates[route.name].append(rate)
            if route.name == "through":
                cpu += sum(stand.cpu_seconds(name) for name in stand.folders) - before
                count += len(seconds)
    each = cpu / count * 1e6
    p = {route.name: percentiles(route.seconds) for route in both}
    for route in both:
        spent = f"{each:9.0f}" if route.name == "through" else ""
        line = "".join(f"{value:9.2f}" for value in p[route.name])
        rate = statistics.median(rates[route.name])
        print(f"{len(body) // 1024:4} KiB, c={crowd:<3}{route.name:10}{rate:10.0f}{line}{spent}", flush=True)
    rate, straight = statistics.median(rates["through"]), statistics.median(rates["straight"])
    return {
        "per_second": round(rate, 1),
        "p50_ms": round(p["through"][0], 3),
        "p90_ms": round(p["through"][1], 3),
        "p99_ms": round(p["through"][2], 3),
        "added_p50_ms": round(p["through"][0] - p["straight"][0], 3),
        "rate_vs_straight": round(rate / straight, 4),
        "sites_cpu_us": round(each, 1),
    }


def percentiles(seconds: list[float]) -> tuple[float, float, float]:
    """Return p50, p90 and p99 in milliseconds."""
    ordered = sorted(seconds)
    return tuple(ordered[int(len(ordered) * part)] * 1000 for part in (0.5, 0.9, 0.99))  # type: ignore[return-value]


async def large_bodies(client: WireClient, stand: Stand, both: tuple[Route, Route]) -> dict[str, float]:
    """Send and fetch `LARGE_BYTES` on either way; return rates and the growth of the sites."""
    result: dict[str, float] = {}
    for direction in ("up", "down"):
        speeds: dict[str, float] = {}
        before = stand.forget_peaks()
        for route in both:
            began = time.perf_counter()
            await (upload if direction == "up" else download)(client, route)
            speeds[route.name] = LARGE_BYTES / (1 << 20) / (time.perf_counter() - began)
        grown = {name: stand.megabytes(name, "VmHWM") - before[name] for name in before}
        result |= {
            f"1g_{direction}_megabytes_per_second": round(speeds["through"], 1),
            f"1g_{direction}_rate_vs_straight": round(speeds["through"] / speeds["straight"], 3),
            f"1g_{direction}_growth_megabytes": round(max(grown.values()), 1),
        }
        told = ", ".join(f"{name} {size:.1f} MB" for name, size in grown.items())
        print(
            f"1 GiB {direction:5}{speeds['through']:6.0f} MB/s through, {speeds['straight']:.0f} straight; "
            f"growth: {told}",
            flush=True,
        )
    return result


async def upload(client: WireClient, route: Route) -> None:
    reply = await client.call("127.0.0.1", route.port, route.head(b"PUT"), body_from(large(), LARGE_BYTES))
    got = await reply.body.read(1 << 20)
    if got != str(LARGE_BYTES).encode():
        sys.exit(f"{route.name}: {reply.head.status} {got[:300]!r}")
    route.messages += 1


async def download(client: WireClient, route: Route) -> None:
    reply = await client.call("127.0.0.1", route.port, route.head(b"GET"), b"")
    size = 0
    async for part in reply.body:
        size += len(part)
    if size != LARGE_BYTES:
        sys.exit(f"{route.name}: {reply.head.status}, {size} bytes")
    route.messages += 1


def disk_milliseconds(folder: Path) -> float:
    """Return the median of a small write that reaches the disk."""
    taken = []
    with (folder / "disk").open("wb", buffering=0) as file:
        for _ in range(FSYNCS):
            file.write(bytes(4096))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def check_logs(stand: Stand, messages: int) -> None:
    """End without a ratio unless every message stands in both logs, request and response."""
    for name, folder in stand.folders.items():
        connection = sqlite3.connect(folder / "exchange.sqlite")
        for table in ("message_request", "message_response"):
            kept = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            if kept < messages:
                sys.exit(f"{name}: {kept} rows in {table} for {messages} messages")
        connection.close()


async def measure(stand: Stand, *, small: bool) -> tuple[dict[str, float], int]:
    """Make all calls, or those of 1 KiB; return the figures, and how many messages went through."""
    both = routes(stand)
    client = WireClient(WireBounds())
    try:
        for route in both:
            await until_answered(client, route)
        for _ in range(WARM_UP):
            await ask(client, both[1], b"x")
        result = {} if small else await large_bodies(client, stand, both)  # first, while the sites are small
        sizes = {"1k": SIZES["1k"]} if small else SIZES
        result |= await small_bodies(client, stand, both, sizes)
    finally:
        await client.close()
    return result, both[1].messages


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Messages through two sites beside the same calls straight.")
    parser.add_argument("--small", action="store_true", help="only the calls of 1 KiB")
    return parser.parse_args()


def main() -> None:
    """Start, measure, check and print."""
    small = options().small
    with tempfile.TemporaryDirectory(prefix="flagstone-bench-") as name:
        folder = Path(name)
        stand = start(folder)
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                result, messages = runner.run(measure(stand, small=small))
            result["disk_p50_ms"] = round(disk_milliseconds(folder), 2)
        finally:
            stop(stand)
        check_logs(stand, messages)
    growth = max((value for name, value in result.items() if "growth" in name), default=0.0)
    met = result["1k_c1_added_p50_ms"] < TARGET_ADDED_MS and growth < TARGET_GROWTH_MEGABYTES
    print(
        f"{messages:,} messages, all in both logs; a write reaches the disk in {result['disk_p50_ms']} ms\n"
        f"added at the median, 1 KiB, one caller: {result['1k_c1_added_p50_ms']} ms "
        f"(target {TARGET_ADDED_MS}); growth {growth} MB (target {TARGET_GROWTH_MEGABYTES})"
    )
    head = {"at": datetime.now(UTC).date().isoformat(), "messages": messages, "targets_met": met}
    print(json.dumps(head | result))
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
