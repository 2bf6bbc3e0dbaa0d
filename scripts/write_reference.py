# SPDX-License-Identifier: EUPL-1.2
"""Write docs/reference and the map in ARCHITECTURE.md from the code; with --check only compare."""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import grimp
import typer

import flagstone
from flagstone import country
from flagstone.app import seeding
from flagstone.app.faces import web_application
from flagstone.app.portal import portal
from flagstone.app.site import claimed
from flagstone.app.work import durable_work
from flagstone.cli.main import app
from flagstone.kernel.clock import SystemClock
from flagstone.kernel.errors import Fault
from flagstone.kernel.findings import Check
from flagstone.platform.crypto.keys import write_private
from flagstone.platform.http.routes import Declared, declared_access
from flagstone.settings.options import Settings
from flagstone.settings.reading import load

ROOT = Path(__file__).resolve().parents[1]
MAP = re.compile(r"(<!-- map: .*? -->\n).*?(<!-- end of map -->)", re.DOTALL)
STATUS = {
    "invalid": 400, "unauthenticated": 401, "forbidden": 403, "missing": 404, "conflict": 409,
    "too-large": 413, "too-many": 429, "unavailable": 503, "internal": 500,
}  # fmt: skip


def modules() -> Iterator[object]:
    """Import and yield every module of the package but the migrations."""
    for found in pkgutil.walk_packages(flagstone.__path__, "flagstone."):
        if "migrations" not in found.name and not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def errors() -> str:
    """Return the page of error codes; ValueError when two faults share one."""
    list(modules())
    rows: dict[str, type[Fault]] = {}
    for fault in sorted(descendants(Fault), key=lambda kind: (kind.code, kind.__qualname__)):
        if not fault.__module__.startswith("flagstone.") or "code" not in vars(fault):
            continue
        if fault.code in rows:
            raise ValueError(f"{fault.code} is the code of {rows[fault.code].__name__} and {fault.__name__}")
        rows[fault.code] = fault
    lines = [
        "# Error codes",
        "",
        "Every error that a caller may see carries one of these codes, as the last part of the `type` of an",
        "RFC 9457 problem or on the error page. A code never changes its meaning.",
        "",
    ]
    for block in dict.fromkeys(code.split(".")[0] for code in rows):
        lines += [f"## {block}", "", "| code | status | what happened | what to do |", "|---|---|---|---|"]
        for code, fault in rows.items():
            if code.split(".")[0] == block:
                status = STATUS[fault.kind.value]
                lines.append(f"| `{code}` | {status} | {cell(fault.title)} | {cell(fault.remedy)} |")
        lines.append("")
    return page(lines)


def descendants(kind: type[Fault]) -> Iterator[type[Fault]]:
    """Yield `kind` and all that inherit from it, each once."""
    yield kind
    for child in dict.fromkeys(kind.__subclasses__()):
        yield from descendants(child)


def settings() -> str:
    """Return the page of settings."""
    lines = [
        "# Settings",
        "",
        "Each option is read once: from the TOML file that `--settings` names, then from the environment,",
        "then from the command line; the later wins. `flagstone check` prints each option's effective value",
        "and source. A secret is never a value here, only the path of the file that holds it.",
    ]
    section = None
    for option in load(None, {}).options():
        head = option.name.rpartition(".")[0] or "site"
        if head != section:
            section = head
            lines += ["", f"## {head}", "", "| option | variable | default | meaning |", "|---|---|---|---|"]
        lines.append(
            f"| `{option.name}` | `{option.variable}` | {default(option.default)} | {cell(option.words)} |"
        )
    return page(lines)


