# SPDX-License-Identifier: EUPL-1.2
"""The stories of citizen and official in a real browser, on a real country."""
