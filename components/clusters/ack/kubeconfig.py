"""`kubeconfig`: how clients log in to a cluster on ACK."""

from __future__ import annotations

import pulumi

from components.clusters.ack.control_plane import ControlPlane
from components.clusters.ack.options import AckOptions
from components.clusters.ack.provider_keys import login_arguments
from components.clusters.exec_kubeconfig import exec_kubeconfig
from components.clusters.providers import ambient


def kubeconfig(control_plane: ControlPlane, options: AckOptions) -> pulumi.Output[str]:
    """A kubeconfig that calls `ack-ram-tool`, which requests a certificate for one hour from ACK,
    with the caller's RAM identity. A secret.

    `ack-ram-tool get-token` is not used: it needs a mapping in the cluster, which a new cluster
    does not have.
    """
    return exec_kubeconfig(
        name=control_plane.name,
        server=control_plane.server,
        certificate_authority=control_plane.certificate_authority,
        api_version="v1",
        command="ack-ram-tool",
        arguments=[
            *("credential-plugin", "get-credential"),
            *("--cluster-id", control_plane.cluster.id),
            *("--api-version", "v1"),
            *("--expiration", "60m"),
            *("--log-level", "error"),
            *login_arguments(options.settings("alicloud"), ambient("alicloud", "profile")),
        ],
        install_hint="https://github.com/AliyunContainerService/ack-ram-tool",
    )
