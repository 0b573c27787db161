"""The Discord bridge, mostly as its own process, against a stand-in for Discord."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # the library imports what Python 3.13 leaves out, for voice
    import discord  # noqa: F401

QUICK = {"debounce_seconds": 0, "peer_debounce_seconds": 0, "to_user_min_interval_s": 0}
