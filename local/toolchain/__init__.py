"""Finds, downloads or builds the programs that the local environment runs."""
