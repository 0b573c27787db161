"""Crash a scratch project in every way we know while it works, and count what is lost or done twice."""
