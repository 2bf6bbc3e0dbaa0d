# SPDX-License-Identifier: EUPL-1.2
"""The tables of the trust services, and the only SQL that touches them."""
