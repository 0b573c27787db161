"""Telling a CLI that mail waits: by a NUDGE line, or without a key."""
