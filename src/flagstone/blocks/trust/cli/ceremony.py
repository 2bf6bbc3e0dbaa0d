# SPDX-License-Identifier: EUPL-1.2
"""`flagstone trust ceremony` and `transcript`: a country's root, made and used offline; they open no site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from flagstone.blocks.trust.cli.opened import said, written
from flagstone.blocks.trust.contract.authority import Name
from flagstone.blocks.trust.contract.faults import CeremonyInvalid
from flagstone.blocks.trust.contract.keys import KeyType
from flagstone.blocks.trust.service.ceremony import Ceremony, OpenPlace, Terms, files_closed_by
from flagstone.blocks.trust.service.places import KeyPlace, ModuleKeys
from flagstone.kernel.clock import SystemClock
from flagstone.platform.crypto.pem import to_pem
from flagstone.platform.crypto.pkcs11_door import Token, opened_late

Folder = Annotated[Path, typer.Argument(help="Folder of the root; new or empty for a new root.")]
Named = Annotated[str, typer.Option("--name", help='Name of a new authority: "C=XA, O=Agency, CN=Country".')]
Request = Annotated[Path | None, typer.Option("--csr", help="Request of an issuing key to sign.")]
Out = Annotated[Path | None, typer.Option("--out", help="New file for its certificate and the root's.")]
Kind = Annotated[KeyType, typer.Option("--type", help="Kind of the root's key.")]
Years = Annotated[int, typer.Option(help="Years that a new root lasts; an issuing one half.", min=2, max=40)]
Secret = Annotated[
    Path,
    typer.Option("--passphrase-file", help="File (0600): passphrase of the root's key, or PIN of the token."),
]
Module = Annotated[str, typer.Option("--pkcs11", help="MODULE,TOKEN to hold the key in place of a file.")]
ATTRIBUTES = ("C", "O", "CN")
ROOT_SUFFIX = " Root CA"


def add(app: typer.Typer) -> None:
    """Add both commands."""

    @app.command()
    def ceremony(
        folder: Folder,
        passphrase_file: Secret,
        name: Named = "",
        csr: Request = None,
        out: Out = None,
        *,
        type_: Kind = KeyType.RSA_4096,
        years: Years = 20,
        pkcs11: Module = "",
    ) -> None:
        """Make a country's root offline, and sign the request of an issuing authority with it."""
        root, now = Ceremony(folder, _place(passphrase_file, pkcs11)), SystemClock().now()
        if not root.has_root():
            root.make_root(_terms(_name(name), type_, years), now)
        if csr is not None:
            made = root.sign_issuing(_read(csr), _terms(root.name, type_, years), now)
            written(out, to_pem(made) + to_pem(root.root))
        _tell(root)

    @app.command()
    def transcript(folder: Folder) -> None:
        """Check and show what a root has done: order, digests and signatures of its transcript."""
        _tell(Ceremony(folder, _nowhere))


def _place(secret: Path, pkcs11: str) -> OpenPlace:
    """Return the place of the root's key: files, or a token; CeremonyInvalid for half of one."""
    if not pkcs11:
        return files_closed_by(secret)
    module, _, label = pkcs11.partition(",")
    if not module or not label:
        raise CeremonyInvalid("--pkcs11 is MODULE,TOKEN")
    token = Token(Path(module), label, secret)
    return lambda _folder: ModuleKeys(lambda: opened_late(token))


def _name(text: str) -> Name:
    """Return the name that an option gives; CeremonyInvalid unless it has C, O and CN."""
    parts = [part.strip().partition("=") for part in text.split(",")]
    found = {attribute.strip(): value.strip() for attribute, _, value in parts}
    if tuple(sorted(found)) != tuple(sorted(ATTRIBUTES)) or not all(found.values()):
        raise CeremonyInvalid('--name is "C=XA, O=Agency, CN=Country"')
    return tuple((attribute, found[attribute]) for attribute in ATTRIBUTES)


def _terms(name: Name, type_: KeyType, years: int) -> Terms:
    """Return what the ceremony is to make; the country's word in CN is followed by what a certificate is."""
    *above, (_, word) = name
    country = word.removesuffix(ROOT_SUFFIX)
    root, issuing = (*above, ("CN", f"{country}{ROOT_SUFFIX}")), (*above, ("CN", f"{country} Issuing CA"))
    return Terms(root, type_, years, issuing, max(1, years // 2))


def _nowhere(_folder: Path) -> KeyPlace:
    raise CeremonyInvalid("no key is needed to read a transcript")


def _tell(root: Ceremony) -> None:
    """Show the transcript, checked."""
    table = Table("Line", "At", "What", "SHA-256")
    for line in root.transcript():
        digests = "\n".join(f"{name}: {digest}" for name, digest in sorted(line.digests.items()))
        table.add_row(str(line.number), line.at, line.what, digests)
    Console(width=160).print(table)
    said("every line is signed by the root")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CeremonyInvalid(f"{file} cannot be read") from error
