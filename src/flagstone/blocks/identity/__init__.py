"""Identity: who signs in, who asks, and the tokens that say so."""
