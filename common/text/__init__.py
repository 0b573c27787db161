"""Text as such: lines, counts and tables for people, fences, YAML that others wrote, and no secrets."""
