"""KServe's storage initializer: its own library, and a script that does what its image's does."""
