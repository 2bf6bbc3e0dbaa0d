# SPDX-License-Identifier: EUPL-1.2
"""The portal's sessions: keeps the promise `Sessions` of platform.http, with idle and absolute limits."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from flagstone.blocks.identity.contract import Identity
from flagstone.blocks.portal import store
from flagstone.blocks.portal.contract import OpenSession, PersonNeeded
from flagstone.blocks.portal.model import Limits, is_note_due
from flagstone.kernel.audit import SITE_ROLES, Actor, ActorKind, Caller, Reason, job
from flagstone.kernel.clock import Clock, parse_rfc3339, rfc3339
from flagstone.kernel.ids import PersonCode, fresh_uuid
from flagstone.platform.crypto.keys import SecretKey
from flagstone.platform.crypto.seal import blind_index, seal, unseal
from flagstone.platform.http.principal import Principal
from flagstone.platform.http.relying_party import Notice, Proven
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.sql import Row

TOKEN_BYTES = 32
KEPT_AFTER_END = timedelta(days=30)
PERSON = ("portal", "session", "person")
SIGNED_IN = "signed-in"
US = job("portal")


@dataclass(frozen=True)
class SignedIn:
    """A fresh session: its token, which only the browser keeps, and its id."""

    id: str
    token: str = field(repr=False)


class PortalSessions:
    """Sessions of persons; the browser holds 32 random bytes, the table their SHA-256."""

    def __init__(
        self,
        database: Database,
        key: SecretKey,
        limits: Limits,
        clock: Clock,
        *,
        identity: Identity | None = None,
    ) -> None:
        """Keep sessions in `database`, persons sealed by `key`.

        With the provider on the same site, `identity` ends sign-ins there too; elsewhere it tells us.
        """
        self._database = database
        self._key = key
        self._limits = limits
        self._clock = clock
        self._identity = identity

    @property
    def beside_provider(self) -> bool:
        """Tell whether the provider is on this site, so that ending a session ends the sign-in there."""
        return self._identity is not None

    def find(self, token: str) -> Principal | None:
        """Return the principal of a live session and note its use; None when it ended or is unknown."""
        with self._database.reading() as view:
            row = store.by_token(view, fingerprint(token))
        if row is None or self._is_over(row):
            return None
        if is_note_due(self._clock.now(), parse_rfc3339(row["seen_at"])):
            changes = {"seen_at": rfc3339(self._clock.now())}
            with self._database.writing(US, Reason("note that a session is in use")) as write:
                write.update(store.sessions, {"id": row["id"]}, changes)
        return self._principal(row, token)

    def begin(self, proven: Proven, language: str) -> SignedIn:
        """Begin a session for whom the provider has proven; PersonNeeded when it did not say who she is."""
        claims = proven.claims
        code = claims.get("personal_code")
        if not isinstance(code, str) or not code:
            raise PersonNeeded("The provider did not give a personal code.")
        now, token = self._clock.now(), secrets.token_urlsafe(TOKEN_BYTES)
        session_id = str(fresh_uuid(now))
        person = {
            "personal_code": code,
            "name": _text(claims.get("name")),
            "roles": [each for each in _list(claims.get("roles")) if isinstance(each, str)],
            "organisation": _text(claims.get("organisation")),
            "id_token": proven.id_token,
        }
        row = {
            "id": session_id,
            "token_hash": fingerprint(token),
            "person_index": self._index(code),
            "person": self._sealed(person, session_id),
            "provider_session": proven.session,
            "subject": proven.subject,
            "language": language,
            "signed_in_at": rfc3339(now),
            "seen_at": rfc3339(now),
            "ends_at": rfc3339(now + self._limits.absolute),
        }
        with self._database.writing(US, Reason("a person signs in")) as write:
            write.insert(store.sessions, row)
        return SignedIn(session_id, token)

    def end(self, token: str) -> str:
        """End the session of a token; return its ID token for the provider, empty when it was over."""
        with self._database.reading() as view:
            row = store.by_token(view, fingerprint(token))
        if row is None or self._is_over(row):
            return ""
        self._end([row], "the person signed out")
        return str(self._opened(row)["id_token"])

    def take_notice(self, notice: Notice) -> int:
        """End the sessions of a sign-in that ended at the provider; return how many there were."""
        with self._database.reading() as view:
            rows = store.open_at_provider(view, notice.session, notice.subject)
        return self._end(rows, "signed out at the provider")

    def of_person(self, who: Principal) -> tuple[OpenSession, ...]:
        """Return a person's own live sessions, the newest first."""
        return tuple(
            OpenSession(
                row["id"],
                parse_rfc3339(row["signed_in_at"]),
                parse_rfc3339(row["seen_at"]),
                parse_rfc3339(row["ends_at"]),
                row["id"] == who.session,
            )
            for row in self._live(who)
        )

    def end_one(self, who: Principal, session_id: str) -> None:
        """End one of a person's own sessions, at the provider too; nothing happens to anybody else's."""
        rows = [row for row in self._live(who) if row["id"] == session_id]
        self._end(rows, "ended by the person from another session")
        if self._identity is not None:
            for row in rows:
                self._identity.end_session(row["provider_session"], "ended by the person at the portal")

    def end_all(self, who: Principal) -> int:
        """End every session of a person, at the provider too; return how many there were here."""
        ended = self._end(self._live(who), "signed out everywhere")
        if self._identity is not None and who.person is not None:
            self._identity.end_sessions_of(who.person, "signed out everywhere")
        return ended

    def erase_old(self, limit: int = 500) -> int:
        """Erase at most `limit` sessions that were over a month ago; return how many were."""
        with self._database.reading() as view:
            over = store.over_before(view, self._clock.now() - KEPT_AFTER_END, limit)
        if over:
            with self._database.writing(US, Reason("erase what is no longer needed")) as write:
                for session_id in over:
                    write.erase(store.sessions, {"id": session_id})
        return len(over)

    def _live(self, who: Principal) -> list[Row]:
        """Return the rows of a person's live sessions."""
        if who.person is None:
            raise PersonNeeded
        with self._database.reading() as view:
            rows = store.open_of_person(view, self._index(who.person))
        return [row for row in rows if not self._is_over(row)]

    def _end(self, rows: Sequence[Row], reason: str) -> int:
        """End sessions in one transaction."""
        if rows:
            with self._database.writing(US, Reason(f"a session ends: {reason}")) as write:
                for row in rows:
                    changes = {"ended_at": rfc3339(write.at), "end_reason": reason}
                    write.update(store.sessions, {"id": row["id"]}, changes)
        return len(rows)

    def _is_over(self, row: Row) -> bool:
        seen, ends = parse_rfc3339(row["seen_at"]), parse_rfc3339(row["ends_at"])
        return bool(row["ended_at"]) or self._limits.is_over(self._clock.now(), seen_at=seen, ends_at=ends)

    def _principal(self, row: Row, token: str) -> Principal:
        """Return who the session's row says she is; an official when she signed in to an office."""
        person = self._opened(row)
        roles = frozenset(map(str, _list(person["roles"]))) - SITE_ROLES
        kind = ActorKind.OFFICIAL if roles else ActorKind.PERSON
        code, name = str(person["personal_code"]), str(person["name"])
        actor = Actor(kind, code, name, str(person["organisation"]))
        return Principal(
            Caller(actor, roles | {SIGNED_IN}),
            person=PersonCode(code),
            name=name,
            session=row["id"],
            csrf=form_token(token),
            language=row["language"] or None,
        )

    def _index(self, code: str) -> str:
        return blind_index(self._key, code, PERSON)

    def _sealed(self, person: Mapping[str, object], session_id: str) -> bytes:
        text = json.dumps(person, ensure_ascii=False)
        return seal(self._key, text.encode(), (*PERSON, session_id))

    def _opened(self, row: Row) -> Mapping[str, object]:
        """Return what was sealed; SealBroken when the row was tampered with."""
        found: Mapping[str, object] = json.loads(unseal((self._key,), row["person"], (*PERSON, row["id"])))
        return found


def fingerprint(token: str) -> str:
    """Return the hex SHA-256 by which a session is found."""
    return hashlib.sha256(token.encode()).hexdigest()


def form_token(token: str) -> str:
    """Return the token that the session's forms carry: a keyed digest, which does not give it away."""
    made = hmac.new(token.encode(), b"flagstone form", hashlib.sha256).digest()
    return urlsafe_b64encode(made).rstrip(b"=").decode()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
