# SPDX-License-Identifier: EUPL-1.2
"""The registry's commands: publish a file, import with a report, export and import again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer
import yaml
from tests.contracts.registers import CHECKS, PLACES, SITE, WHY
from tests.contracts.sealer import ToySealer
from typer.testing import CliRunner

from flagstone.blocks.registry.cli import commands
from flagstone.blocks.registry.contract.record import Query
from flagstone.blocks.registry.contract.registry import Registry
from flagstone.blocks.registry.service.registry import Service
from flagstone.blocks.registry.store.tables import SCHEMA

if TYPE_CHECKING:
    from tests.conftest import OpenDatabase


@pytest.fixture
def service(open_database: OpenDatabase) -> Service:
    return Service(open_database(SCHEMA), ToySealer(), CHECKS)


@pytest.fixture
def app(service: Service, tmp_path: Path) -> typer.Typer:
    @contextmanager
    def opened() -> Iterator[Registry]:
        yield service

    app = commands(opened)
    definition = tmp_path / "places.yaml"
    definition.write_text(yaml.safe_dump(PLACES), "utf-8")
    assert CliRunner().invoke(app, ["publish", str(definition)]).exit_code == 0
    return app


def run(app: typer.Typer, *arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    return result.exit_code, result.stdout, result.stderr


def test_lists_registers(app: typer.Typer) -> None:
    code, out, _ = run(app, "list")
    assert code == 0
    assert "places" in out


def test_imports_after_a_dry_run_and_exports_again(
    app: typer.Typer, service: Service, tmp_path: Path
) -> None:
    source, target = tmp_path / "places.csv", tmp_path / "out.csv"
    source.write_text("code,name,residents,longitude,latitude\na,=Alpha,5,24.7,59.4\nb,Beta,,,\n", "utf-8")
    code, _, told = run(app, "import", source, "--register", "places", "--dry-run")
    assert (code, "2 would be created" in told) == (0, True)
    assert service.find(SITE, "places", Query(), WHY).total == 0
    code, _, told = run(app, "import", source, "--register", "places")
    assert (code, "2 were created" in told) == (0, True)

    assert run(app, "export", "--register", "places", "--file", target)[0] == 0
    assert "'=Alpha" in target.read_text("utf-8")
    _, _, told = run(app, "import", target, "--register", "places")
    assert "2 unchanged" in told
    assert run(app, "export", "--register", "places", "--file", target)[0] == 1  # never overwrites
    _, out, _ = run(app, "export", "--register", "places", "--form", "geojson")
    assert json.loads(out)["features"][0]["geometry"]["coordinates"] == [24.7, 59.4]
    _, out, _ = run(app, "export", "--register", "places", "--form", "json", "--search", "beta")
    assert [one["code"] for one in json.loads(out)] == ["b"]


def test_tells_findings_and_faults_and_fails(app: typer.Typer, tmp_path: Path) -> None:
    source = tmp_path / "places.csv"
    source.write_text("code,name,residents\na,Alpha,many\n", "utf-8")
    code, _, told = run(app, "import", source, "--register", "places")
    assert (code, "row 1, column residents" in told, "Nothing was written" in told) == (1, True, True)
    source.write_text("code,colour\na,red\n", "utf-8")
    code, _, told = run(app, "import", source, "--register", "places")
    assert (code, "cannot be read" in told) == (1, True)
    assert run(app, "import", source, "--register", "ghosts")[0] == 1
    assert run(app, "import", tmp_path / "none.csv", "--register", "places")[0] == 1
    source.write_text("a: [", "utf-8")
    assert run(app, "publish", source)[0] == 1
