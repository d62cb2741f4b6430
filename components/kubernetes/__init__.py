"""Kubernetes objects, charts and kubeconfigs: what every room builds with."""
