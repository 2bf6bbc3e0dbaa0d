# SPDX-License-Identifier: EUPL-1.2
"""The tracker: everybody sees who looked at her data, why and on what legal ground."""
