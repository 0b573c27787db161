"""What `scripts/bench` measures: each module is a group of rows in one of its tables."""
