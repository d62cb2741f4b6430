"""Namespaces, volumes, certificates and load balancers, which every kind of cluster has."""
