"""The program in the panel pane, and `cccc panel`: it reads `status.json`, and nothing else of the panel service."""
