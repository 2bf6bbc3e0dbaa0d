# SPDX-License-Identifier: EUPL-1.2
"""How fetches ended, kept as a file beside the configuration for the pages and commands that tell of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from flagstone.blocks.exchange.contract.globalconf import Fetched
from flagstone.kernel.clock import rfc3339
from flagstone.kernel.findings import Check, Finding, Outcome, Verdict
from flagstone.platform.crypto.keys import write_private

BYTES_MAX = 4 * 1024 * 1024
FINDINGS_MAX = 200


def as_mapping(fetched: Fetched) -> dict[str, Any]:
    """Return how a fetch ended as JSON."""
    return {
        "instance": fetched.instance,
        "tried_at": rfc3339(fetched.tried_at),
        "good": fetched.good,
        "url": fetched.url,
        "version": fetched.version,
        "fetched_at": rfc3339(fetched.fetched_at) if fetched.fetched_at else None,
        "expires_at": rfc3339(fetched.expires_at) if fetched.expires_at else None,
        "findings": findings_as_list(fetched.verdict),
    }


def findings_as_list(verdict: Verdict) -> list[dict[str, Any]]:
    """Return findings as JSON, each with the words of its check."""
    return [
        {
            "code": each.code,
            "outcome": each.outcome.value,
            "subject": each.subject,
            "detail": each.detail,
            "facts": dict(each.facts),
            "question": each.check.question,
            "remedy": each.check.remedy,
            "wire": each.check.wire,
        }
        for each in verdict.findings[:FINDINGS_MAX]
    ]


def write_records(file: Path, records: Sequence[Fetched]) -> None:
    """Keep how the last fetch of each instance ended."""
    write_private(file, json.dumps([as_mapping(each) for each in records]).encode(), replace=True)


def read_records(file: Path) -> tuple[Fetched, ...]:
    """Return what was kept; empty where there is nothing, or nothing that can be read."""
    try:
        with file.open("rb") as stream:
            return tuple(_record(each) for each in json.loads(stream.read(BYTES_MAX)))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ()


def _record(fields: Mapping[str, Any]) -> Fetched:
    """Return one record."""
    return Fetched(
        str(fields["instance"]),
        datetime.fromisoformat(fields["tried_at"]),
        Verdict(tuple(_finding(each) for each in fields["findings"])),
        str(fields["url"]),
        int(fields["version"]),
        _instant(fields["fetched_at"]),
        _instant(fields["expires_at"]),
    )


def _finding(fields: Mapping[str, Any]) -> Finding:
    """Return one finding, its check with the words that it had."""
    check = Check(str(fields["code"]), str(fields["question"]), str(fields["remedy"]), str(fields["wire"]))
    facts = {str(name): str(value) for name, value in fields["facts"].items()}
    return Finding(check, Outcome(fields["outcome"]), str(fields["subject"]), str(fields["detail"]), facts)


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
