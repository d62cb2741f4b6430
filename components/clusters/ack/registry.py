"""`Registry`: a repository of Container Registry that the nodes of a cluster on ACK pull from."""

from __future__ import annotations

import json
from typing import Any

import pulumi
from pulumi_alicloud import cs, ram

from components.clusters.ack.identity import OidcProvider, assume_role_policy
from components.clusters.ack.names import ram_name
from components.clusters.ack.options import RegistryOptions

REPOSITORY = "models"
#: The service account of ACK's add-on that writes short-lived pull secrets into the namespaces.
_HELPER = "kube-system:aliyun-acr-credential-helper"
_ROLE_SECONDS = 3600


class Registry(pulumi.ComponentResource):
    """A namespace and a repository in an existing instance of the Enterprise Edition; tags are
    immutable. The add-on assumes a role by RRSA whose only permission is to assume a second role,
    as ACK requires. The second role pulls from this namespace only."""

    addon_config: pulumi.Output[str]
    """The configuration of the add-on that writes the pull secrets."""

    def __init__(
        self,
        name: str,
        *,
        cluster_name: str,
        region: str,
        options: RegistryOptions,
        cluster: cs.ManagedKubernetes,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("slipway:clusters:AckRegistry", name, None, opts)
        self._name, self._cluster_name = name, cluster_name
        self._child = pulumi.ResourceOptions(parent=self)
        self._make_repository(options)
        oidc = OidcProvider.of(cluster)
        caller = ram.Role(
            f"{name}-caller",
            role_name=ram_name(cluster_name, "pull-caller"),
            description="Takes on the role that pulls images for a cluster of Slipway",
            assume_role_policy_document=assume_role_policy(oidc, _HELPER),
            opts=self._child,
        )
        puller = ram.Role(
            f"{name}-puller",
            role_name=ram_name(cluster_name, "pull"),
            description="Pulls images for a cluster of Slipway",
            max_session_duration=_ROLE_SECONDS,
            assume_role_policy_document=caller.arn.apply(
                lambda arn: json.dumps(_policy("sts:AssumeRole", Principal={"RAM": [arn]}))
            ),
            opts=self._child,
        )
        calls = self._attach(
            "calls",
            caller,
            puller.arn.apply(lambda arn: json.dumps(_policy("sts:AssumeRole", Resource=[arn]))),
        )
        pulls = self._attach(
            "pulls", puller, json.dumps(pull_policy(options.instance, cluster_name))
        )
        self.addon_config = pulumi.Output.all(
            oidc.arn,
            caller.arn,
            puller.arn,
            calls.id,
            pulls.id,
        ).apply(lambda values: json.dumps(_addon_config(options, region, *values[:3])))
        self.register_outputs({"config": self.addon_config})

    def _make_repository(self, options: RegistryOptions) -> None:
        namespace = cs.RegistryEnterpriseNamespace(
            f"{self._name}-namespace",
            instance_id=options.instance,
            name=self._cluster_name,
            auto_create=False,
            default_visibility="PRIVATE",
            opts=self._child,
        )
        cs.RegistryEnterpriseRepo(
            f"{self._name}-repository",
            instance_id=options.instance,
            namespace=namespace.name,
            name=REPOSITORY,
            repo_type="PRIVATE",
            summary="Images of a stack of Slipway",
            tag_immutability=True,
            opts=self._child,
        )

    def _attach(
        self, what: str, role: ram.Role, document: pulumi.Input[str]
    ) -> ram.RolePolicyAttachment:
        policy = ram.Policy(
            f"{self._name}-{what}-policy",
            policy_name=ram_name(self._cluster_name, what),
            policy_document=document,
            opts=self._child,
        )
        return ram.RolePolicyAttachment(
            f"{self._name}-{what}",
            role_name=role.role_name,
            policy_name=policy.policy_name,
            policy_type="Custom",
            opts=self._child,
        )


def pull_policy(instance: str, namespace: str) -> dict[str, Any]:
    """A policy that pulls from one namespace of an instance."""
    return {
        "Version": "1",
        "Statement": [
            {
                "Action": ["cr:GetAuthorizationToken", "cr:ListInstanceEndpoint"],
                "Effect": "Allow",
                "Resource": [f"acs:cr:*:*:instance/{instance}"],
            },
            {
                "Action": ["cr:PullRepository"],
                "Effect": "Allow",
                "Resource": [f"acs:cr:*:*:repository/{instance}/{namespace}/*"],
            },
        ],
    }


def _policy(action: str, **fields: Any) -> dict[str, Any]:
    """A policy of one statement that allows `action`."""
    return {"Version": "1", "Statement": [{"Action": action, "Effect": "Allow", **fields}]}


def _addon_config(
    options: RegistryOptions, region: str, oidc_provider: str, caller: str, puller: str
) -> dict[str, Any]:
    return {
        "AcrInstanceInfo": [
            {
                "instanceId": options.instance,
                "regionId": region,
                "rrsaRoleARN": caller,
                "rrsaOIDCProviderRoleARN": oidc_provider,
                "assumeRoleARN": puller,
                "expireDuration": _ROLE_SECONDS,
            }
        ],
        "enableRRSA": True,
        "watchNamespace": ",".join(options.namespaces),
        "serviceAccount": "*",
        "expiringThreshold": "15m",
    }
