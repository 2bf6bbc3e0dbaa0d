"""Building blocks of a digital state, one folder each."""
