# SPDX-License-Identifier: EUPL-1.2
"""Sign-ins at the provider: one for each browser, with an idle and an absolute limit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flagstone.blocks.identity import store
from flagstone.blocks.identity.contract import ClientSignedOut, SignedIn, SignedOut, SignIn, Subject
from flagstone.blocks.identity.service.terms import Terms
from flagstone.blocks.identity.service.vault import Vault, fingerprint, fresh_secret
from flagstone.kernel.audit import Reason, job
from flagstone.kernel.clock import Clock, parse_rfc3339, rfc3339
from flagstone.kernel.ids import PersonCode, fresh_uuid
from flagstone.platform.storage.database import Database
from flagstone.platform.storage.sql import Row
from flagstone.platform.storage.writing import Writing

SEEN_EVERY = timedelta(seconds=60)
"""A session's last use is written at most this often."""


@dataclass(frozen=True)
class Session:
    """A live sign-in with its subject."""

    id: str
    subject: Subject = field(repr=False)
    person_index: str = field(repr=False)
    signed_in_at: datetime
    seen_at: datetime
    ends_at: datetime
    clients: tuple[str, ...]


class Sessions:
    """The provider's sessions; the cookie holds 32 random bytes, the table their SHA-256."""

    def __init__(self, database: Database, vault: Vault, terms: Terms, clock: Clock) -> None:
        """Keep sessions in `database`, their subjects sealed by `vault`."""
        self._database = database
        self._vault = vault
        self._terms = terms
        self._clock = clock

    def find(self, cookie: str) -> Session | None:
        """Return the live session of a cookie and note its use; None when it has ended or is unknown."""
        with self._database.reading() as view:
            row = store.session_by_cookie(view, fingerprint(cookie))
        session = self._live(row)
        if session and self._clock.now() - session.seen_at >= SEEN_EVERY:
            self._change(session.id, "note that a session is in use", seen_at=rfc3339(self._clock.now()))
        return session

    def find_by_id(self, session_id: str) -> Session | None:
        """Return a live session by its `sid`; this does not count as use."""
        with self._database.reading() as view:
            return self._live(store.session_row(view, session_id))

    def begin(self, subject: Subject, cookie_before: str) -> tuple[Session, str]:
        """Begin a sign-in; return it and its fresh cookie.

        When the browser's session is the same person's in the same office it goes on, newly proven and
        under a new cookie (no fixation); any other session of the browser ends.
        """
        now = self._clock.now()
        before = self.find(cookie_before) if cookie_before else None
        index = self._vault.person_index(subject.person.personal_code)
        goes_on = (
            before is not None and before.person_index == index and before.subject.office == subject.office
        )
        if before is not None and not goes_on:
            self.end(before.id, "another person or office signed in")
        cookie = fresh_secret()
        session_id = before.id if before is not None and goes_on else str(fresh_uuid(now))
        row = {
            "cookie_hash": fingerprint(cookie),
            "subject": self._vault.hide_subject(subject, session_id),
            "signed_in_at": rfc3339(now),
            "seen_at": rfc3339(now),
            "ends_at": rfc3339(now + self._terms.session_absolute),
        }
        with self._database.writing(job("identity"), Reason("a person signs in")) as write:
            if goes_on:
                write.update(store.sessions, {"id": session_id}, row)
            else:
                write.insert(store.sessions, row | {"id": session_id, "person_index": index, "clients": []})
            write.publish(SignedIn(session_id, subject.acr))
        session = self.find_by_id(session_id)
        assert session is not None
        return session, cookie

    def end(self, session_id: str, reason: str) -> bool:
        """End a session, revoke its tokens and owe its clients the news; False when it had ended."""
        with self._database.reading() as view:
            row = store.session_row(view, session_id)
        if row is None or row["ended_at"]:
            return False
        with self._database.writing(job("identity"), Reason(f"a sign-in ends: {reason}")) as write:
            return self._end(write, session_id, reason)

    def of_person(self, person: PersonCode) -> tuple[SignIn, ...]:
        """Return a person's live sign-ins, the newest first."""
        with self._database.reading() as view:
            rows = store.open_sessions(view, self._vault.person_index(person))
        found = [session for session in map(self._live, rows) if session]
        return tuple(
            SignIn(s.id, s.signed_in_at, s.seen_at, s.ends_at, s.subject.acr, s.clients) for s in found
        )

    def end_of_person(self, person: PersonCode, reason: str) -> int:
        """End every session of a person; return how many of them were live."""
        live = len(self.of_person(person))
        with self._database.reading() as view:
            rows = store.open_sessions(view, self._vault.person_index(person))
        for row in rows:
            self.end(row["id"], reason)
        return live

    def erase_old(self, limit: int = 500) -> int:
        """Erase at most `limit` rows of each kind that were over long ago; return how many were."""
        before = self._clock.now() - self._terms.kept_after_end
        with self._database.reading() as view:
            over = store.erasable(view, before, limit)
        if over:
            with self._database.writing(job("identity"), Reason("erase what is no longer needed")) as write:
                for table, key in over:
                    write.erase(table, key)
        return len(over)

    def of_row(self, row: Row) -> Session:
        """Return the session of a row, live or not."""
        return Session(
            id=row["id"],
            subject=self._vault.show_subject(row["subject"], row["id"]),
            person_index=row["person_index"],
            signed_in_at=parse_rfc3339(row["signed_in_at"]),
            seen_at=parse_rfc3339(row["seen_at"]),
            ends_at=parse_rfc3339(row["ends_at"]),
            clients=tuple(row["clients"]),
        )

    def join(self, write: Writing, session: Session, client_id: str) -> None:
        """Note that a client takes part in a session, so that it is told of the end."""
        row = store.session_row(write, session.id)
        if row is not None and client_id not in row["clients"]:
            write.update(store.sessions, {"id": session.id}, {"clients": [*row["clients"], client_id]})

    def _end(self, write: Writing, session_id: str, reason: str) -> bool:
        """End a session within a transaction."""
        row = store.session_row(write, session_id)
        first = row is not None and not row["ended_at"]
        ended = {"ended_at": rfc3339(write.at), "end_reason": reason} if first else {}
        after = write.update(store.sessions, {"id": session_id}, ended)
        store.revoke_tokens(write, "session", session_id)
        if not first:
            return False
        write.publish(SignedOut(session_id, reason))
        for client in after["clients"]:
            write.publish(ClientSignedOut(session_id, client))
        return True

    def _change(self, session_id: str, purpose: str, **changes: str) -> None:
        """Change a session's row."""
        with self._database.writing(job("identity"), Reason(purpose)) as write:
            write.update(store.sessions, {"id": session_id}, changes)

    def _live(self, row: Row | None) -> Session | None:
        """Return the session of a row unless it was ended or passed a limit."""
        if row is None or row["ended_at"]:
            return None
        now, seen, ends = self._clock.now(), parse_rfc3339(row["seen_at"]), parse_rfc3339(row["ends_at"])
        if now >= ends or now - seen >= self._terms.session_idle:
            return None
        return self.of_row(row)
