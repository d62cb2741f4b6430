"""The container images that the local cluster runs, without docker and without a daemon: pulled
where a registry can be reached, else made here from package registries."""
