# SPDX-License-Identifier: EUPL-1.2
"""`flagstone exchange sign`: files become containers, signed by this site, time-stamped where it can be."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from flagstone.blocks.exchange.cli.tools import Open, done, opened
from flagstone.blocks.exchange.contract.evidence import EvidenceTooLarge, NamedFile
from flagstone.blocks.exchange.model.reports import moment
from flagstone.blocks.exchange.service.evidence.content import MESSAGE_BYTES_MAX
from flagstone.blocks.exchange.service.evidence.documents import SUFFIX, Document, signed_documents

Files = Annotated[list[Path], typer.Argument(help="Files, each of which gets a container of its own.")]
Attached = Annotated[
    list[Path] | None, typer.Option("--attachment", help="A file beside the only FILE; again for more.")
]
Out = Annotated[Path | None, typer.Option(help="Folder for the containers; by default beside each file.")]


def add_to(app: typer.Typer, open_site: Open) -> None:
    """Add the command."""

    @app.command("sign")
    def make(files: Files, attachment: Attached = None, out: Out = None) -> None:
        """Sign files with this site's signing certificate, each into a container FILE.asice.

        A file that is a REST header block or SOAP document is signed as the message that it is. All files
        of one call share a signature and a time-stamp; without one, verifying says that it is missing.
        """
        if attachment and len(files) > 1:
            raise typer.BadParameter("attachments belong to one file; name one at a time")
        with opened(open_site) as tools:
            evidence = tools.evidence()
            documents = [Document(_file(each), tuple(map(_file, attachment or ()))) for each in files]
            made = signed_documents(
                documents, evidence.member, evidence.party(), evidence.authorities, at=datetime.now(UTC)
            )
            for file, container in zip(files, made.files, strict=True):
                place = (out or file.parent) / (file.name + SUFFIX)
                with place.open("xb") as written:
                    written.write(container.content)
                done(f"{place}: signed for {evidence.member}")
        if made.stamped_at is not None:
            done(f"Time-stamped at {moment(made.stamped_at)}.")
        else:
            done(f"Not time-stamped: {made.trouble}")


def _file(path: Path) -> NamedFile:
    if path.stat().st_size > MESSAGE_BYTES_MAX:
        raise EvidenceTooLarge(f"{path.name}; at most {MESSAGE_BYTES_MAX} bytes are signed")
    return NamedFile(path.name, path.read_bytes())
