"""What only the makers run, from a checkout: benchmarks, the pictures, the narrated demo. It is in no wheel."""
