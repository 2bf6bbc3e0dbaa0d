# SPDX-License-Identifier: EUPL-1.2
"""The data folder: begun, claimed and visited; whatever is refused stays byte for byte as it was."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from flagstone.app.folder import (
    FREE_BYTES_MIN,
    MARK,
    FolderDamaged,
    FolderForbidden,
    FolderForeign,
    FolderFull,
    FolderInUse,
    FolderNotMade,
    claim,
    claim_made,
    visit,
)
from flagstone.kernel.errors import SettingsFault
from flagstone.platform.crypto import keys

Faults = type[SettingsFault]


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def picture(root: Path) -> dict[str, tuple[object, ...]]:
    """Return everything below `root`: kinds, rights, times and bytes."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted([root, *root.rglob("*")]):
        status = path.lstat()
        content: object = None
        if path.is_symlink():
            content = path.readlink()
        elif path.is_file():
            content = path.read_bytes()
        found[str(path)] = (status.st_mode, status.st_uid, status.st_mtime_ns, content)
    return found


def refused(use: Callable[[], object], fault: Faults, root: Path) -> SettingsFault:
    """Check that `use` raises exactly `fault` and changes nothing below `root`."""
    before = picture(root)
    with pytest.raises(fault) as raised:
        use()
    assert type(raised.value) is fault
    assert picture(root) == before
    return raised.value


def made(path: Path) -> Path:
    """Make a folder with one database."""
    folder = claim(path, "tiny", "state")
    (path / "registry.sqlite").write_bytes(b"rows")
    folder.complete(("registry.sqlite",))
    folder.release()
    return path


def mark(path: Path, **changes: object) -> None:
    fields = json.loads((path / MARK).read_text())
    (path / MARK).write_text(json.dumps({**fields, **changes}))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return made(tmp_path / "state")


def test_a_new_folder_is_made_marked_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state"
    folder = claim(path, "tiny", "state")
    assert (folder.path, folder.mark.made) == (path, False)
    assert path.stat().st_mode & 0o777 == 0o700
    assert {each.name for each in path.iterdir()} == {"lock", MARK}
    assert all(each.stat().st_mode & 0o077 == 0 for each in path.iterdir())
    folder.release()
    folder.release()


def test_an_empty_folder_is_taken_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.mkdir(mode=0o755)
    claim(path, "tiny", "state").release()
    assert path.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "left", [["lock"], [f".{MARK}.0123456789abcdef"], ["lock", f".{MARK}.0123456789abcdef"]]
)
def test_what_a_killed_beginning_left_is_begun_again(tmp_path: Path, left: list[str]) -> None:
    path = tmp_path / "state"
    path.mkdir(mode=0o700)
    for name in left:
        (path / name).write_bytes(b"")
    claim(path, "tiny", "state").release()
    assert {each.name for each in path.iterdir()} == {"lock", MARK}


def test_a_made_folder_is_claimed_again_and_visited_meanwhile(site: Path) -> None:
    folder = claim_made(site, "tiny", "state")
    assert folder.mark.databases == ("registry.sqlite",)
    seen = visit(site, "tiny", "state")
    assert seen.mark == folder.mark
    seen.release()
    folder.release()


def test_a_folder_that_is_begun_only_is_not_served_or_visited(tmp_path: Path) -> None:
    claim(tmp_path / "state", "tiny", "state").release()
    for name in ("state", "none"):
        path = tmp_path / name
        refused(partial(visit, path, "tiny", "state"), FolderNotMade, tmp_path)
        refused(partial(claim_made, path, "tiny", "state"), FolderNotMade, tmp_path)


@pytest.mark.parametrize("use", [claim, claim_made, visit])
def test_somebody_elses_folder_is_refused(tmp_path: Path, use: Callable[..., object]) -> None:
    path = tmp_path / "letters"
    path.mkdir()
    (path / "letter.txt").write_text("Dear Bo")
    refused(lambda: use(path, "tiny", "state"), FolderForeign, tmp_path)


@pytest.mark.parametrize("use", [claim, claim_made, visit])
def test_a_file_in_place_of_a_folder_is_refused(tmp_path: Path, use: Callable[..., object]) -> None:
    (tmp_path / "state").write_text("not a folder")
    refused(lambda: use(tmp_path / "state", "tiny", "state"), FolderForeign, tmp_path)
    refused(lambda: use(tmp_path / "state" / "below", "tiny", "state"), FolderForeign, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b"{}",
        b"\xff\xfe",
        b"[" * 50_000,
        b'{"format": 1, "country": "tiny", "site": "state", "made": "no", "databases": []}',
        b'{"format": 1, "country": "tiny", "site": "state", "made": true, "databases": [5]}',
        b'{"format": 1, "country": "tiny", "site": "state", "made": true, "databases": 5}',
        b'{"format": 1, "country": "tiny", "site": "state", "made": true, "databases": [], "more": 1}',
        b'{"format": 2, "country": "tiny", "site": "state", "made": true, "databases": []}',
    ],
)
@pytest.mark.parametrize("use", [claim, claim_made, visit])
def test_a_mark_that_cannot_be_read_is_refused(site: Path, use: Callable[..., object], text: bytes) -> None:
    (site / MARK).write_bytes(text)
    refused(lambda: use(site, "tiny", "state"), FolderDamaged, site)


