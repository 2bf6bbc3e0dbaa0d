# SPDX-License-Identifier: EUPL-1.2
"""`flagstone rules`: a law's tests, its web API, and simulations on the command line."""
