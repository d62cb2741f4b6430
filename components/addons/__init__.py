"""Add-ons, each of which is installed once on a cluster."""
