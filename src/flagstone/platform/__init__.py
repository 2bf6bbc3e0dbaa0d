"""Mechanisms with side effects; one door per library."""
