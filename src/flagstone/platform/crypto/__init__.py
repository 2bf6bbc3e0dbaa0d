# SPDX-License-Identifier: EUPL-1.2
"""Keys, signatures and canonical bytes; rooms named after their specification."""
