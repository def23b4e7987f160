"""What operators do with commands."""
