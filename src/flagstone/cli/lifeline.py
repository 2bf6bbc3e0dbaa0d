# SPDX-License-Identifier: EUPL-1.2
"""Ends the sites with their supervisor, however that ended: by a pipe that it alone holds open."""

from __future__ import annotations

import os
import signal
import threading
import time

STOP_SECONDS_MAX = 20


class Lifeline:
    """A pipe on which nothing is ever said; it closes when the process that made it is gone."""

    def __init__(self) -> None:
        """Hold on to it until this process ends, be it killed."""
        self._reader, self._writer = os.pipe()

    def hang_on(self) -> None:
        """Stop this process in order when the maker is gone, and at once when it does not stop in time.

        For a process that the maker forked.
        """
        os.close(self._writer)
        threading.Thread(target=self._watch, name="lifeline", daemon=True).start()

    def _watch(self) -> None:
        os.read(self._reader, 1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_SECONDS_MAX)
        os.kill(os.getpid(), signal.SIGKILL)
