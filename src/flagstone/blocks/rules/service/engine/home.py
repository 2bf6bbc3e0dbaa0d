# SPDX-License-Identifier: EUPL-1.2
"""A law computes in its home, the folder that holds its package, and not where a process happens to begin.

Some laws ask for their files by names that hang on the working folder, and silently compute without them in
another one. At home such a law finds what it brought; `watched` tells that it is one.
"""

from __future__ import annotations

import builtins
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any

from flagstone.blocks.rules.service.engine.hooks import Target, replaced

_NAMED_MAX = 20
_ASKING = (
    Target(os, "stat"),
    Target(os, "listdir"),
    Target(os, "scandir"),
    Target(os, "getcwd"),
    Target(io, "open"),
    Target(builtins, "open"),
)


def home_of(package: str) -> Path | None:
    """Return the folder that holds a package; None for one that lies in no folder, as in an archive."""
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return None
    places = list(spec.submodule_search_locations or ()) if spec else []
    home = Path(places[0]).absolute().parent if places else None
    return home if home is not None and home.is_dir() else None


def go_home(package: str) -> None:
    """Make a package's home this process's working folder; where there is none, stay.

    What was to be imported from the folder left is imported from there still.
    """
    home = home_of(package)
    if home is not None:
        sys.path[:] = [str(Path(each).absolute()) for each in sys.path]
        os.chdir(home)


@contextmanager
def watched(packages: Sequence[str]) -> Iterator[list[str]]:
    """Note, while the packages' code is at work, which files it asks for by names that hang on the folder.

    Each name once, 20 at most, in the order in which they were asked for.
    """
    names: list[str] = []

    def noting(plain: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*given: Any, **more: Any) -> Any:
            name = _hanging(given[0]) if given else "."
            if name and name not in names and len(names) < _NAMED_MAX and _at_work(packages):
                names.append(name)
            return plain(*given, **more)

        return asked

    undo = replaced(*((each, noting(getattr(*each.place))) for each in _ASKING))
    try:
        yield names
    finally:
        undo()


def _hanging(path: Any) -> str:
    """Return a name that hangs on the working folder; empty for any other and for what is no name."""
    if not isinstance(path, str | bytes | os.PathLike):
        return ""
    name = os.fsdecode(path)
    return "" if name.startswith(os.sep) else name or "."


def _at_work(packages: Sequence[str]) -> bool:
    """Tell whether code of a package is under way."""
    folders = tuple(
        f"{folder}{os.sep}" for each in packages for folder in getattr(sys.modules.get(each), "__path__", ())
    )
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename.startswith(folders):
            return True
        frame = frame.f_back
    return False
