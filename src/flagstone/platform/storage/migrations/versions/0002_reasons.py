# SPDX-License-Identifier: EUPL-1.2
"""Keep with each reading its case, until when it is hidden, and the end user it was made for."""

from flagstone.platform.storage.sql import Column, Text, op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for name in ("case_number", "hidden_until", "on_behalf"):
        op.add_column("person_read", Column(name, Text, nullable=False, server_default=""))
    op.create_index("person_read_by_time", "person_read", ["at"])
