# SPDX-License-Identifier: EUPL-1.2
"""Drop what each message wrote and hardly anything read: seconds by their index, and answers among faults."""

from flagstone.platform.storage.sql import op, text

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.drop_index("message_request_by_second", "message_request")
    op.drop_index("message_response_by_fault", "message_response")
    failed = text("fault != ''")
    op.create_index(
        "message_response_by_fault",
        "message_response",
        ["fault", "at"],
        sqlite_where=failed,
        postgresql_where=failed,
    )
