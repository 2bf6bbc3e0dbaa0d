# SPDX-License-Identifier: EUPL-1.2
"""Bring every message of pages, code and faults into the catalogues: `python scripts/messages.py`.

New messages are added without a translation, and those no longer used are dropped; then it names each
message that lacks one. The tests use `wanted` and `missing` to refuse an incomplete catalogue.
"""

from __future__ import annotations

import ast
import io
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

SOURCE = Path(__file__).resolve().parent.parent / "src" / "flagstone"
PLATFORM = SOURCE / "platform" / "http"
LANGUAGES = ("et", "ar")
FAULT_TEXTS = ("title", "remedy")

MessageId = str | tuple[str, str]


@cache
def wanted() -> dict[Path, set[MessageId]]:
    """Return the messages that each folder of catalogues must hold; a pair is singular and plural."""
    found: dict[Path, set[MessageId]] = defaultdict(set)
    for path in sorted(SOURCE.rglob("*.html")):
        found[locale_of(path)].update(_marked(path, "jinja2.ext:babel_extract"))
    for path in sorted(SOURCE.rglob("*.py")):
        found[locale_of(path)].update(_marked(path, "python"))
        found[locale_of(path)].update(_fault_texts(path))
    shared = found[PLATFORM / "locale"]
    return {
        folder: messages if messages is shared else messages - shared
        for folder, messages in found.items()
        if messages
    }


def locale_of(path: Path) -> Path:
    """Return the folder of catalogues that a source file's messages belong to."""
    parts = path.relative_to(SOURCE).parts
    return SOURCE / "blocks" / parts[1] / "locale" if parts[0] == "blocks" else PLATFORM / "locale"


def _marked(path: Path, method: str) -> Iterator[MessageId]:
    keywords = {"_": None, "gettext": None, "marked": None, "ngettext": (1, 2), "filled": (2,)}
    options = {"silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}
    with path.open("rb") as lines:
        for _, message, _, _ in extract(method, lines, keywords, options=options):
            yield message if isinstance(message, str) else (message[0], message[1])


def _fault_texts(path: Path) -> Iterator[str]:
    """Yield title and remedy of each class that has a stable `code` beside them."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ClassDef):
            texts = dict(_class_texts(node))
            if "code" in texts:
                yield from (texts[name] for name in FAULT_TEXTS if name in texts)


def _class_texts(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for statement in node.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        target = statement.target if isinstance(statement, ast.AnnAssign) else next(iter(targets), None)
        value = getattr(statement, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield target.id, value.value


def read(folder: Path, language: str) -> Catalog:
    """Return the catalogue of `language` kept in `folder`, empty when there is none."""
    path = file_of(folder, language)
    if not path.is_file():
        return Catalog(locale=language)
    with path.open("rb") as lines:
        return read_po(lines, locale=language, abort_invalid=True)


def file_of(folder: Path, language: str) -> Path:
    """Return the path of a catalogue."""
    return folder / language / "LC_MESSAGES" / "messages.po"


def is_translated(message: Message | None) -> bool:
    """Tell whether a message has a text in every plural form and was not marked as doubtful."""
    if message is None or message.fuzzy:
        return False
    texts = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return bool(texts) and all(texts)


def missing(language: str) -> dict[Path, list[MessageId]]:
    """Return the messages without a translation, by folder of catalogues; empty when all is complete."""
    lacking = {}
    for folder, messages in wanted().items():
        catalogue = read(folder, language)
        absent = sorted(
            (message for message in messages if not is_translated(catalogue.get(message))), key=str
        )
        if absent:
            lacking[folder] = absent
    return lacking


def bring_up_to_date(folder: Path, language: str, messages: set[MessageId]) -> None:
    """Rewrite one catalogue with exactly `messages`, keeping their translations."""
    known, fresh = read(folder, language), Catalog(locale=language, fuzzy=False)
    for message in sorted(messages, key=str):
        kept = known.get(message)
        fresh.add(message, kept.string if kept is not None else "")
    body = io.BytesIO()
    write_po(body, fresh, width=110, omit_header=True)
    header = (
        f'# SPDX-License-Identifier: EUPL-1.2\nmsgid ""\nmsgstr ""\n"Language: {language}\\n"\n'
        f'"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {fresh.plural_forms}\\n"\n\n'
    )
    path = file_of(folder, language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(header + body.getvalue().decode().strip() + "\n", encoding="utf-8")


def main() -> int:
    """Update every catalogue, print what still lacks a translation, and return the exit code."""
    for folder, messages in wanted().items():
        for language in LANGUAGES:
            bring_up_to_date(folder, language, messages)
    lacking = {language: missing(language) for language in LANGUAGES}
    for language, folders in lacking.items():
        for folder, absent in folders.items():
            for message in absent:
                print(f"{language} {folder.relative_to(SOURCE)}: {message}")
    return 1 if any(lacking.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
