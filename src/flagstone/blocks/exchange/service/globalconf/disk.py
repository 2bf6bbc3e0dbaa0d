# SPDX-License-Identifier: EUPL-1.2
"""A configuration on disk, in the layout that security servers keep it in: read as it stands.

`instance-identifier` names the server's own instance; each instance has a folder of its name, escaped, with
`shared-params.xml`, `private-params.xml`, whatever else was published, and beside each a `.metadata` file.
Nothing is verified: the signature was, before the folder was written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus, unquote_plus

from flagstone.blocks.exchange.contract.globalconf import (
    FETCH_INTERVAL,
    MONITORING,
    NEXT_UPDATE,
    PRIVATE,
    SHARED,
    VERSION_MIN,
    GlobalConfiguration,
    InstanceConfiguration,
    PartMetadata,
)
from flagstone.blocks.exchange.contract.globalconf_faults import (
    ConfigurationMalformed,
    ConfigurationMissing,
)
from flagstone.blocks.exchange.model.globalconf.directory import instant_of, instant_text
from flagstone.blocks.exchange.service.globalconf.private_parameters import read_private
from flagstone.blocks.exchange.service.globalconf.shared_reading import read_shared
from flagstone.kernel.errors import Fault

INSTANCE_FILE = "instance-identifier"
SHARED_FILE = "shared-params.xml"
PRIVATE_FILE = "private-params.xml"
METADATA = ".metadata"
FILE_NAMES = {
    SHARED: SHARED_FILE,
    PRIVATE: PRIVATE_FILE,
    MONITORING: "monitoring-params.xml",
    FETCH_INTERVAL: "fetchinterval-params.xml",
    NEXT_UPDATE: "nextupdate-params.xml",
}
"""The name of each part's file; of other parts it is the one that the directory gives."""

FILE_BYTES_MAX = 32 * 1024 * 1024
METADATA_BYTES_MAX = 64 * 1024
INSTANCE_BYTES_MAX = 1024
FOLDERS_MAX = 500
FILES_MAX = 500


def read_folder(path: Path) -> GlobalConfiguration:
    """Return the configuration of a folder; ConfigurationMissing or ConfigurationMalformed name the file.

    A change of the folder while it is read, made as `keeping` makes it, does not mix two configurations.
    """
    root = path.resolve()
    instance = own_instance(root)
    found = (_instance(each) for each in _folders(root))
    instances = {each.instance: each for each in found if each is not None}
    if instance not in instances:
        raise ConfigurationMissing(f"{path} has nothing of its own instance {instance}")
    return GlobalConfiguration(instance, instances)


def own_instance(root: Path) -> str:
    """Return the instance that a folder says is its own."""
    try:
        text = bounded(root / INSTANCE_FILE, INSTANCE_BYTES_MAX).decode()
    except FileNotFoundError as error:
        raise ConfigurationMissing(f"{root} has no {INSTANCE_FILE}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationMalformed(f"{INSTANCE_FILE} cannot be read") from error
    if not text.strip():
        raise ConfigurationMalformed(f"{INSTANCE_FILE} is empty")
    return text.strip()


def folder_name(instance: str) -> str:
    """Return the name of an instance's folder."""
    escaped = quote_plus(instance, safe="*").replace("~", "%7E")
    return escaped.replace(".", "%2E") if set(escaped) == {"."} else escaped


def metadata_text(metadata: PartMetadata) -> bytes:
    """Return a part's metadata as the file beside it."""
    fields = {
        "contentIdentifier": metadata.identifier,
        "instanceIdentifier": metadata.instance,
        "expirationDate": instant_text(metadata.expires_at) if metadata.expires_at else "",
        "contentFileName": metadata.file_name,
        "contentLocation": metadata.location,
        "configurationVersion": str(metadata.version) if metadata.version else "",
    }
    given = {name: value for name, value in fields.items() if value}
    return json.dumps(given, ensure_ascii=False, separators=(",", ":")).encode()


def read_metadata(file: Path) -> PartMetadata | None:
    """Return what stands beside a part's file, None where nothing does."""
    try:
        fields = json.loads(bounded(file.with_name(file.name + METADATA), METADATA_BYTES_MAX))
        version, expires = str(fields.get("configurationVersion") or "0"), fields.get("expirationDate")
        return PartMetadata(
            str(fields.get("contentIdentifier") or ""),
            str(fields.get("instanceIdentifier") or ""),
            instant_of(str(expires)) if expires else None,
            str(fields.get("contentFileName") or ""),
            str(fields.get("contentLocation") or ""),
            int(version) if version.isdecimal() and len(version) < 4 else 0,
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError, RecursionError, Fault) as error:
        raise ConfigurationMalformed(f"{file.parent.name}/{file.name}{METADATA} cannot be read") from error


def bounded(file: Path, bytes_max: int) -> bytes:
    """Return a file's bytes; ConfigurationMalformed when there are too many; OSError as it comes."""
    with file.open("rb") as stream:
        data = stream.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise ConfigurationMalformed(f"{file.name} is larger than {bytes_max} bytes")
    return data


def _folders(root: Path) -> Iterator[Path]:
    """Yield the folders of the instances, in order."""
    try:
        names = sorted(each for each in root.iterdir() if each.is_dir() and not each.name.startswith("."))
    except OSError as error:
        raise ConfigurationMissing(f"{root} cannot be listed") from error
    if len(names) > FOLDERS_MAX:
        raise ConfigurationMalformed(f"there are more than {FOLDERS_MAX} instances")
    yield from names


def _instance(folder: Path) -> InstanceConfiguration | None:
    """Return what a folder holds of an instance; None for a folder without shared parameters."""
    instance = unquote_plus(folder.name)
    shared, private = folder / SHARED_FILE, folder / PRIVATE_FILE
    if not shared.exists():
        return None
    about, about_private = read_metadata(shared), read_metadata(private)
    version = about.version if about and about.version else VERSION_MIN
    try:
        read = read_shared(bounded(shared, FILE_BYTES_MAX), version)
        own = read_private(bounded(private, FILE_BYTES_MAX)) if private.exists() else None
        others = dict(_others(folder))
    except Fault as fault:
        raise ConfigurationMalformed(f"{folder.name}: {fault.detail or fault.title}") from fault
    except OSError as error:
        raise ConfigurationMissing(f"{folder.name} cannot be read") from error
    if {instance} != {read.instance, own.instance if own else instance}:
        raise ConfigurationMalformed(f"{folder.name} holds parameters of another instance")
    until = about.expires_at if about else None
    until_private = about_private.expires_at if about_private else None
    return InstanceConfiguration(instance, read, own, until, until_private, others)


def _others(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the other files of an instance that were published: each has its metadata."""
    names = sorted(each.name for each in folder.glob(f"*{METADATA}"))[:FILES_MAX]
    for name in names:
        file = folder / name.removesuffix(METADATA)
        if file.name not in {SHARED_FILE, PRIVATE_FILE} and file.is_file():
            yield file.name, bounded(file, FILE_BYTES_MAX)
