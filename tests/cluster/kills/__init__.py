"""Long tests, run by `make kills`."""
