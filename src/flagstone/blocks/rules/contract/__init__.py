# SPDX-License-Identifier: EUPL-1.2
"""What others may know of the rules block."""
