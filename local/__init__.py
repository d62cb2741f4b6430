"""A real Kubernetes and a real Pulumi engine on this machine, from package registries alone.

Used by `make` and by tests. Nothing in `components/` or `client/` imports it.
"""
