# SPDX-License-Identifier: EUPL-1.2
"""Join the fragments of changelog.d into CHANGELOG.md under a new version and remove them."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("added", "changed", "fixed", "removed", "security")


def section(version: str, day: str, fragments: list[Path]) -> str:
    """Return the text of one version; ValueError for a fragment whose name has no kind."""
    lines = [f"## {version}, {day}", ""]
    by_kind: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for fragment in fragments:
        kind = fragment.name.removesuffix(".md").rpartition(".")[2]
        if kind not in by_kind:
            raise ValueError(f"{fragment.name}: name it TOPIC.KIND.md, KIND one of {', '.join(KINDS)}")
        by_kind[kind].append(" ".join(fragment.read_text().split()))
    for kind, texts in by_kind.items():
        if texts:
            lines += [f"### {kind.capitalize()}", "", *(f"- {text}" for text in texts), ""]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Write the section for the version named; return 1 with words when it cannot be done."""
    version = arguments[0] if arguments else ""
    fragments = sorted(path for path in (ROOT / "changelog.d").glob("*.md") if path.name != "README.md")
    if not re.fullmatch(r"\d+\.\d+\.\d+", version) or not fragments:
        print("usage: make changelog VERSION=1.2.3, with fragments in changelog.d", file=sys.stderr)
        return 1
    changelog = ROOT / "CHANGELOG.md"
    head, mark, older = changelog.read_text().partition("\n## ")
    day = datetime.now(UTC).date().isoformat()
    try:
        new = section(version, day, fragments)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    changelog.write_text(head.rstrip() + "\n\n" + new + mark + older)
    for fragment in fragments:
        fragment.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
