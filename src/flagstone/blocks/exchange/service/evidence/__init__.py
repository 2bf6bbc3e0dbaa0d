# SPDX-License-Identifier: EUPL-1.2
"""Evidence of messages: made, kept, time-stamped, archived and verified."""
