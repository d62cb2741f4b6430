"""`pulumi-resource-kubernetes` where the official one cannot be downloaded.

Speaks to the API with the same calls as the official plugin (a create, then server-side apply),
keeps the same state, so that a stack can go from one to the other.
"""
