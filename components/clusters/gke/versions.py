"""The minor versions of Kubernetes on GKE. There are no add-ons to pin: GKE chooses DNS, the CSI
drivers, the metrics server and the GPU device plugin by the minor version."""

from __future__ import annotations

from datetime import date

from components.clusters.version_support import Minor

#: From Google's release schedule, column "end of standard support", read on 2026-08-22 from
#: endoflife.date: https://cloud.google.com/kubernetes-engine/docs/release-schedule
MINORS = {
    "1.33": Minor(until=date(2026, 8, 3)),
    "1.34": Minor(until=date(2026, 10, 1)),
    "1.35": Minor(until=date(2027, 4, 11)),
    "1.36": Minor(until=date(2027, 8, 9)),
}
#: The version of new clusters in the Regular channel on 2026-09-17.
DEFAULT_MINOR = "1.35"
