"""One file a kind of cluster: its options and its component."""
