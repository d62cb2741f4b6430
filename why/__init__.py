"""Finds out why an object on a cluster is not ready or is not deleted, from its status, pods, events
and logs. The program prints the reasons when an operation fails, the client at any time."""
