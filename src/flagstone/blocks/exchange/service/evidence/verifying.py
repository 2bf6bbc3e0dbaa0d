# SPDX-License-Identifier: EUPL-1.2
"""Verifies containers and archives by one global configuration; keeps `contract.evidence.Verifier`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from flagstone.blocks.exchange.contract.evidence import NamedFile, Report
from flagstone.blocks.exchange.contract.globalconf import GlobalConfiguration
from flagstone.blocks.exchange.model.linking import archive_group
from flagstone.blocks.exchange.service.evidence.archives import (
    Archive,
    is_archive,
    verify_archive,
    verify_follows,
)
from flagstone.blocks.exchange.service.evidence.containers import Containers, Verified, answered
from flagstone.blocks.exchange.service.evidence.trusting import Trust
from flagstone.platform.crypto.zip_read import ARCHIVE, ZipFile, ZipRefused


class Verifier:
    """Verifies by `configuration`; what has no time-stamp is judged by the time `at`."""

    def __init__(self, configuration: GlobalConfiguration, at: datetime) -> None:
        """Prepare the trust of `configuration`."""
        self._containers = Containers(Trust(configuration), at)

    def verify(self, files: Sequence[NamedFile]) -> tuple[Report, ...]:
        """See `contract.evidence.Verifier`; each group's archives follow each other in the order given.

        Responses are compared with requests among all files.
        """
        opened = [self._opened(each) for each in files]
        groups: dict[str, list[Archive]] = {}
        for each in opened:
            if isinstance(each, Archive):
                groups.setdefault(archive_group(each.file), []).append(each)
        for archives in groups.values():
            for before, archive in pairwise(archives):
                verify_follows(archive, before)
        requests = _requests(opened)
        return tuple(_report(each, requests) for each in opened)

    def _opened(self, file: NamedFile) -> Archive | Verified:
        try:
            names = ZipFile(file.content, ARCHIVE).names
        except ZipRefused:
            names = ()
        if is_archive(names):
            return verify_archive(file.name, file.content, self._containers)
        return self._containers.verify(file.name, file.content)


def _inside(opened: Iterable[Archive | Verified]) -> Iterator[Verified]:
    for each in opened:
        if isinstance(each, Archive):
            yield from each.inside
        else:
            yield each


def _requests(opened: Iterable[Archive | Verified]) -> dict[tuple[str, str, str], Verified]:
    """Return the requests by what their responses share with them; equal ones give all their hashes."""
    found: dict[tuple[str, str, str], Verified] = {}
    for each in _inside(opened):
        if each.hashes and each.exchange in found:
            known = found[each.exchange]
            found[each.exchange] = replace(known, hashes=(*known.hashes, *each.hashes))
        elif each.hashes:
            found[each.exchange] = each
    return found


def _report(opened: Archive | Verified, requests: dict[tuple[str, str, str], Verified]) -> Report:
    if isinstance(opened, Archive):
        inside = tuple(_compared(each, requests).report for each in opened.inside)
        return Report(opened.file, opened.kind, opened.findings.verdict, inside=inside)
    return _compared(opened, requests).report


def _compared(verified: Verified, requests: dict[tuple[str, str, str], Verified]) -> Verified:
    """Return a response compared with its request, where that is among the files."""
    if verified.logged is None or not verified.logged.is_response:
        return verified
    request = requests.get(verified.exchange)
    return answered(verified, request) if request is not None else verified
