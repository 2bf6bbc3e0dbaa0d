# SPDX-License-Identifier: EUPL-1.2
"""Where people come in: home by life event, my facts, signing in and out."""
