# SPDX-License-Identifier: EUPL-1.2
"""The tables of the exchange and the only SQL that touches them."""
