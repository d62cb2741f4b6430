"""`Chart`: a vendor's chart, pinned, from its repository or from the stack's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.helm.v4 import Chart, RepositoryOptsArgs

from components.images import Images


@dataclass(frozen=True, kw_only=True)
class ChartPin:
    """A chart of a `repository` (`https://…`, or `oci://…` of a registry) in one version."""

    name: str
    repository: str
    version: str


def make_chart(
    resource_name: str,
    pin: ChartPin,
    *,
    namespace: pulumi.Input[str],
    values: Mapping[str, Any],
    images: Images,
    opts: pulumi.ResourceOptions,
) -> Chart:
    """The chart's objects, in a release that has the chart's name. `images.charts` may name another
    repository. Importing this module imports the SDK's classes, which takes a second."""
    chart, repository = images.chart(pin.name, pin.repository)
    return Chart(
        resource_name,
        name=pin.name,
        chart=chart,
        version=pin.version,
        namespace=namespace,
        repository_opts=RepositoryOptsArgs(repo=repository),
        values=dict(values),
        opts=opts,
    )
