# SPDX-License-Identifier: EUPL-1.2
"""What was computed, chunk by chunk, so that nothing is computed twice, counted twice or lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

_DIGEST_BYTES = 32
_SUFFIX = ".chunk"


class Checkpoints:
    """The chunks of one run in a folder, by number; each is there whole or not at all."""

    def __init__(self, folder: Path) -> None:
        """Keep chunks in `folder`, which is made when it is not there; parts of files are swept away."""
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for part in folder.glob("*.part"):
            part.unlink(missing_ok=True)

    def get(self, number: int) -> bytes | None:
        """Return a chunk; None when it is not there or not as it was kept."""
        try:
            whole = self._path(number).read_bytes()
        except OSError:
            return None
        content = whole[_DIGEST_BYTES:]
        return content if sha256(content).digest() == whole[:_DIGEST_BYTES] else None

    def put(self, number: int, content: bytes) -> None:
        """Keep a chunk; once this returns it survives a crash. OSError when the disk refuses."""
        part = self._path(number).with_suffix(".part")
        with part.open("wb") as file:
            file.write(sha256(content).digest() + content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._path(number))

    def missing(self, count: int) -> list[int]:
        """Return which of `count` chunks are not there, or broken."""
        return [number for number in range(count) if self.get(number) is None]

    def all(self, count: int) -> Iterator[bytes]:
        """Yield the chunks in order; LookupError names one that is not there."""
        for number in range(count):
            content = self.get(number)
            if content is None:
                raise LookupError(f"chunk {number} is not there")
            yield content

    def clear(self) -> None:
        """Forget all of them."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self.folder)
        self.folder.mkdir(mode=0o700, parents=True)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06}{_SUFFIX}"
