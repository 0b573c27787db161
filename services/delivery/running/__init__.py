"""The CLIs: how each is started in its pane, known to live and to have ended, and what is particular to each."""
