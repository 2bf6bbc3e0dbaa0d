# SPDX-License-Identifier: EUPL-1.2
"""The one room that knows OpenFisca: loads a law and computes with it, in a process of its own."""
