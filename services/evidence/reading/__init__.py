"""How a diff is read: its sections and hunks, where they land on a base, what is told of them. Only git looks."""
