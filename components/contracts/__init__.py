"""What the rooms promise each other."""
