# SPDX-License-Identifier: EUPL-1.2
"""A sign-in between the two halves: what the browser keeps, sealed, while it is at the provider."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import timedelta

from flagstone.blocks.portal.contract import SignInOutdated
from flagstone.kernel.clock import Clock, parse_rfc3339, rfc3339
from flagstone.platform.crypto.keys import SecretKey
from flagstone.platform.crypto.seal import SealBroken, seal, unseal
from flagstone.platform.http.relying_party import Pending, Proven, RelyingParty

KEPT_FOR = timedelta(minutes=10)
KEPT_CHARACTERS_MAX = 4_000
RETURN_TO_CHARACTERS_MAX = 1_000
CONTEXT = ("portal", "sign-in")


class SigningIn:
    """Begins sign-ins and finishes those that the same browser began, within ten minutes."""

    def __init__(self, party: RelyingParty, key: SecretKey, clock: Clock) -> None:
        """Sign persons in through `party`; what a browser keeps is sealed by `key`."""
        self._party = party
        self._key = key
        self._clock = clock

    def begin(self, return_to: str, language: str) -> tuple[str, str]:
        """Return where to send the browser, and the text it must keep; `return_to` is a local path."""
        address, pending = self._party.begin(language)
        target = return_to if len(return_to) <= RETURN_TO_CHARACTERS_MAX else "/"
        parts = [pending.state, pending.nonce, pending.verifier, target, rfc3339(self._clock.now())]
        sealed = seal(self._key, json.dumps(parts).encode(), CONTEXT)
        return address, urlsafe_b64encode(sealed).decode().rstrip("=")

    def finish(self, kept: str, answer: Mapping[str, str]) -> tuple[Proven, str]:
        """Return who signed in and where she wanted to go; SignInOutdated when `kept` is not of this."""
        state, nonce, verifier, target, begun_at = self._opened(kept)
        if self._clock.now() - parse_rfc3339(begun_at) >= KEPT_FOR or answer.get("state") != state:
            raise SignInOutdated
        return self._party.finish(Pending(state, nonce, verifier), answer), target

    def _opened(self, kept: str) -> list[str]:
        """Return what was sealed; SignInOutdated when it is missing, cut or not ours."""
        if not kept or len(kept) > KEPT_CHARACTERS_MAX:
            raise SignInOutdated
        try:
            sealed = urlsafe_b64decode(kept + "=" * (-len(kept) % 4))
            parts: list[str] = json.loads(unseal((self._key,), sealed, CONTEXT))
        except (ValueError, SealBroken) as error:
            raise SignInOutdated from error
        return parts
