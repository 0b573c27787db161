"""Text as such: lines, counts and tables for people, fences, evidence cards, YAML that others wrote, and no secrets."""
