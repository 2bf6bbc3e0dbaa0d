# SPDX-License-Identifier: EUPL-1.2
"""Whether a Dask cluster can be asked, before anything is put in its queue."""

from __future__ import annotations

import socket
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urlsplit

from flagstone.kernel.errors import Flaw
from flagstone.platform.http.language import marked

_ = marked
PLACE = "/executor"
SECONDS_MAX = 10.0


def flaws_of_cluster(address: str) -> tuple[Flaw, ...]:
    """Return why simulations cannot be computed on the cluster of a scheduler, nothing when they can."""
    try:
        version("distributed")
    except PackageNotFoundError:
        return (Flaw(PLACE, _("Dask is not installed at this site: install flagstone[dask].")),)
    where = urlsplit(address)
    try:
        socket.create_connection((where.hostname or "", where.port or 0), SECONDS_MAX).close()
    except OSError:
        return (Flaw(PLACE, _("The site's cluster does not answer.")),)
    return ()
