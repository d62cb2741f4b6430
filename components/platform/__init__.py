"""What stands once on a cluster, whatever models it serves."""
