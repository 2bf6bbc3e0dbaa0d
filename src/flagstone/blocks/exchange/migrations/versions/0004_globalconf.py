# SPDX-License-Identifier: EUPL-1.2
"""Create the table of the keys that sign a published configuration."""

from flagstone.platform.storage.sql import Column, Integer, LargeBinary, Text, op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "configuration_key",
        Column("name", Text, primary_key=True),
        Column("audience", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("since", Text, nullable=False),
        Column("certificate", LargeBinary, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("deleted_at", Text),
    )
