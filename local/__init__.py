"""A real Kubernetes and a real Pulumi engine on this machine, from package registries alone.

Nothing in `components/` or `client/` knows of this package: it is used by `make`, and by tests.
"""
