"""The rules of the protocol as pure functions."""
