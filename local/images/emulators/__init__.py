"""Buckets for tests: S3 and GCS, each by a server of its own."""
