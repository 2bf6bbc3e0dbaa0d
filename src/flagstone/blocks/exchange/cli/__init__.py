# SPDX-License-Identifier: EUPL-1.2
"""The exchange at the operator's command line."""
