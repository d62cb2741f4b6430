"""A named Kubernetes cluster with its own Linux namespaces, cgroup and directory."""
