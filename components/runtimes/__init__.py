"""One file a way of serving a model: its options and its component."""
