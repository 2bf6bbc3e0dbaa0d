# SPDX-License-Identifier: EUPL-1.2
"""Every option of a site, typed and read once; a secret is never a value, only the path of its file."""
