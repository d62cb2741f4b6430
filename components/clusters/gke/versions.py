"""Kubernetes' minor versions on GKE. GKE brings DNS, the CSI drivers, the metrics server and the
GPU device plugin with the minor version: there are no add-ons to pin."""

from __future__ import annotations

from datetime import date

from components.clusters.version_support import Minor

#: Google's release schedule, its column "end of standard support", read on 2026-08-22 by way of
#: endoflife.date: https://cloud.google.com/kubernetes-engine/docs/release-schedule
MINORS = {
    "1.33": Minor(until=date(2026, 8, 3)),
    "1.34": Minor(until=date(2026, 10, 1)),
    "1.35": Minor(until=date(2027, 4, 11)),
    "1.36": Minor(until=date(2027, 8, 9)),
}
#: What new clusters in the Regular channel had on 2026-09-17.
DEFAULT = "1.35"
