# SPDX-License-Identifier: EUPL-1.2
"""The wizard by which a system comes onto the exchange, and the words of its nine checks."""
