"""Why an object on a cluster is not ready, or does not go: sentences from its state, its pods,
events and logs. The program prints them when an operation fails, the client at any time."""
