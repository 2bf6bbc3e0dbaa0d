# SPDX-License-Identifier: EUPL-1.2
"""Circuit breakers: who fails again and again is left alone for a while, and then tried with one message.

Times are seconds of any clock that only grows.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

from flagstone.blocks.exchange.contract.status import Breaker

Key = TypeVar("Key")


@dataclass(slots=True)
class Circuit:
    """How one party did: failures in a row, until when it is left alone, and whether it is being tried."""

    failures: int = 0
    opened: int = 0
    until: float = 0.0
    tried: bool = False


class Breakers(Generic[Key]):
    """One circuit for each party that failed lately; at most `circuits_max`, the longest unchanged go first.

    A circuit opens after `failures_max` failures in a row, for `seconds`, and twice as long each time that
    the one message of the half-open circuit fails too, up to `seconds_max`.
    """

    def __init__(
        self,
        *,
        failures_max: int = 5,
        seconds: float = 2.0,
        seconds_max: float = 30.0,
        circuits_max: int = 1000,
    ) -> None:
        self._failures_max = failures_max
        self._seconds = seconds
        self._seconds_max = seconds_max
        self._circuits_max = circuits_max
        self._circuits: OrderedDict[Key, Circuit] = OrderedDict()

    def admits(self, key: Key, now: float) -> bool:
        """Tell whether a message may go to `key`; with True of an open circuit that message is its trial.

        Who was admitted must say `succeeded`, `failed` or `left`.
        """
        circuit = self._circuits.get(key)
        if circuit is None or circuit.failures < self._failures_max:
            return True
        if circuit.tried or now < circuit.until:
            return False
        circuit.tried = True
        return True

    def succeeded(self, key: Key) -> None:
        """Note that `key` answered; its circuit is closed."""
        if self._circuits:
            self._circuits.pop(key, None)

    def failed(self, key: Key, now: float) -> None:
        """Note that `key` did not answer, or not sensibly."""
        circuit = self._circuits.setdefault(key, Circuit())
        self._circuits.move_to_end(key)
        circuit.failures += 1
        if circuit.failures == self._failures_max or circuit.tried:
            circuit.until = now + min(self._seconds * 2**circuit.opened, self._seconds_max)
            circuit.opened = min(circuit.opened + 1, 16)
        circuit.tried = False
        if len(self._circuits) > self._circuits_max:
            self._circuits.popitem(last=False)

    def left(self, key: Key) -> None:
        """Note that a message was given up without a verdict on `key`, as when its sender left."""
        circuit = self._circuits.get(key)
        if circuit is not None:
            circuit.tried = False

    def state(self, key: Key, now: float) -> Breaker:
        """Return how the circuit of `key` stands."""
        circuit = self._circuits.get(key)
        if circuit is None or circuit.failures < self._failures_max:
            return Breaker.CLOSED
        return Breaker.HALF_OPEN if circuit.tried or now >= circuit.until else Breaker.OPEN

    def not_closed(self, now: float) -> dict[Key, Breaker]:
        """Return the circuits that are open or half-open."""
        states = {key: self.state(key, now) for key in list(self._circuits)}
        return {key: state for key, state in states.items() if state is not Breaker.CLOSED}
