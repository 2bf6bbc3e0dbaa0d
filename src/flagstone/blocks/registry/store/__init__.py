# SPDX-License-Identifier: EUPL-1.2
"""The registry's tables and the only SQL that touches them."""
