"""The inbox folders, and what proves that a message was read."""
