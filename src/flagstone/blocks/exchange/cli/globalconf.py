# SPDX-License-Identifier: EUPL-1.2
"""`flagstone exchange conf`: the global configuration fetched, shown, compared, verified and published."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from flagstone.blocks.exchange.cli.globalconf_words import (
    finding_lines,
    instance_tables,
    publication_lines,
    record_lines,
    said,
    tell,
)
from flagstone.blocks.exchange.cli.tools import OPERATOR, WhyGiven, done, explained
from flagstone.blocks.exchange.contract.faults import NotTheCentre
from flagstone.blocks.exchange.contract.globalconf import Audience, GlobalConfiguration
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMissing
from flagstone.blocks.exchange.model.globalconf.differences import differences
from flagstone.blocks.exchange.service.globalconf.anchors import fingerprint, read_anchor, write_anchor
from flagstone.blocks.exchange.service.globalconf.disk import read_folder
from flagstone.blocks.exchange.service.globalconf.files import verify_files
from flagstone.blocks.exchange.service.globalconf.following import Follower
from flagstone.blocks.exchange.service.globalconf.publishing import Publisher
from flagstone.blocks.exchange.service.globalconf.records import as_mapping, findings_as_list
from flagstone.kernel.audit import Reason
from flagstone.kernel.clock import SystemClock


@dataclass(frozen=True)
class Opened:
    """The configuration of an opened site; `publisher` only at the centre."""

    follower: Follower
    anchor_file: Callable[[], Path]
    publisher: Publisher | None = None


Open = Callable[[], AbstractContextManager[Opened]]
Apart = Callable[[Path, Path], Follower]
"""Returns what follows the anchor of the first file into the folder that is named second, without a site."""

AsJson = Annotated[bool, typer.Option("--json", help="Say it as JSON.")]
Folder = Annotated[Path | None, typer.Option("--folder", help="A folder in security servers' layout.")]
AnchorFile = Annotated[Path | None, typer.Option("--anchor", help="File of an anchor.")]
Whose = Annotated[Audience, typer.Argument(help="Which directory's key.")]


def commands(open_site: Open, apart: Apart) -> typer.Typer:
    """Return the sub-commands; what needs no site works without one."""
    app = typer.Typer(help="The global configuration.", no_args_is_help=True)
    _following(app, open_site, apart)
    _looking(app, open_site)
    _comparing(app, open_site)
    _publishing(app, open_site)
    _rotating(app, open_site)
    return app


def _following(app: typer.Typer, open_site: Open, apart: Apart) -> None:
    """Add the command that fetches."""

    @app.command()
    def fetch(
        anchor: AnchorFile = None,
        into: Annotated[Path | None, typer.Option(help="Folder to keep it in; with --anchor.")] = None,
        *,
        accept_older: Annotated[
            bool, typer.Option("--accept-older", help="Take it even if the publisher went back.")
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Fetch the configuration now: this site's, or any by its anchor; exit status 1 when it failed."""
        if (anchor is None) != (into is None):
            raise typer.BadParameter("--anchor and --into go together")
        with explained():
            if anchor is not None and into is not None:
                records = apart(anchor, into).fetch(accept_older=accept_older)
            else:
                with open_site() as site:
                    records = site.follower.fetch(accept_older=accept_older)
        if as_json:
            said(json.dumps([as_mapping(each) for each in records], indent=2))
        else:
            for each in records:
                tell(record_lines(each))
        if not records[0].good:
            raise typer.Exit(1)


def _looking(app: typer.Typer, open_site: Open) -> None:
    """Add the commands that only look."""

    @app.command()
    def show(folder: Folder = None, *, as_json: AsJson = False) -> None:
        """Show what is kept, how the last fetch ended, and at the centre what is published."""
        with explained():
            if folder is not None:
                _show(read_folder(folder), as_json=as_json)
                return
            with open_site() as site:
                _show_site(site, as_json=as_json)

    @app.command()
    def verify(
        file: Annotated[Path, typer.Argument(help="A signed directory, an anchor, or a folder.")],
        anchor: AnchorFile = None,
        parts: Annotated[
            Path | None, typer.Option(help="Folder that parts' locations begin at; found when left out.")
        ] = None,
        *,
        as_json: AsJson = False,
    ) -> None:
        """Verify a file or folder of a configuration and say why; exit status 1 unless it is good."""
        with explained():
            trusted = read_anchor(anchor.read_bytes()) if anchor else None
            verdict = verify_files(file, trusted, SystemClock().now(), parts=parts)
        if as_json:
            said(json.dumps({"good": verdict.good, "findings": findings_as_list(verdict)}, indent=2))
        else:
            tell(finding_lines(verdict))
            done("It is good." if verdict.good else "It is NOT to be believed.")
        if not verdict.good:
            raise typer.Exit(1)


