"""What one peer says to the other: held, released, dropped or handed on."""
