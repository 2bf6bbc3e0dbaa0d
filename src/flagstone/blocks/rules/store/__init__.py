# SPDX-License-Identifier: EUPL-1.2
"""The tables of the rules block, and the only SQL that touches them."""
