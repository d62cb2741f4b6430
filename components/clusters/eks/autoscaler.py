"""`ClusterAutoscaler`: adds and removes nodes of the node groups."""

from __future__ import annotations

import pulumi
from pulumi_aws import eks

from components import workload
from components.clusters.eks import policies
from components.clusters.eks.control_plane import ControlPlane
from components.clusters.eks.roles import Role
from components.clusters.eks.versions import CLUSTER_AUTOSCALER_IMAGES
from components.images import Images
from components.kubernetes import rbac
from components.kubernetes.object import Fields, KubernetesObject

_NAMESPACE = "kube-system"
#: A fixed name, since EKS Pod Identity associates a role with an account by its name.
_ACCOUNT = "cluster-autoscaler"
_PORT = 8085
_LABELS = workload.labels("cluster-autoscaler", "nodes")
_READ = ["get", "list", "watch"]
#: https://github.com/kubernetes/autoscaler/tree/master/cluster-autoscaler/cloudprovider/aws/examples
_RULES: list[Fields] = [
    {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]},
    {"apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"]},
    {"apiGroups": [""], "resources": ["pods/status"], "verbs": ["update"]},
    {"apiGroups": [""], "resources": ["nodes"], "verbs": [*_READ, "update"]},
    {
        "apiGroups": [""],
        "resources": [
            "namespaces",
            "pods",
            "services",
            "replicationcontrollers",
            "persistentvolumeclaims",
            "persistentvolumes",
        ],
        "verbs": _READ,
    },
    {
        "apiGroups": ["apps"],
        "resources": ["daemonsets", "replicasets", "statefulsets"],
        "verbs": _READ,
    },
    {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": _READ},
    {"apiGroups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": _READ},
    {
        "apiGroups": ["storage.k8s.io"],
        "resources": [
            "storageclasses",
            "csinodes",
            "csidrivers",
            "csistoragecapacities",
            "volumeattachments",
        ],
        "verbs": _READ,
    },
    {
        "apiGroups": ["resource.k8s.io"],
        "resources": ["deviceclasses", "resourceclaims", "resourceslices"],
        "verbs": _READ,
    },
]
_OWN_RULES: list[Fields] = [
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "list", "watch"]},
    {
        "apiGroups": [""],
        "resources": ["configmaps"],
        "resourceNames": ["cluster-autoscaler-status"],
        "verbs": ["delete", "get", "update"],
    },
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
    {
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "resourceNames": ["cluster-autoscaler"],
        "verbs": ["get", "update"],
    },
]


class ClusterAutoscaler(pulumi.ComponentResource):
    """The autoscaler of the Kubernetes project, with permission to change only the node groups of
    this cluster. `opts` has the providers of AWS and of the cluster."""

    def __init__(
        self,
        name: str,
        *,
        control_plane: ControlPlane,
        region: str,
        minor: str,
        images: Images,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("slipway:clusters:EksClusterAutoscaler", name, None, opts)
        self._name, self._child = name, pulumi.ResourceOptions(parent=self)
        role = Role(
            f"{name}-role",
            policies.pod_identity_trust(control_plane.cluster.arn, _NAMESPACE, _ACCOUNT),
            region,
            self._child,
            inline={"groups": _policy(control_plane.name)},
        )
        association = eks.PodIdentityAssociation(
            f"{name}-identity",
            cluster_name=control_plane.name,
            namespace=_NAMESPACE,
            service_account=_ACCOUNT,
            role_arn=role.arn,
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=role.resources, delete_before_replace=True
            ),
        )
        account = KubernetesObject(
            f"{name}-account",
            "v1",
            "ServiceAccount",
            {
                "metadata": {"name": _ACCOUNT, "namespace": _NAMESPACE},
                "automountServiceAccountToken": False,
            },
            pulumi.ResourceOptions(
                parent=self, depends_on=[association], delete_before_replace=True
            ),
        ).name
        bound = rbac.Account(name=account, namespace=_NAMESPACE)
        bindings = [
            self._bind("nodes", None, _RULES, bound),
            self._bind("own", _NAMESPACE, _OWN_RULES, bound),
        ]
        images = images.within(name, _NAMESPACE, self._child)
        server = _workload(control_plane.name, region, minor, images, account)
        spec = server.deployment_spec()
        spec["template"]["spec"]["priorityClassName"] = "system-cluster-critical"
        KubernetesObject(
            f"{name}-server",
            "apps/v1",
            "Deployment",
            {"metadata": {"namespace": _NAMESPACE, "labels": _LABELS}, "spec": spec},
            pulumi.ResourceOptions(
                parent=self, depends_on=bindings, custom_timeouts=server.timeouts
            ),
        )
        self.register_outputs({})

    def _bind(
        self, what: str, namespace: str | None, rules: list[Fields], account: rbac.Account
    ) -> KubernetesObject:
        name = f"{self._name}-{what}"
        role = rbac.role(name, rules, self._child, namespace)
        return rbac.bind(f"{name}-binding", role.name, account, self._child, namespace)


def _policy(cluster_name: pulumi.Output[str]) -> pulumi.Output[str]:
    """The policy of
    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md,
    limited to the cluster by the tag that EKS sets on the scaling groups of its node groups."""
    owned = cluster_name.apply(
        lambda it: {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{it}": "owned"}
    )
    return policies.document(
        policies.allow(
            [
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeAutoScalingInstances",
                "autoscaling:DescribeLaunchConfigurations",
                "autoscaling:DescribeScalingActivities",
                "autoscaling:DescribeTags",
                "ec2:DescribeImages",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeLaunchTemplateVersions",
                "ec2:GetInstanceTypesFromInstanceRequirements",
                "eks:DescribeNodegroup",
            ]
        ),
        policies.allow(
            ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
            condition={"StringEquals": owned},
        ),
    )


def _workload(
    cluster_name: pulumi.Output[str],
    region: str,
    minor: str,
    images: Images,
    account: pulumi.Output[str],
) -> workload.Workload:
    healthy: Fields = {"httpGet": {"path": "/health-check", "port": "http"}}
    tags = "k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/"
    return workload.Workload(
        labels=_LABELS,
        image=images.resolve(CLUSTER_AUTOSCALER_IMAGES[minor]),
        pull_policy=images.pull_policy,
        pull_secrets=images.pull_secrets,
        command=["/cluster-autoscaler"],
        arguments=[
            "--cloud-provider=aws",
            pulumi.Output.concat("--node-group-auto-discovery=asg:tag=", tags, cluster_name),
            f"--namespace={_NAMESPACE}",
            "--expander=least-waste",
            "--balance-similar-node-groups",
            # Local files are copies of models: a node that has some can be removed.
            "--skip-nodes-with-local-storage=false",
            "--skip-nodes-with-system-pods=false",
        ],
        environment={"AWS_REGION": region},
        ports={"http": _PORT},
        startup_probe=healthy,
        readiness_probe=healthy,
        liveness_probe=healthy,
        cpu=("100m", "1"),
        memory=("300Mi", "1Gi"),
        replicas=1,
        deadline=10,
        drain=1,
        startup=300,
        service_account=account,
        token=True,
    )
