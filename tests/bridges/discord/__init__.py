"""The Discord bridge as its own process, against a stand-in for Discord."""

QUICK = {"debounce_seconds": 0, "peer_debounce_seconds": 0, "to_user_min_interval_s": 0}
