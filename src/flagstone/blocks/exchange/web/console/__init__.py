# SPDX-License-Identifier: EUPL-1.2
"""The operator's pages: who belongs to the exchange, what this server offers and to whom, what passed."""
