"""The gate tree, and the files of the user's tree: what stands there, and how it is replaced by all or nothing."""