def default(value: object) -> str:
    """Return a default as the settings page shows it."""
    if value in (None, "", ()):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def events() -> str:
    """Return the page of events: the frozen dataclasses of contracts whose docstring begins with `Event:`."""
    lines = [
        "# Events",
        "",
        "An event is news that one block gives to the others, stored in the same transaction as the change",
        "it tells of and delivered at least once. Who listens is wired in `app`.",
        "",
    ]
    for module in modules():
        name = getattr(module, "__name__", "")
        if ".contract" not in name:
            continue
        found: list[Any] = [
            kind for _, kind in inspect.getmembers(module, inspect.isclass) if is_event(kind, name)
        ]
        if not found:
            continue
        lines += [f"## {name.split('.')[2]}", "", "| event | carries | when |", "|---|---|---|"]
        for kind in found:
            carries = ", ".join(f"`{each.name}`" for each in fields(kind))
            when = " ".join((inspect.getdoc(kind) or "").removeprefix("Event:").split())
            lines.append(f"| `{kind.__name__}` | {carries} | {cell(when)} |")
        lines.append("")
    return page(lines)


def is_event(kind: type, module: str) -> bool:
    """Tell whether a class of the contract `module` is an event of its own."""
    said = (inspect.getdoc(kind) or "").startswith("Event:")
    return said and kind.__module__ == module and is_dataclass(kind)


def commands() -> str:
    """Return the page of commands, from the command's own help."""
    root = typer.main.get_command(app)
    lines = ["# Commands", "", "`flagstone COMMAND --help` says the same on the terminal.", ""]
    for path, command in walk("flagstone", root):
        summary, _, rest = inspect.cleandoc(command.help or "").partition("\n\n")
        lines += [f"## {path}", "", " ".join(summary.split()), ""]
        if rest:
            lines += [inspect.cleandoc(rest), ""]
        parameters = [p for p in command.params if p.name != "help" and not getattr(p, "hidden", False)]
        if parameters:
            lines += ["| option | default | meaning |", "|---|---|---|"]
            lines += [parameter_row(parameter) for parameter in parameters]
            lines.append("")
    return page(lines)


def trust_reasons() -> str:
    """Return the page of all that is checked before something is trusted; ValueError for two of one code."""
    rows: dict[str, tuple[Check, str]] = {}
    for module in modules():
        for check in (value for value in vars(module).values() if isinstance(value, Check)):
            name = str(getattr(module, "__name__", ""))
            known, place = rows.get(check.code, (check, name))
            if known != check:
                raise ValueError(f"{check.code} is the code of two checks, in {place} and {name}")
            rows[check.code] = (check, place)
    lines = [
        "# Reasons of trust",
        "",
        "Each decision to trust a signature, a certificate, a time-stamp, a container or a configuration is",
        "a list of these checks. A code never changes its meaning; `wire` is the fault code that X-Road 7.8",
        "gives for the same trouble, where there is one. [How it is verified](../explanation/evidence.md).",
        "",
    ]
    for area in sorted({code.split(".")[0] for code in rows}):
        lines += [
            f"## {area}",
            "",
            "| code | question | what to do when it fails | wire |",
            "|---|---|---|---|",
        ]
        for code, (check, _) in sorted(rows.items()):
            if code.split(".")[0] == area:
                wire = f"`{check.wire}`" if check.wire else ""
                lines.append(f"| `{code}` | {cell(check.question)} | {cell(check.remedy)} | {wire} |")
        lines.append("")
    return page(lines)


def walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Yield every command below `command` that does something, with the words that call it."""
    below = getattr(command, "commands", None)
    if below is None:
        yield path, command
        return
    for name, child in sorted(below.items()):
        if not child.hidden:
            yield from walk(f"{path} {name}", child)


def parameter_row(parameter: Any) -> str:
    """Return the table row of one option or argument."""
    if parameter.param_type_name == "argument":
        name = (parameter.metavar or parameter.name).upper()
    else:
        name = ", ".join([*parameter.opts, *parameter.secondary_opts])
    given = parameter.default
    shown = "needed" if parameter.required else default(None if callable(given) else given)
    return f"| `{name}` | {shown} | {cell(getattr(parameter, 'help', None) or '')} |"


def routes() -> str:
    """Return the page of routes with who may call each, from an app built as `flagstone up` builds it."""
    lines = [
        "# Routes",
        "",
        "Every way in, and who may call it. `signed-in` is whoever has a session or a good bearer token,",
        "`role` names the roles of which one is needed, `client` is a machine with a bearer token.",
        "",
        "| method | path | who |",
        "|---|---|---|",
    ]
    lines += [f"| {way.method} | `{way.path}` | {way.access} |" for way in ways_in()]
    return page(lines)


def ways_in() -> list[Declared]:
    """Return every route of any of Aralia's sites, opened empty in a folder that is thrown away."""
    aralia = country.load(Settings().country)
    with tempfile.TemporaryDirectory() as folder:
        found = {
            (way.path, way.method): way
            for plan in aralia.plans()
            for way in ways_into(replace(Settings(), data=Path(folder), site=plan.code), aralia)
        }
    return [found[key] for key in sorted(found)]


