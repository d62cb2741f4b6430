"""One file a place that model files come from: its options and what a pod mounts."""
