# SPDX-License-Identifier: EUPL-1.2
"""The tracker's use cases: telling a person, answering her, watching over readings, asking every agency."""