def ways_into(settings: Settings, aralia: country.Country) -> list[Declared]:
    """Return every route of one site."""
    clock = SystemClock()
    with claimed(settings, aralia, clock) as site:
        write_private(site.folder.path / seeding.TEST_PERSONS, b"[]")
        front = portal(site, clock)
        work = durable_work(site, front.sessions, clock)
        return declared_access(web_application(site, front, work, clock))


def architecture() -> str:
    """Return ARCHITECTURE.md with its map drawn anew from the import graph."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    return MAP.sub(lambda found: found[1] + drawn_map() + found[2], text)


def drawn_map() -> str:
    """Return each room, what it is for, and which rooms it imports."""
    graph = grimp.build_graph("flagstone")
    rooms = sorted({room(module) for module in graph.modules} - {""}, key=storey)
    lines = ["", "| room | what it is for | stands on |", "|---|---|---|"]
    for name in rooms:
        inside = [module for module in graph.modules if room(module) == name]
        below = {
            room(found) for module in inside for found in graph.find_modules_directly_imported_by(module)
        }
        stands = ", ".join(f"`{other}`" for other in sorted(below - {name, ""}, key=storey))
        lines.append(f"| `{name}` | {cell(sentence(name))} | {stands or 'nothing'} |")
    return "\n".join([*lines, "", ""])


def room(module: str) -> str:
    """Return the room on the map that holds `module`: a block, a part of the platform, or a top module."""
    parts = module.split(".")[1:]
    if not parts or parts in (["blocks"], ["platform"]) or parts == ["__main__"]:
        return ""
    return ".".join(parts[:2] if parts[0] in {"blocks", "platform"} else parts[:1])


def storey(name: str) -> tuple[int, str]:
    """Return the place of a room in the order of storeys, the highest first."""
    order = ("cli", "app", "country", "settings", "blocks", "platform", "kernel")
    return order.index(name.split(".", maxsplit=1)[0]), name


def sentence(name: str) -> str:
    """Return the first sentence of the room's docstring."""
    words = inspect.getdoc(importlib.import_module(f"flagstone.{name}")) or ""
    return " ".join(words.split("\n\n")[0].split())


def cell(text: str) -> str:
    """Return `text` as it may stand in a table."""
    return " ".join(text.split()).replace("|", "\\|")


def page(lines: list[str]) -> str:
    """Return the lines as one page that says where it comes from."""
    notice = "% Written by scripts/write_reference.py from the code; `make reference` writes it again."
    return "\n".join([lines[0], "", notice, *lines[1:]]).rstrip() + "\n"


def pages() -> dict[Path, str]:
    """Return every generated file and its text."""
    folder = ROOT / "docs" / "reference"
    made = {
        folder / f"{maker.__name__.replace('_', '-')}.md": maker()
        for maker in (errors, settings, events, commands, routes, trust_reasons)
    }
    return {**made, ROOT / "ARCHITECTURE.md": architecture()}


def main(arguments: list[str]) -> int:
    """Write the files, or with --check return 1 and show what differs."""
    stale = {path: text for path, text in pages().items() if not path.is_file() or path.read_text() != text}
    for path, text in stale.items():
        name = path.relative_to(ROOT).as_posix()
        if "--check" in arguments:
            old = path.read_text() if path.is_file() else ""
            changes = difflib.unified_diff(
                old.splitlines(), text.splitlines(), name, "from the code", n=0, lineterm=""
            )
            print("\n".join(list(changes)[:40]))
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(name)
    if stale and "--check" in arguments:
        print("Stale: run `make reference` and commit what it writes.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
