# SPDX-License-Identifier: EUPL-1.2
"""Configurations to verify evidence by, without a site: a folder, or what an anchor leads to."""

from __future__ import annotations

import tempfile
from pathlib import Path

from flagstone.blocks.exchange.contract.globalconf import GlobalConfiguration
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationRefused
from flagstone.blocks.exchange.service.globalconf.anchors import read_anchor
from flagstone.blocks.exchange.service.globalconf.disk import bounded, read_folder
from flagstone.blocks.exchange.service.globalconf.downloading import Downloader
from flagstone.blocks.exchange.service.globalconf.following import ALL, Follower, Following
from flagstone.blocks.exchange.service.globalconf.keeping import Kept
from flagstone.kernel.clock import Clock
from flagstone.platform.http.public import PublicDocuments

ANCHOR_BYTES_MAX = 1024 * 1024


def in_folder(folder: Path) -> GlobalConfiguration:
    """Return the configuration of a folder, as a server keeps it or `/verificationconf` gives it.

    It may have expired: evidence is judged by the time that its time-stamp proves.
    """
    return read_folder(folder)


def by_anchor(file: Path, clock: Clock) -> GlobalConfiguration:
    """Download the configuration that an anchor leads to, with all federated ones; nothing of it is kept.

    Raises the faults of the anchor's reader, and ConfigurationRefused with the first reason.
    """
    anchor = read_anchor(bounded(file, ANCHOR_BYTES_MAX))
    with tempfile.TemporaryDirectory() as folder:
        downloader = Downloader(PublicDocuments(), clock)
        follower = Follower(
            Kept(Path(folder)), lambda: anchor, downloader, clock, following=Following(frozenset({ALL}))
        )
        own, *_ = follower.fetch()
        if not own.good:
            failed = own.verdict.failed
            raise ConfigurationRefused(
                f"{failed[0].subject}: {failed[0].detail}" if failed else anchor.instance
            )
        return follower.configuration()
