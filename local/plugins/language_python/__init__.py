"""`pulumi-language-python` for an engine that was built from its Go module: only the published
engine comes with one."""
