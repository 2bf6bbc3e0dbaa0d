# SPDX-License-Identifier: EUPL-1.2
"""Registers defined as data, records with full history, and GovStack's Digital Registries APIs."""
