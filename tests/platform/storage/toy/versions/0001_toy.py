# SPDX-License-Identifier: EUPL-1.2
"""Create the toy block's tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "stone",
        sa.Column("quarry", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column(
            "data", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("polished", sa.Boolean, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("deleted_at", sa.Text),
    )
    op.create_table("colour", sa.Column("number", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
