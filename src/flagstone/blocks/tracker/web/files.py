# SPDX-License-Identifier: EUPL-1.2
"""A person's usages as a file to keep, JSON or CSV: whole, with the totals and who did not answer."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from datetime import datetime

from flagstone.blocks.tracker.model.timeline import Told
from flagstone.blocks.tracker.model.wire import usage_on_wire
from flagstone.blocks.tracker.service.agencies import Answers, EveryAgency
from flagstone.kernel.clock import rfc3339
from flagstone.platform.http.language import Language

COLUMNS = (
    "row",
    "agency",
    "time",
    "action",
    "receiver",
    "receiver_name",
    "system",
    "register",
    "fields",
    "purpose",
    "legal_basis",
    "case",
    "message",
    "official",
    "own",
    "kind",
    "count",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_json(every: EveryAgency, answers: Answers, language: Language, now: datetime) -> bytes:
    """Return the file as JSON."""
    silent = {silence.agency.code: silence.outcome.value for silence in answers.silences}
    agencies = [
        {
            "code": agency.code,
            "name": language.localised(agency.name),
            "outcome": silent.get(agency.code, "answered"),
            "total": answers.totals.get(agency.code),
        }
        for agency in every.agencies.values()
    ]
    usages = [{"agency": one.agency, **usage_on_wire(one.usage)} for one in _ordered(answers)]
    made = {
        "made_at": rfc3339(now),
        "complete": not answers.silences and not answers.cut,
        "hidden": answers.hidden,
        "agencies": agencies,
        "usages": usages,
    }
    return json.dumps(made, ensure_ascii=False, indent=1).encode()


def as_csv(every: EveryAgency, answers: Answers) -> bytes:
    """Return the file as CSV (RFC 4180): rows of usages, then totals, hidden ones, and who gave no answer."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    for one in _ordered(answers):
        writer.writerow({name: _cell(value) for name, value in _row(one).items()})
    for code, total in answers.totals.items():
        writer.writerow({"row": "total", "agency": code, "count": total})
    writer.writerow({"row": "hidden", "count": answers.hidden})
    for silence in answers.silences:
        writer.writerow({"row": f"no answer ({silence.outcome.value})", "agency": silence.agency.code})
    for agency in answers.cut:
        writer.writerow({"row": "not whole", "agency": agency.code})
    assert set(answers.totals) <= set(every.agencies)
    return text.getvalue().encode("utf-8-sig")


def _ordered(answers: Answers) -> Iterable[Told]:
    return sorted(answers.told, key=lambda one: one.usage.logtime, reverse=True)


def _row(one: Told) -> dict[str, str]:
    usage = one.usage
    return {
        "row": "usage",
        "agency": one.agency,
        "time": rfc3339(usage.logtime),
        "action": usage.action,
        "receiver": usage.receiver_code,
        "receiver_name": usage.receiver_name,
        "system": usage.receiver_system,
        "register": usage.register,
        "fields": " ".join(usage.fields),
        "purpose": usage.purpose,
        "legal_basis": usage.legal_basis,
        "case": usage.case,
        "message": usage.message_id,
        "official": usage.official,
        "own": "yes" if usage.own else "no",
        "kind": usage.kind.value,
    }


def _cell(value: str) -> str:
    """Return a cell that no spreadsheet takes for a formula (CWE-1236)."""
    return f"'{value}" if value.startswith(FORMULA) else value
