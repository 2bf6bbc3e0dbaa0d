# SPDX-License-Identifier: EUPL-1.2
"""`check`, `migrate` and `audit`: what they print, their exit codes, and that looking changes nothing."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.site import run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("made") / "data"
    assert run("make", "--data", data).code == 0
    return data


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    """A copy of a made site to be spoiled."""
    return shutil.copytree(made, tmp_path / "data")


def tables(data: Path, *statements: str) -> list[tuple[object, ...]]:
    """Run statements on the registry's file round every door; return the rows of the last."""
    with closing(sqlite3.connect(data / "state" / "registry.sqlite")) as connection:
        rows: list[tuple[object, ...]] = []
        for statement in statements:
            rows = connection.execute(statement).fetchall()
        connection.commit()
        return rows


def test_check_prints_each_setting_with_its_source(made: Path, tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text('[http]\nport = 8001\npublic_url = "http://[::1]:8001"\n')
    outcome = run("check", "--settings", file, "--data", made)
    lines = {line.split()[0]: line.split()[1:] for line in outcome.out.splitlines()}
    assert outcome.code == 0, outcome.all
    assert lines["http.port"] == ["8001", str(file)]
    assert lines["http.public_url"] == ["http://[::1]:8001", str(file)]
    assert lines["country"] == ["tiny", "FLAGSTONE_COUNTRY"]
    assert lines["data"] == [str(made), "command", "line"]
    assert lines["log.format"] == ["auto", "default"]
    assert outcome.out.endswith("All is well.\n")


def test_check_names_what_is_wrong_and_hides_a_password(made: Path) -> None:
    url = "postgresql://role:hush@host/base"
    wrong = {"FLAGSTONE_HTTP_PORT": "x", "FLAGSTONE_NONE": "1", "FLAGSTONE_DATABASE_URL": url}
    outcome = run("check", "--data", made, **wrong)
    assert outcome.code == 1
    assert "wrong  http.port: it must be a whole number (from FLAGSTONE_HTTP_PORT)" in outcome.out
    assert "wrong  FLAGSTONE_NONE: there is no such option" in outcome.out
    assert "wrong  database.url: it must not hold the password" in outcome.out
    assert "hush" not in outcome.all


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"FLAGSTONE_COUNTRY": "nowhere"}, "there is no package nowhere"),
        ({"FLAGSTONE_HTTP_HOST": "0.0.0.0"}, "http without TLS is only for this machine"),
        ({"FLAGSTONE_HTTP_TLS_CERTIFICATE": "/no", "FLAGSTONE_HTTP_TLS_KEY": "/no"}, "cannot be read"),
    ],
)
def test_check_looks_at_country_and_door(made: Path, variables: dict[str, str], words: str) -> None:
    outcome = run("check", "--data", made, **variables)
    assert outcome.code == 1
    assert words in outcome.out


def test_check_looks_at_the_data(data: Path) -> None:
    (data / "state" / "portal.sqlite").unlink()
    outcome = run("check", "--data", data)
    assert outcome.code == 1
    assert "portal.sqlite is missing" in outcome.out
    assert not (data / "state" / "portal.sqlite").exists()


def test_a_wrong_settings_path_is_named(tmp_path: Path, made: Path) -> None:
    missing = tmp_path / "none.toml"
    outcome = run("audit", "verify", "--settings", missing, "--data", made)
    assert outcome.code == 2
    assert f"{missing}: the settings file cannot be read: No such file or directory" in outcome.error
    assert outcome.error.count(str(missing)) == 1
    assert run("check", "--settings", missing, "--data", made).code == 1


def test_an_unknown_command_or_option_is_refused() -> None:
    assert run("fly").code == 2
    assert run("up", "--colour").code == 2


def test_migrate_shows_before_it_acts(data: Path) -> None:
    assert "pending" not in run("migrate", "--data", data).out
    newest = tables(data, "SELECT version_num FROM registry_version")[0][0]
    tables(data, "DELETE FROM registry_version")
    shown = run("migrate", "--data", data)
    assert shown.code == 0
    assert f"pending  state  registry: registry {newest}" in shown.out
    assert "Nothing was changed; --apply takes these steps." in shown.out
    assert "current  state  identity" in shown.out
    assert tables(data, "SELECT * FROM registry_version") == []
    refused = run("audit", "verify", "--data", data)
    assert (refused.code, "storage.migrations-pending" in refused.error) == (2, True)


def test_migrate_takes_a_pending_step_once(data: Path) -> None:
    with closing(sqlite3.connect(data / "state" / "portal.sqlite")) as connection:
        own = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        for (name,) in connection.execute(own).fetchall():
            connection.execute(f"DROP TABLE {name}")
        connection.commit()
    assert "pending  state  portal" in run("migrate", "--data", data).out
    taken = run("migrate", "--data", data, "--apply")
    assert taken.code == 0, taken.all
    assert "took  state  portal: storage" in taken.out
    assert "took  state  portal: portal" in taken.out
    assert "current  state  portal" in run("migrate", "--data", data, "--apply").out


def test_migrate_creates_nothing(tmp_path: Path) -> None:
    for words in (["migrate"], ["migrate", "--apply"]):
        outcome = run(*words, "--data", tmp_path / "none")
        assert outcome.code == 2
        assert "flagstone.folder-not-made" in outcome.error
    assert list(tmp_path.iterdir()) == []


def test_audit_verify_tells_sound_from_damaged_and_damaged_from_unusable(data: Path) -> None:
    sound = run("audit", "verify", "--data", data)
    assert sound.code == 0
    assert sound.out.count("sound") == 4
    signed = run("audit", "checkpoint", "--data", data)
    assert signed.code == 0
    assert str(data / "state" / "checkpoints") in signed.out
    triggers = tables(data, "SELECT name FROM sqlite_master WHERE type = 'trigger'")
    tables(data, *(f"DROP TRIGGER {name}" for (name,) in triggers), "DELETE FROM journal WHERE sequence = 3")
    damaged = run("audit", "verify", "--data", data)
    assert damaged.code == 1
    assert "removed  tiny/state/registry: entry 3" in damaged.out
    (data / "state" / "checkpoints" / "identity.txt").write_text("nonsense\n")
    assert run("audit", "verify", "--data", data).code == 2
