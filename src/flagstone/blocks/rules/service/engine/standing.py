# SPDX-License-Identifier: EUPL-1.2
"""What a worker has in memory: the law, also under the reforms that were lately asked for, and its API."""

from __future__ import annotations

from functools import cached_property

from flagstone.blocks.rules.contract.calculation import Bounds
from flagstone.blocks.rules.contract.engine import Terms
from flagstone.blocks.rules.service.engine.answering import Api
from flagstone.blocks.rules.service.engine.loading import Law
from flagstone.blocks.rules.service.engine.reforming import Reforms
from flagstone.blocks.rules.service.worker import Task


class Standing:
    """The law that a worker computes with."""

    def __init__(self, law: Law, task: Task) -> None:
        """Stand on `law`, within the bounds of `task`, with the reform classes that it admits."""
        self.law = law
        self.task = task
        self._reforms = Reforms(law, frozenset(task.admitted))

    @property
    def bounds(self) -> Bounds:
        """How much one situation may be."""
        return self.task.bounds

    def under(self, terms: Terms) -> Law:
        """Return the law under a reform and as it was known on a day; ReformInvalid."""
        return self._reforms.under(terms.reform, terms.known_at)

    @cached_property
    def api(self) -> Api:
        """OpenFisca's web API on the law as it is."""
        return Api(self.law, self.task.bounds, seconds_max=self.task.seconds_max)
