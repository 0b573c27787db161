"""What the peers hand in: taken from the mailbox, decoded, and what is in it."""
