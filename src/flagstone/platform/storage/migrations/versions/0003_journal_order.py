# SPDX-License-Identifier: EUPL-1.2
"""Order the journal's look-up by key first, so that what one transaction changed lies together."""

from flagstone.platform.storage.sql import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.drop_index("journal_by_row", "journal")
    op.create_index("journal_by_row", "journal", ["key", "table_name", "sequence"])
