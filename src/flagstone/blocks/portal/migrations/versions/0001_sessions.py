# SPDX-License-Identifier: EUPL-1.2
"""Create sessions."""

from flagstone.platform.storage.sql import Column, Integer, LargeBinary, Text, op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "session",
        Column("id", Text, primary_key=True),
        Column("token_hash", Text, nullable=False, unique=True),
        Column("person_index", Text, nullable=False),
        Column("person", LargeBinary, nullable=False),
        Column("provider_session", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("language", Text, nullable=False),
        Column("signed_in_at", Text, nullable=False),
        Column("seen_at", Text, nullable=False),
        Column("ends_at", Text, nullable=False),
        Column("ended_at", Text),
        Column("end_reason", Text),
        Column("revision", Integer, nullable=False),
        Column("deleted_at", Text),
    )
    op.create_index("session_by_person", "session", ["person_index"])
    op.create_index("session_by_provider", "session", ["provider_session"])
    op.create_index("session_by_subject", "session", ["subject"])
    op.create_index("session_by_end", "session", ["ends_at"])
