"""The kinds of gateway: how a model is reached from outside."""
