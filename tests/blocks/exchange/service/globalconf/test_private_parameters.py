# SPDX-License-Identifier: EUPL-1.2
"""Private parameters with anchors of federated instances and a management service."""

from __future__ import annotations

import pytest

from flagstone.blocks.exchange.contract.globalconf import (
    Anchor,
    AnchorSource,
    ManagementService,
    PrivateParameters,
)
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMalformed
from flagstone.blocks.exchange.contract.identifiers import ClientId
from flagstone.blocks.exchange.service.globalconf.private_parameters import read_private, write_private

WHO = ClientId("XA", "GOV", "1", "management")
FULL = PrivateParameters(
    "XA",
    ManagementService("https://cs:4001/managementservice/", WHO, b"\x00certificate"),
    60,
    (Anchor("XB", (AnchorSource("https://b.test/externalconf", (b"one", b"two")),)),),
)


def test_what_is_written_is_read() -> None:
    assert read_private(write_private(FULL)) == FULL


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b">60<", b">soon<"),
        (b'objectType="SUBSYSTEM"', b'objectType="SERVER"'),
        (b"<ns2:memberCode>1</ns2:memberCode>", b""),
        (b"<instanceIdentifier>XA</instanceIdentifier>", b""),
        (b"https://b.test/externalconf", b"b.test"),
    ],
)
def test_what_is_missing_or_wrong_is_refused(before: bytes, after: bytes) -> None:
    text = write_private(FULL)
    assert before in text
    with pytest.raises(ConfigurationMalformed):
        read_private(text.replace(before, after))
