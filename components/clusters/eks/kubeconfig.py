"""`kubeconfig`: how clients log in to a cluster on EKS."""

from __future__ import annotations

import pulumi

from components.clusters.eks.control_plane import ControlPlane
from components.clusters.eks.options import EksOptions
from components.clusters.eks.provider_keys import login_arguments, login_environment
from components.clusters.exec_kubeconfig import exec_kubeconfig


def kubeconfig(control_plane: ControlPlane, options: EksOptions) -> pulumi.Output[str]:
    """A kubeconfig that calls `aws eks get-token`, which gets a token by the caller's AWS
    credentials. A secret."""
    cluster, settings = control_plane.cluster, options.settings("aws")
    return exec_kubeconfig(
        name=control_plane.name,
        server=cluster.endpoint,
        certificate_authority=cluster.certificate_authority.apply(lambda it: str(it.data)),
        command="aws",
        arguments=[
            *("eks", "get-token", "--output", "json"),
            *("--region", options.region, "--cluster-name", cluster.name),
            *login_arguments(settings),
        ],
        environment=login_environment(settings),
        install_hint="the AWS CLI, version 2: https://docs.aws.amazon.com/cli/latest/userguide/",
    )
