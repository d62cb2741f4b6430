"""The gateway kinds, which make models reachable from outside the cluster."""
