# SPDX-License-Identifier: EUPL-1.2
"""Each sub-command is loaded when it is asked for, and starts without what it does not need."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from flagstone.cli.commands import PLACES, Commands, Shelf
from flagstone.cli.main import app

HEAVY = ("fastapi", "sqlalchemy", "numpy", "openfisca_core")
"""What takes long to load, and is of no use to a command that serves no site."""

ASK = """
import sys
from flagstone.cli.main import main
try:
    main(sys.argv[2:])
except SystemExit:
    pass
print(*(name for name in sys.argv[1].split() if name in sys.modules))
"""


def loaded(*arguments: str) -> str:
    """Return which heavy libraries a command line has loaded."""
    command = [sys.executable, "-c", ASK, " ".join(HEAVY), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]


def test_every_place_holds_a_command_of_its_name() -> None:
    shelf = Shelf()
    assert {name: shelf[name].name for name in PLACES} == {name: name for name in PLACES}
    assert all(shelf[name].help for name in PLACES)


def test_the_list_is_known_before_anything_is_loaded() -> None:
    group = get_command(app)
    assert isinstance(group, Commands)
    assert list(group.commands) == list(PLACES)
    assert len(group.commands) == len(PLACES)


def test_a_command_that_is_none_is_refused_with_the_nearest() -> None:
    told = CliRunner().invoke(app, ["serv"])
    assert told.exit_code == 2
    assert "Did you mean 'serve'" in told.output


@pytest.mark.parametrize("arguments", [("--version",), ("rules", "serve", "--help")])
def test_a_command_without_a_site_starts_light(arguments: tuple[str, ...]) -> None:
    assert loaded(*arguments) == ""


def test_a_command_that_looks_into_a_site_loads_what_a_site_needs() -> None:
    assert "sqlalchemy" in loaded("registry", "--help")


def test_loading_leaves_the_collection_as_it_was() -> None:
    Shelf()["check"]
    assert gc.isenabled()
    gc.disable()
    try:
        Shelf()["check"]
        assert not gc.isenabled()
    finally:
        gc.enable()
