# SPDX-License-Identifier: EUPL-1.2
"""What is brought onto the exchange in these tests, and where its door is."""

from __future__ import annotations

from http.server import HTTPServer

from tests.blocks.exchange.service.exchanges import (
    TAX,
)

from flagstone.blocks.exchange.contract.onboarding import (
    Columns,
    Offering,
)
from flagstone.blocks.exchange.contract.service import (
    Purpose,
)
from flagstone.blocks.exchange.model.names import service_named

BOATS = service_named("XA/GOV/10000001/registry/boats")
OFFERING = Offering(BOATS, {"en": "Boats"}, (TAX,), Purpose("Taxing boats", "Tax Act § 9"))
CSV = b"Reg. No,Owner code,Length\nB-1,60001019906,7\nB-2,37001019906,9\n"
SHOWN = Columns(frozenset({"length"}), key="reg_no", person="owner_code")


def address(server: HTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"
