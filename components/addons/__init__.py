"""Add-ons: what is installed once on a cluster."""
