"""Stand-ins for the official Pulumi plugins, used only where those cannot be downloaded."""
