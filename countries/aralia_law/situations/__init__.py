# SPDX-License-Identifier: EUPL-1.2
"""Situations that show how the law is asked."""
