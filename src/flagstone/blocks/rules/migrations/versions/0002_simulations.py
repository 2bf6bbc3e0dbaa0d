# SPDX-License-Identifier: EUPL-1.2
"""Create simulations and the surveys that they may be about."""

from flagstone.platform.storage.sql import Column, Document, Integer, Text, op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "simulation",
        Column("number", Text, primary_key=True),
        Column("sequence", Integer, nullable=False, unique=True),
        *(Column(name, Text, nullable=False) for name in ("plan", "by", "at", "progress")),
        *(Column(name, Integer, nullable=False) for name in ("done", "chunks")),
        *(Column(name, Text, nullable=False) for name in ("law", "findings", "fault")),
        Column("milliseconds", Integer, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("deleted_at", Text),
    )
    op.create_index("simulation_by_progress", "simulation", ["progress", "sequence"])
    op.create_table(
        "survey",
        Column("name", Text, primary_key=True),
        *(Column(name, Integer, nullable=False) for name in ("households", "people")),
        Column("variables", Document, nullable=False),
        Column("sha256", Text, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("deleted_at", Text),
    )
