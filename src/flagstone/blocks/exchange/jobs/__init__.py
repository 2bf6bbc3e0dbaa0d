# SPDX-License-Identifier: EUPL-1.2
"""What the exchange does without a request."""
