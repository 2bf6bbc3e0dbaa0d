# SPDX-License-Identifier: EUPL-1.2
"""Whatever the documentation names is there: commands, targets of make, pages."""

from __future__ import annotations

import re

from tests.docs.terminal import DOCS, ROOT

COMMAND = re.compile(r"\bflagstone (?:--[a-z-]+ \S+ )*([a-z-]+(?: [a-z-]+){0,2})")
"""Up to three words of a command, without the options before it."""


def test_every_command_that_a_page_names_exists() -> None:
    known = set(
        re.findall(r"^## (flagstone .+)$", (DOCS / "reference" / "commands.md").read_text(), re.MULTILINE)
    )
    groups = {
        " ".join(words[:count]) for words in map(str.split, known) for count in range(1, len(words) + 1)
    }
    pages = [*ROOT.glob("*.md"), *DOCS.glob("**/*.md")]
    wrong = [
        f"{page.relative_to(ROOT)}: {found}"
        for page in pages
        if "_build" not in page.parts
        for found in COMMAND.findall(fenced(page.read_text()))
        if not named(f"flagstone {found}", known, groups)
    ]
    assert wrong == []


def fenced(text: str) -> str:
    """Return what stands between backticks, where commands are."""
    return "\n".join(re.findall(r"`+([^`]+)`+", text))


def named(words: str, commands: set[str], groups: set[str]) -> bool:
    """Tell whether `words` are a group of commands, or begin with a command."""
    parts = words.split()
    return words in groups or any(" ".join(parts[:count]) in commands for count in range(2, len(parts) + 1))


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    said = {
        target
        for page in [*ROOT.glob("*.md"), *DOCS.glob("**/*.md")]
        for target in re.findall(r"^\s*make ([a-z-]+)", fenced(page.read_text()), re.MULTILINE)
    }
    assert {target for target in said if target not in targets and not target.startswith("bench-")} == set()


def test_links_between_pages_lead_somewhere() -> None:
    pages = [
        *ROOT.glob("*.md"),
        *ROOT.glob("changelog.d/*.md"),
        *(ROOT / "src").rglob("*.md"),
        *DOCS.glob("**/*.md"),
    ]
    broken = [
        f"{page.relative_to(ROOT)} -> {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text())
        if "_build" not in page.parts and not (page.parent / target).exists()
    ]
    assert broken == []
