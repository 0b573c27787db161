"""Moving a checked commit to the user: branch, index, files, hooks; settings after a decision."""
