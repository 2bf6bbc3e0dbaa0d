# SPDX-License-Identifier: EUPL-1.2
"""What is sealed for one record of the log opens for that record only."""

from __future__ import annotations

import pytest

from flagstone.app.sealing import FieldSealer
from flagstone.blocks.exchange.service.sealing import opened, sealed
from flagstone.platform.crypto.keys import generate_secret_key
from flagstone.platform.crypto.seal import SealBroken

PLACE = ("message_request", "exchange-1", "provider")


def test_it_opens_in_its_place_only() -> None:
    sealer = FieldSealer(generate_secret_key())
    box = sealed(sealer, PLACE, {"head": b"GET\r\n", "personal": True})
    assert b"GET" not in box
    assert opened(sealer, PLACE, box) == {"head": b"GET\r\n", "personal": True}
    for other in (
        ("message_request", "exchange-2", "provider"),
        ("message_request", "exchange-1", "consumer"),
        ("message_response", "exchange-1", "provider"),
    ):
        with pytest.raises(SealBroken):
            opened(sealer, other, box)
    with pytest.raises(SealBroken):
        opened(FieldSealer(generate_secret_key()), PLACE, box)
    with pytest.raises(SealBroken):
        opened(sealer, PLACE, box[:-1] + bytes([box[-1] ^ 1]))
