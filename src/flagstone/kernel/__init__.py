"""Values that everybody shares; standard library only."""
