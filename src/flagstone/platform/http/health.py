# SPDX-License-Identifier: EUPL-1.2
"""Whether the process lives, whether it can serve, and its counts: for watchers, not for the public."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Mapping
from ipaddress import ip_address

from fastapi import Request
from starlette.responses import JSONResponse, Response

from flagstone.platform.http.metrics import CONTENT_TYPE, Meter
from flagstone.platform.http.principal import Forbidden, bearer_token
from flagstone.platform.http.routes import ANYONE, Routes

Check = Callable[[], None]
"""Raises when its part cannot serve; its message is not shown."""
CHECK_SECONDS_MAX = 2.0
NO_STORE = {"Cache-Control": "no-store"}


def health_routes(meter: Meter, checks: Mapping[str, Check], *, metrics_token: str = "") -> Routes:
    """Return `/health/live`, `/health/ready` and `/metrics`.

    Ready answers 200 or 503 with `{"status", "checks": {name: "ok" | "failed" | "slow"}}`. The counts are
    for loopback callers, or for those with `Authorization: Bearer METRICS_TOKEN` where one is set.
    """
    routes = Routes(tags=["health"])

    @routes.get("/health/live", access=ANYONE)
    async def live() -> Response:
        return JSONResponse({"status": "ok"}, headers=NO_STORE)

    @routes.get("/health/ready", access=ANYONE)
    async def ready() -> Response:
        names = list(checks)
        results = await asyncio.gather(*(_try(checks[name]) for name in names))
        good = all(result == "ok" for result in results)
        body = {"status": "ok" if good else "failed", "checks": dict(zip(names, results, strict=True))}
        return JSONResponse(body, 200 if good else 503, headers=NO_STORE)

    @routes.get("/metrics", access=ANYONE)
    async def metrics(request: Request) -> Response:
        if not may_see_counts(request, metrics_token):
            raise Forbidden
        return Response(meter.text(), headers={**NO_STORE, "Content-Type": CONTENT_TYPE})

    return routes


async def _try(check: Check) -> str:
    """Run `check` in a thread apart from the requests' own, for two seconds at most."""
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            await asyncio.to_thread(check)
    except TimeoutError:
        return "slow"
    except Exception:  # noqa: BLE001  any trouble of a part means that it cannot serve
        return "failed"
    return "ok"


def may_see_counts(request: Request, metrics_token: str) -> bool:
    """Tell whether the caller holds the token, or sits on this machine where none is set."""
    if metrics_token:
        return hmac.compare_digest((bearer_token(request) or "").encode(), metrics_token.encode())
    try:
        return ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return False
