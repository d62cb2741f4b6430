"""What a cluster sends to Cloud Logging and Cloud Monitoring. In addition, GKE always writes audit
logs of the changes that are made through the Kubernetes API."""

#: The logs of the control plane, and of the containers.
LOG_COMPONENTS = ("SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER")
#: GKE's own metrics, which are free. PodMonitoring objects of your own add others, which are not.
METRIC_COMPONENTS = ("SYSTEM_COMPONENTS",)
