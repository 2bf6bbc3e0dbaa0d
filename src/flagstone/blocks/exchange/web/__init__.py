# SPDX-License-Identifier: EUPL-1.2
"""Where the exchange meets HTTP."""
