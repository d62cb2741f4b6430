"""The container images that the local cluster runs, without Docker and without a daemon: pulled if
their registry is reachable, else built here from package registries."""
