"""An image of KServe's storage initializer: its own library, and a script that behaves as that of
the official image."""
