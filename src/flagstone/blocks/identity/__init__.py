# SPDX-License-Identifier: EUPL-1.2
"""Identity: who signs in, who asks, and the tokens that say so."""
