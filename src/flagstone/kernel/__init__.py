# SPDX-License-Identifier: EUPL-1.2
"""Values that everybody shares; standard library only."""
