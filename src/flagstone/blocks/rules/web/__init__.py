# SPDX-License-Identifier: EUPL-1.2
"""The faces of the rules block."""
