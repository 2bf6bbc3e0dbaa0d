"""Flagstone: a whole digital state in one package."""
