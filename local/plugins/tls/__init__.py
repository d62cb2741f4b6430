"""`pulumi-resource-tls` where the official one cannot be downloaded: keys and certificates."""
