"""What a cluster sends to Cloud Logging and Cloud Monitoring. Beside it GKE always writes the
audit log of what was changed through the Kubernetes API."""

#: The control plane's own logs, and what containers print.
LOGGED = ("SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER")
#: GKE's own metrics, which cost nothing; what costs is chosen by one's own PodMonitoring objects.
MEASURED = ("SYSTEM_COMPONENTS",)
