# SPDX-License-Identifier: EUPL-1.2
"""The one door to a database: reads, audited writes, the journal, the outbox, migrations."""
