# SPDX-License-Identifier: EUPL-1.2
"""Publishing from registers: what the registry tells of a record becomes an event by a rule.

A load of many records publishes nothing. Each event is made from one revision of one record and one
rule, so that news that comes twice makes one event.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flagstone.blocks.exchange.contract.news import News
from flagstone.blocks.exchange.contract.news_plan import Cause, NewsPlan, PublishRule
from flagstone.blocks.exchange.model.news_rules import fits, needed, payload_of, touched_by
from flagstone.blocks.registry.contract.record import Query, Record
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.kernel.audit import Caller, Reason, job

PUBLISHER = Caller(job("publishing of events"))
CAUSES = {"RecordRegistered": Cause.REGISTERED, "RecordCorrected": Cause.CORRECTED}
"""The registry's news that may make events; `RecordsLoaded` is not among them."""


class RegisterNews:
    """Listens to the registry's outbox and publishes by the rules of a plan."""

    def __init__(self, news: News, registry: Registry, plan: NewsPlan) -> None:
        """Publish in `news` what `plan` says of records in `registry`."""
        self._news = news
        self._registry = registry
        self._rules = plan.rules
        self._types = {each.id: each for each in plan.types}

    def heard(self, name: str, payload: Mapping[str, Any]) -> int:
        """Take one piece of the registry's news; return how many events it made. May be repeated."""
        cause = CAUSES.get(name)
        if cause is None:
            return 0
        register, record_id, revision = payload["register"], payload["record_id"], payload["revision"]
        made = 0
        for place, rule in enumerate(self._rules):
            if touched_by(rule, register, cause, payload.get("fields", ())):
                record = self._record(rule, record_id, revision)
                if record is not None and fits(rule, record.data, record.recorded_at.date()):
                    source = f"{register}/{record_id}/{revision}/{rule.event}/{place}"
                    self._news.publish(PUBLISHER, rule.event, payload_of(rule, record.data), source=source)
                    made += 1
        return made

    def _record(self, rule: PublishRule, record_id: str, revision: int) -> Record | None:
        """Return the record as it was at `revision`, with what the rule looks at; the reading is recorded."""
        event_type = self._types[rule.event]
        reason = Reason(event_type.purpose or f"Publishing {rule.event.code}", event_type.legal_basis)
        asked = Query(filters={"id": record_id}, page_size=1, fields=needed(rule))
        page = self._registry.find(PUBLISHER, rule.register, asked, reason)
        if page.records and page.records[0].revision == revision:
            return page.records[0]
        past = self._registry.history(PUBLISHER, rule.register, record_id, reason)
        return next((each.record for each in past if each.record.revision == revision), None)
