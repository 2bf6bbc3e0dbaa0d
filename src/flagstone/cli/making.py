# SPDX-License-Identifier: EUPL-1.2
"""`new-country` and `new-block`: skeletons that pass every check from the first minute."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from flagstone import country
from flagstone.cli import new

MODEL = "aralia"
"""The country whose skeleton is copied."""


def new_country(
    name: Annotated[str, typer.Argument(help="Name of the package: lower-case letters and digits.")],
    folder: Annotated[Path, typer.Argument(help="Folder to put it in; it must not hold it yet.")],
) -> None:
    """Make the skeleton of a country package."""
    _tell(new.new_country(name, folder, like=country.load(MODEL).look.parent))


def new_block(
    name: Annotated[str, typer.Argument(help="A singular noun of the domain.")],
    root: Annotated[Path, typer.Option("--root", help="The folder of the project.")] = Path(),
) -> None:
    """Make the skeleton of a block in this project."""
    _tell(new.new_block(name, root))


def _tell(files: list[Path]) -> None:
    """Print the files that were made."""
    console = Console(highlight=False)
    for file in files:
        console.print(str(file), soft_wrap=True)
