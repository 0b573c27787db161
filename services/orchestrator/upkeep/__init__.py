"""What keeps two peers on course for weeks: SYSTEM texts, self-checks, compactions, the keepalive."""
