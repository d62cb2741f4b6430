"""A named Kubernetes cluster in namespaces, a cgroup and a directory of its own."""
