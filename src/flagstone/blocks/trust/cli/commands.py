# SPDX-License-Identifier: EUPL-1.2
"""`flagstone trust`: requests and certificates of the authority, and its sub-commands in one list."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from flagstone.blocks.trust.cli import ceremony, keys
from flagstone.blocks.trust.cli.opened import OPERATOR, Open, said, written
from flagstone.blocks.trust.contract.authority import (
    Certificate,
    CertificateQuery,
    Holder,
    Profile,
    Request,
    RequestState,
    RevocationReason,
    Standing,
)
from flagstone.blocks.trust.contract.faults import HolderInvalid, RequestInvalid
from flagstone.blocks.trust.model.naming import text_of
from flagstone.blocks.trust.model.wire import certificate_on_wire
from flagstone.kernel.clock import rfc3339
from flagstone.platform.crypto.pem import to_pem

File = Annotated[Path, typer.Argument(help="File of a PKCS#10 request, PEM or DER.")]
Out = Annotated[Path | None, typer.Option("--out", help="File to write to; a new one.")]
Id = Annotated[str, typer.Argument(help="Id of the request.")]
Serial = Annotated[str, typer.Argument(help="Serial number, 32 hexadecimal digits.")]
Words = Annotated[str, typer.Option("--words", help="A remark that is kept with it.")]
Text = Annotated[str, typer.Option(help="Part of a number or name.")]
Host = Annotated[list[str] | None, typer.Option("--host", help="DNS name; may be given again.")]
HolderFile = Annotated[
    Path | None, typer.Option("--holder", help="JSON file of the holder; for persons, who have no options.")
]
HOLDER_KEYS = {
    "member": "member",
    "server": "server",
    "name": "name",
    "personalCode": "personal_code",
    "givenName": "given_name",
    "familyName": "family_name",
}
SHOWN_MAX = 200


def commands(open_trust: Open) -> typer.Typer:
    """Return the sub-commands; `open_trust` opens the trust services of the site that the settings name."""
    app = typer.Typer(name="trust", help="Certification authority, keys, ceremony.", no_args_is_help=True)
    ceremony.add(app)
    _asking(app, open_trust)
    _deciding(app, open_trust)
    _changing(app, open_trust)
    _looking(app, open_trust)
    app.add_typer(keys.commands(open_trust), name="keys")
    return app


def _asking(app: typer.Typer, open_trust: Open) -> None:
    """Add the commands that ask."""

    @app.command()
    def request(
        file: File,
        profile: Annotated[Profile, typer.Option(help="What the certificate is for.")],
        member: Annotated[str, typer.Option(help="INSTANCE/CLASS/CODE.")] = "",
        server: Annotated[str, typer.Option(help="Code of the security server.")] = "",
        name: Annotated[str, typer.Option(help="Name of the organisation or service.")] = "",
        *,
        host: Host = None,
        holder: HolderFile = None,
    ) -> None:
        """Leave a request for a certificate; the name in it is decided here, not by the file."""
        wanted = _holder(holder) if holder else Holder(member, server, name, tuple(host or ()))
        with open_trust() as opened:
            asked = opened.needed.ask(OPERATOR, _read(file), profile, wanted)
        typer.echo(asked.id)

    @app.command()
    def renew(serial: Serial, file: File) -> None:
        """Leave a request for the certificate that follows one which still holds, with a new key."""
        with open_trust() as opened:
            authority = opened.needed
            before = authority.certificate(OPERATOR, serial)
            asked = authority.renew(OPERATOR, _read(file), before)
        typer.echo(asked.id)

    @app.command()
    def requests(
        *, everything: Annotated[bool, typer.Option("--all", help="Decided ones too.")] = False
    ) -> None:
        """List the requests that wait for a decision."""
        with open_trust() as opened:
            found = opened.needed.requests(OPERATOR, waiting=not everything)
        table = Table(Column("Id", no_wrap=True), "Asked", "Profile", "Name", "State")
        for each in found:
            table.add_row(
                each.id, rfc3339(each.asked_at), each.profile.value, text_of(each.subject), each.state.value
            )
        Console().print(table)


def _deciding(app: typer.Typer, open_trust: Open) -> None:
    """Add the commands that decide."""

    @app.command()
    def issue(request_id: Id, words: Words = "", out: Out = None) -> None:
        """Approve a request; the certificate comes when enough officials have approved."""
        with open_trust() as opened:
            authority = opened.needed
            decided = authority.decide(OPERATOR, request_id, approves=True, words=words)
            if decided.state is RequestState.ISSUED:
                pem = b"".join(map(to_pem, authority.chain_of(OPERATOR, decided.serial)))
                written(out, pem)
        _tell(decided)

    @app.command()
    def refuse(request_id: Id, words: Words = "") -> None:
        """Refuse a request."""
        with open_trust() as opened:
            _tell(opened.needed.decide(OPERATOR, request_id, approves=False, words=words))


def _changing(app: typer.Typer, open_trust: Open) -> None:
    """Add the commands that change how certificates stand."""

    @app.command()
    def revoke(
        serial: Serial,
        reason: Annotated[
            RevocationReason, typer.Option(help="Why; RFC 5280, 5.3.1.")
        ] = RevocationReason.UNSPECIFIED,
        words: Words = "",
    ) -> None:
        """Revoke a certificate for good."""
        with open_trust() as opened:
            _stands(opened.needed.revoke(OPERATOR, serial, reason, words))

    @app.command()
    def suspend(serial: Serial, words: Words = "") -> None:
        """Suspend a certificate until it is released or revoked."""
        with open_trust() as opened:
            _stands(opened.needed.suspend(OPERATOR, serial, words))

    @app.command()
    def release(serial: Serial, words: Words = "") -> None:
        """End the suspension of a certificate."""
        with open_trust() as opened:
            _stands(opened.needed.release(OPERATOR, serial, words))


def _looking(app: typer.Typer, open_trust: Open) -> None:
    """Add the commands that only look."""

    @app.command("list")
    def listed(
        text: Text = "",
        standing: Annotated[Standing | None, typer.Option(help="How they stand.")] = None,
        profile: Annotated[Profile | None, typer.Option(help="What they are for.")] = None,
        days: Annotated[int, typer.Option(help="Only those that end within so many days.", min=0)] = 0,
        *,
        as_json: Annotated[bool, typer.Option("--json", help="Say it as JSON.")] = False,
    ) -> None:
        """List certificates, the newest first; names of persons are left out."""
        with open_trust() as opened:
            before = opened.now + timedelta(days=days) if days else None
            query = CertificateQuery(text, standing, profile, before, limit=SHOWN_MAX)
            found = opened.needed.certificates(OPERATOR, query)
        if as_json:
            said(json.dumps([certificate_on_wire(each) for each in found.certificates], indent=2))
            return
        table = Table(Column("Serial", no_wrap=True), "Profile", "Name", "Until", "Standing")
        for each in found.certificates:
            table.add_row(
                each.serial,
                each.profile.value,
                text_of(each.subject),
                rfc3339(each.not_after),
                each.standing.value,
            )
        Console().print(table)
        said(f"{len(found.certificates)} of {found.total} certificates")

    @app.command()
    def show(serial: Serial, out: Out = None) -> None:
        """Write a certificate with those above it, PEM."""
        with open_trust() as opened:
            pem = b"".join(map(to_pem, opened.needed.chain_of(OPERATOR, serial)))
        if out is None:
            said(pem.decode().rstrip())
        written(out, pem)

    @app.command()
    def crl(out: Annotated[Path, typer.Option("--out", help="File to write to; a new one.")]) -> None:
        """Write the revocation list that holds now, DER."""
        with open_trust() as opened:
            found = opened.needed.revocation_list()
        written(out, found.der)
        said(f"list {found.number}, until {rfc3339(found.next_update)}")


def _tell(request: Request) -> None:
    """Say how far a request is."""
    said(f"{request.state.value} {request.serial}".rstrip())


def _stands(certificate: Certificate) -> None:
    """Say how a certificate stands."""
    said(f"{certificate.serial} {certificate.standing.value}")


def _read(file: Path) -> bytes:
    """Return a request from a file; RequestInvalid when it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise RequestInvalid(f"{file} cannot be read") from error


def _holder(file: Path) -> Holder:
    """Return the holder that a JSON file tells of; HolderInvalid when it is none."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        named = {HOLDER_KEYS[key]: str(value) for key, value in found.items() if key != "hosts"}
        return Holder(**named, hosts=tuple(map(str, found.get("hosts", ()))))
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise HolderInvalid(f"{file} is not a holder: {', '.join(HOLDER_KEYS)}, hosts") from error
