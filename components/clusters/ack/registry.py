"""`Registry`: a repository of Container Registry, and the leave of a cluster on ACK to pull."""

from __future__ import annotations

import json
from typing import Any

import pulumi
from pulumi_alicloud import cs, ram

from components.clusters.ack.identity import OidcProvider, trusting_account
from components.clusters.ack.names import ram_name
from components.clusters.ack.options import RegistryOptions

REPOSITORY = "models"
#: Who pulls: ACK's add-on, which puts a short-lived password into Secrets of the namespaces.
_PULLER = "kube-system:aliyun-acr-credential-helper"
_ROLE_SECONDS = 3600


class Registry(pulumi.ComponentResource):
    """A namespace and a repository in an instance of the Enterprise Edition that is there. Tags
    are written once. The add-on's service account takes on a role by RRSA that may do nothing but
    take on a second one, as ACK wants it; that may pull from this namespace and nothing else."""

    config: pulumi.Output[str]
    """The add-on's configuration."""

    def __init__(
        self,
        name: str,
        called: str,
        region: str,
        options: RegistryOptions,
        cluster: cs.ManagedKubernetes,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:clusters:AckRegistry", name, None, opts)
        self._name, self._called = name, called
        self._child = pulumi.ResourceOptions(parent=self)
        self._make_repository(options)
        oidc = OidcProvider.of(cluster)
        caller = ram.Role(
            f"{name}-caller",
            role_name=ram_name(called, "pull-caller"),
            description="Takes on the role that pulls images for a cluster of Slipway",
            assume_role_policy_document=trusting_account(oidc, _PULLER),
            opts=self._child,
        )
        puller = ram.Role(
            f"{name}-puller",
            role_name=ram_name(called, "pull"),
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
        pulls = self._attach("pulls", puller, json.dumps(pulling(options.instance, called)))
        self.config = pulumi.Output.all(
            oidc.arn,
            caller.arn,
            puller.arn,
            calls.id,
            pulls.id,
        ).apply(lambda it: json.dumps(_helper(options, region, it[0], it[1], it[2])))
        self.register_outputs({"config": self.config})

    def _make_repository(self, options: RegistryOptions) -> None:
        home = cs.RegistryEnterpriseNamespace(
            f"{self._name}-namespace",
            instance_id=options.instance,
            name=self._called,
            auto_create=False,
            default_visibility="PRIVATE",
            opts=self._child,
        )
        cs.RegistryEnterpriseRepo(
            f"{self._name}-repository",
            instance_id=options.instance,
            namespace=home.name,
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
            policy_name=ram_name(self._called, what),
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


def pulling(instance: str, namespace: str) -> dict[str, Any]:
    """Leave to pull from one namespace of an instance."""
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


def _policy(action: str, **whom: Any) -> dict[str, Any]:
    return {"Version": "1", "Statement": [{"Action": action, "Effect": "Allow", **whom}]}


def _helper(
    options: RegistryOptions, region: str, authority: str, caller: str, puller: str
) -> dict[str, Any]:
    return {
        "AcrInstanceInfo": [
            {
                "instanceId": options.instance,
                "regionId": region,
                "rrsaRoleARN": caller,
                "rrsaOIDCProviderRoleARN": authority,
                "assumeRoleARN": puller,
                "expireDuration": _ROLE_SECONDS,
            }
        ],
        "enableRRSA": True,
        "watchNamespace": ",".join(options.namespaces),
        "serviceAccount": "*",
        "expiringThreshold": "15m",
    }
