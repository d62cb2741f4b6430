"""A stand-in for `pulumi-resource-tls` if that cannot be downloaded: keys and certificates."""
