"""The ingress controllers of the `nginx` gateway, one file each."""
