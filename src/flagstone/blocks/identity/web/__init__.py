# SPDX-License-Identifier: EUPL-1.2
"""Routes and pages of identity."""
