"""`gcp_provider`: the provider of Google Cloud that a stack uses."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from components.clusters.providers import make_provider
from components.config.provider_keys import Settings


def gcp_provider(
    name: str,
    settings: Settings,
    *,
    project: pulumi.Input[str],
    region: str | None = None,
    opts: pulumi.ResourceOptions,
) -> gcp.Provider:
    """A provider for resources in `project`, with the stack file's `settings`."""
    return make_provider(gcp.Provider, "gcp", name, settings, opts, project=project, region=region)
