# SPDX-License-Identifier: EUPL-1.2
"""What the portal does: keeping sessions, gathering a person's facts, describing life events."""
