"""What a person wants of a CLI: a turn stopped, a line typed as it is."""
