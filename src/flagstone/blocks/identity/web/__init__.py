"""Routes and pages of identity."""