def _comparing(app: typer.Typer, open_site: Open) -> None:
    """Add the command that compares."""

    @app.command()
    def diff(
        before: Annotated[Path, typer.Argument(help="A folder in security servers' layout.")],
        after: Annotated[Path | None, typer.Argument(help="Another; this site's own when left out.")] = None,
        *,
        as_json: AsJson = False,
    ) -> None:
        """Show what differs between two configurations, or between one and this site's."""
        with explained():
            old = read_folder(before)
            if after is not None:
                new = read_folder(after)
            else:
                with open_site() as site:
                    new = site.follower.kept.configuration()
        found = differences(old, new)
        if as_json:
            fields = ("what", "which", "before", "after")
            said(json.dumps([{"kind": x.kind.value} | {f: getattr(x, f) for f in fields} for x in found]))
            return
        for each in found:
            change = (
                f"{each.before} -> {each.after}" if each.before and each.after else each.before or each.after
            )
            said(f"{each.kind.value:8} {each.what} {each.which}: {change}".rstrip(": "))
        done(f"{len(found)} differences")


def _publishing(app: typer.Typer, open_site: Open) -> None:
    """Add the commands of a publisher."""

    @app.command()
    def publish(*, as_json: AsJson = False) -> None:
        """Publish the configuration now; at the centre only, where it happens each minute anyway."""
        with explained(), open_site() as site:
            publisher = _publisher(site)
            publisher.keys.ensure()
            publication = publisher.publish()
        if as_json:
            fields = {"instance": publication.instance, "stamp": publication.stamp}
            said(json.dumps(fields | {"expires_at": publication.expires_at.isoformat()}))
        else:
            publication_lines(publication)

    @app.command()
    def anchor(
        audience: Annotated[Audience, typer.Argument(help="For whom.")] = Audience.INTERNAL,
        output: Annotated[Path | None, typer.Option(help="File to write it to.")] = None,
        file: Annotated[Path | None, typer.Option(help="An anchor to show instead of this site's.")] = None,
    ) -> None:
        """Show an anchor's sources and fingerprint: this site's, the centre's for others, or a file's."""
        with explained():
            if file is not None:
                text = file.read_bytes()
            else:
                with open_site() as site:
                    publisher = site.publisher
                    text = (
                        write_anchor(publisher.anchor(audience))
                        if publisher
                        else site.anchor_file().read_bytes()
                    )
            found = read_anchor(text)
            if output is not None:
                output.write_bytes(text)
        said(f"Instance     {found.instance}")
        for source in found.sources:
            said(f"Source       {source.url} ({len(source.certificates)} certificates)")
        said(f"Fingerprint  {fingerprint(text)}")


def _rotating(app: typer.Typer, open_site: Open) -> None:
    """Add the command that changes signing keys."""

    @app.command()
    def rotate(
        audience: Whose,
        *,
        switch: Annotated[bool, typer.Option("--switch", help="Let the next key sign.")] = False,
        retire: Annotated[bool, typer.Option("--retire", help="Remove the former key.")] = False,
        at_once: Annotated[bool, typer.Option("--at-once", help="Do not wait; with --switch.")] = False,
        reason: WhyGiven = "Signing key changed by the operator",
    ) -> None:
        """Change a signing key in three steps: no option makes the next key, then --switch, then --retire."""
        why = Reason(reason)
        with explained(), open_site() as site:
            publisher = _publisher(site)
            if switch:
                publisher.keys.switch(OPERATOR, audience, why, at_once=at_once)
            elif retire:
                publisher.keys.retire(OPERATOR, audience, why)
            else:
                publisher.keys.add_next(OPERATOR, audience, why)
            publication_lines(publisher.publish())


def _publisher(site: Opened) -> Publisher:
    """Return the publisher; NotTheCentre elsewhere."""
    if site.publisher is None:
        raise NotTheCentre
    return site.publisher


def _kept(follower: Follower) -> GlobalConfiguration | None:
    """Return what is kept, expired or not; None before anything is."""
    try:
        return follower.kept.configuration()
    except ConfigurationMissing:
        return None


def _show(configuration: GlobalConfiguration, *, as_json: bool) -> None:
    """Print a configuration."""
    if as_json:
        said(json.dumps(_summary(configuration), indent=2))
    else:
        instance_tables(configuration)


def _show_site(site: Opened, *, as_json: bool) -> None:
    """Print what a site keeps, how its last fetch ended, and what it publishes."""
    records, kept = site.follower.fetched(), _kept(site.follower)
    if as_json:
        said(json.dumps(_everything(site, kept), indent=2))
        return
    if kept is not None:
        _show(kept, as_json=False)
    for each in records:
        tell(record_lines(each))
    if not records:
        done("Nothing was fetched yet.")
    if site.publisher is not None:
        publication_lines(site.publisher.published())


def _everything(site: Opened, kept: GlobalConfiguration | None) -> dict[str, Any]:
    """Return what `show` knows as JSON."""
    found: dict[str, Any] = _summary(kept) if kept else {}
    found["fetched"] = [as_mapping(each) for each in site.follower.fetched()]
    if site.publisher is not None:
        published = site.publisher.published()
        found["published"] = {"stamp": published.stamp, "expires_at": published.expires_at.isoformat()}
    return found


def _summary(configuration: GlobalConfiguration) -> dict[str, Any]:
    """Return how many of each thing every instance has."""
    return {
        "instance": configuration.instance,
        "instances": {
            name: {
                "version": each.shared.version,
                "expires_at": each.shared_until.isoformat() if each.shared_until else None,
                "members": len(each.shared.members),
                "servers": len(each.shared.servers),
                "groups": len(each.shared.groups),
                "certification_authorities": len(each.shared.cas),
                "time_stamping_authorities": len(each.shared.tsas),
            }
            for name, each in configuration.instances.items()
            if each.shared
        },
    }
