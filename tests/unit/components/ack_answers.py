"""What Alibaba Cloud computes of what a stack asks for."""

from __future__ import annotations

from typing import Any

KUBECONFIG = """
clusters:
- cluster: {server: "https://unused", certificate-authority-data: QVVUSE9SSVRZ}
users:
- user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}
"""

#: By the type of the resource; `{name}` is its name.
RESOURCES: dict[str, dict[str, Any]] = {
    "alicloud:cs/managedKubernetes:ManagedKubernetes": {
        "rrsaMetadata": {
            "enabled": True,
            "rrsaOidcIssuerUrl": "https://oidc-ack.example.com/c1",
            "ramOidcProviderArn": "acs:ram::1:oidc-provider/ack-rrsa-c1",
            "ramOidcProviderName": "ack-rrsa-c1",
        },
    },
    "alicloud:nlb/loadBalancer:LoadBalancer": {"dnsName": "{name}.nlb.example.com"},
    "alicloud:ecs/eipAddress:EipAddress": {"ipAddress": "203.0.113.9"},
    "alicloud:vpc/natGateway:NatGateway": {"snatTableIds": "stb-1"},
    "alicloud:nas/mountTarget:MountTarget": {
        "mountTargetDomain": "1-abc.cn-hangzhou.nas.aliyuncs.com"
    },
    "alicloud:ram/role:Role": {"arn": "acs:ram::1:role/{name}"},
}
CALLS: dict[str, dict[str, Any]] = {
    "alicloud:cs/getClusterCredential:getClusterCredential": {
        "clusterId": "c1",
        "kubeConfig": KUBECONFIG,
        "id": "c1",
    },
}
