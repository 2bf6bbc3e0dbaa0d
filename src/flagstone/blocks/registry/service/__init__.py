# SPDX-License-Identifier: EUPL-1.2
"""The registry's use cases: what it promises in its contract, kept on a database."""
