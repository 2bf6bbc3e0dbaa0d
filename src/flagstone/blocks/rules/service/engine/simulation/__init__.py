# SPDX-License-Identifier: EUPL-1.2
"""Whole populations, chunk by chunk: who they are, what a law makes of them, and what that comes to."""
