"""`kubeconfig`: how clients log in to a GKE cluster."""

from __future__ import annotations

from typing import Any

import pulumi

from components.clusters.cloud import CidrsAccess, PrivateAccess
from components.clusters.exec_kubeconfig import exec_kubeconfig
from components.clusters.gke.control_plane import ControlPlane
from components.clusters.gke.options import GkeOptions
from components.clusters.gke.provider_keys import login_arguments


def kubeconfig(control_plane: ControlPlane, options: GkeOptions) -> pulumi.Output[str]:
    """A kubeconfig that calls `gke-gcloud-auth-plugin`, which gets a token by the caller's Google
    login. A secret.
    https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-access-for-kubectl"""
    cluster = control_plane.cluster
    certificate: pulumi.Input[str | None] = cluster.master_auth.apply(
        lambda it: it.cluster_ca_certificate
    )
    if isinstance(options.access, CidrsAccess):
        host: pulumi.Output[Any] = cluster.endpoint
    elif isinstance(options.access, PrivateAccess):
        host = cluster.private_cluster_config.apply(lambda it: it.private_endpoint)
    else:
        host = cluster.control_plane_endpoints_config.apply(
            lambda it: it.dns_endpoint_config.endpoint if it.dns_endpoint_config else None
        )
        # The certificate of the DNS endpoint is signed by a public authority.
        certificate = None
    return exec_kubeconfig(
        name=control_plane.name,
        server=host.apply(lambda it: f"https://{it}"),
        certificate_authority=certificate,
        command="gke-gcloud-auth-plugin",
        arguments=login_arguments(options.settings("gcp")),
        install_hint="gcloud components install gke-gcloud-auth-plugin",
        provide_cluster_info=True,
    )
