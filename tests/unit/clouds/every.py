"""The mocks of all clouds, by the kind of cluster."""

from __future__ import annotations

from collections.abc import Mapping

from tests.unit.clouds.ack_stack import Alibaba
from tests.unit.clouds.aws import Aws
from tests.unit.clouds.gke import Gcp
from tests.unit.components.engine import Cloud

CLOUDS: Mapping[str, Cloud] = {"ack": Alibaba(), "eks": Aws(), "gke": Gcp()}
