"""What people are shown: `status.json`, a fact in one line, a text in full, what keeps patches from landing."""
