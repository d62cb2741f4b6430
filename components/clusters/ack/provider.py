"""`alicloud_provider`: the provider of Alibaba Cloud that a stack uses."""

from __future__ import annotations

import pulumi
from pulumi_alicloud import Provider

from components.clusters.providers import make_provider
from components.config.provider_keys import Settings


def alicloud_provider(
    name: str,
    settings: Settings,
    *,
    region: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> Provider:
    """A provider for resources in `region`, with the stack file's `settings`."""
    return make_provider(Provider, "alicloud", name, settings, opts, region=region)
