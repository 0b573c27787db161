"""A peer's pane: what is on its screen, and the typing of a line into it."""
