# SPDX-License-Identifier: EUPL-1.2
"""The law computes: calculations under a known law, with reasons, that can be done again."""
