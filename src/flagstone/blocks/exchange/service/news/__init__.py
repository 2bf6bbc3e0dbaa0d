# SPDX-License-Identifier: EUPL-1.2
"""Events between organisations: publishing and delivering them, taking them and reacting to them."""
