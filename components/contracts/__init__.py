"""Contracts: the interfaces of the kinds that a stack is built from, and their arguments."""
