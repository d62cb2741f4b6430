"""`pulumi-language-python` for an engine built from its Go module, which comes without one."""
