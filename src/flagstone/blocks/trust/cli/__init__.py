# SPDX-License-Identifier: EUPL-1.2
"""`flagstone trust`: the ceremony, requests, certificates and keys on the command line."""
