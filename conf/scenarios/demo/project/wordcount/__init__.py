"""Count how often each word of a text occurs."""
