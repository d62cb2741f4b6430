"""Long tests, run by `make test-long`."""
