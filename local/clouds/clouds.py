"""The clouds that are simulated, by the name of their plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from local.clouds import alicloud, aws, gcp
from local.clouds.cloud import Cloud

CLOUDS: Final[Mapping[str, Cloud]] = {
    each.name: each for each in (aws.CLOUD, gcp.CLOUD, alicloud.CLOUD)
}
