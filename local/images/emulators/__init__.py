"""An image of emulators of S3 and GCS, for tests."""
