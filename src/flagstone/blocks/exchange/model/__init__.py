# SPDX-License-Identifier: EUPL-1.2
"""The rules of the exchange as pure functions over the contract's values."""
