"""Lint and tests: which there are, in which environment they run, and what a run proves."""
