# SPDX-License-Identifier: EUPL-1.2
"""A signed decision as a file to keep: whoever has it can verify it without us.

`jws` is a compact JWS (RFC 7515 section 7.1) whose payload is the record itself, byte for byte; any library
verifies it with the key in `keys` that its header names. `record` says the same to be read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from flagstone.blocks.rules.contract.decision import SignedDecision
from flagstone.platform.crypto.detached import attached


def signed_on_wire(signed: SignedDecision, keys: Sequence[Mapping[str, object]]) -> dict[str, Any]:
    """Return a signed decision with the keys that verify it (RFC 7517 section 5), as JSON."""
    return {
        "number": signed.decision.number,
        "digest": signed.digest,
        "jws": attached(signed.jws, signed.content),
        "keys": {"keys": [dict(each) for each in keys]},
        "record": json.loads(signed.content),
    }


def record_file(signed: SignedDecision, keys: Sequence[Mapping[str, object]]) -> Response:
    """Return the answer that downloads a signed decision."""
    body = json.dumps(signed_on_wire(signed, keys), ensure_ascii=False, indent=1).encode()
    headers = {
        "Content-Disposition": f'attachment; filename="decision-{signed.decision.number}.json"',
        "Cache-Control": "no-store",
    }
    return Response(body, media_type="application/json", headers=headers)
