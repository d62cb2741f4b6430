"""What serves the Ingress objects of the `nginx` gateway: one file a controller."""