@pytest.mark.parametrize("use", [claim, claim_made, visit])
def test_another_format_country_site_or_a_missing_database_is_refused(
    site: Path, use: Callable[..., object]
) -> None:
    fault = refused(lambda: use(site, "other", "state"), FolderForeign, site)
    assert "tiny/state" in fault.detail
    refused(lambda: use(site, "tiny", "ministry"), FolderForeign, site)
    (site / "registry.sqlite").unlink()
    assert "registry.sqlite" in refused(lambda: use(site, "tiny", "state"), FolderDamaged, site).detail
    mark(site, format=9)
    assert "format 9" in refused(lambda: use(site, "tiny", "state"), FolderDamaged, site).detail


def test_the_lock_is_free_again_after_a_refusal(site: Path) -> None:
    mark(site, country="other")
    refused(lambda: claim(site, "tiny", "state"), FolderForeign, site)
    claim(site, "other", "state").release()


HOLDER = """
import sys
from pathlib import Path
from flagstone.app.folder import claim
claim(Path(sys.argv[1]), "tiny", "state")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(site: Path) -> Iterator[Path]:
    """The folder while a second process holds it."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(site)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield site
        process.kill()


def test_a_folder_in_use_by_another_process_is_refused_until_that_dies(holder: Path) -> None:
    refused(lambda: claim(holder, "tiny", "state"), FolderInUse, holder)
    visit(holder, "tiny", "state").release()


def test_too_little_room_is_told_before_anything_is_made(
    tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**9, 10**9 - 1_048_576, 1_048_576))
    fault = refused(lambda: claim(tmp_path / "new" / "state", "tiny", "state"), FolderFull, tmp_path)
    assert fault.detail == f"1 MB are free; at least {FREE_BYTES_MIN // 1_048_576} are needed"
    refused(lambda: claim(site, "tiny", "state"), FolderFull, tmp_path)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    path = tmp_path / "disk"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(path)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("component missing: root for tmpfs")
    yield path
    subprocess.run(["umount", str(path)], check=True)


def test_a_disk_that_is_really_full_keeps_nothing_half_made(tiny_disk: Path) -> None:
    refused(lambda: claim(tiny_disk / "state", "tiny", "state"), FolderFull, tiny_disk)
    (tiny_disk / "ballast").write_bytes(b"0" * 64 * 1024)
    before = {each: each.lstat().st_size for each in tiny_disk.rglob("*")}
    with pytest.raises(FolderFull):
        claim(tiny_disk / "state", "tiny", "state", free_bytes_min=0)
    assert {each: each.lstat().st_size for each in tiny_disk.rglob("*")} == before
    (tiny_disk / "ballast").unlink()
    claim(tiny_disk / "state", "tiny", "state", free_bytes_min=0).release()


def test_a_mark_that_cannot_be_written_takes_the_beginning_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_draft: Path, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keys, "_write_draft", full)
    with pytest.raises(FolderFull):
        claim(tmp_path / "state", "tiny", "state")
    assert list(tmp_path.iterdir()) == []


NOBODY = """
import os
import sys
from pathlib import Path
from flagstone.app.folder import claim, claim_made, visit
from flagstone.kernel.errors import SettingsFault
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
for use in (claim, claim_made, visit):
    try:
        use(Path(sys.argv[1]), "tiny", "state")
    except SettingsFault as fault:
        print(fault.code)
"""


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every user of the machine can reach."""
    path = Path(tempfile.mkdtemp(prefix="flagstone-shared-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="component missing: root to become another user")
@pytest.mark.parametrize("rights", [0o000, 0o500, 0o700, 0o755, 0o777])
def test_a_folder_without_the_right_to_write_is_refused(shared: Path, rights: int) -> None:
    made(shared / "state").chmod(rights)
    before = picture(shared)
    command = [sys.executable, "-c", NOBODY, str(shared / "state")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["flagstone.folder-forbidden"] * 3, done.stderr
    assert picture(shared) == before


def test_another_users_folder_is_refused_even_when_it_could_be_written(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 54_321)
    refused(lambda: claim(site, "tiny", "state"), FolderForbidden, site)


def test_a_link_to_a_folder_is_followed_once_and_for_all(tmp_path: Path, site: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(site)
    folder = claim(link, "tiny", "state")
    assert folder.path == site
    folder.release()


def test_a_link_that_leads_to_itself_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "round"
    link.symlink_to(link)
    refused(lambda: claim(link, "tiny", "state"), FolderForeign, tmp_path)


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Bo")
    path = tmp_path / "state"
    path.mkdir(mode=0o700)
    (path / "lock").symlink_to(letter)
    refused(lambda: claim(path, "tiny", "state"), FolderDamaged, tmp_path)
    assert letter.read_text() == "Dear Bo"
