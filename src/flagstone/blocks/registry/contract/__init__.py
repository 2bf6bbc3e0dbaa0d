# SPDX-License-Identifier: EUPL-1.2
"""All that others may know of the registry; terms follow GovStack's Digital Registries (DRS-1 to DRS-37)."""
