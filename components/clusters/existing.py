"""`ExistingCluster`: a cluster that somebody else made, reached by a kubeconfig."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import pulumi
from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from components.clusters.kubeconfig import Kubeconfig, KubeconfigError, parse, read
from components.config.options import Options, mistake
from components.config.stack_config import ClusterOptions
from components.contracts import Grant, NodePool


class KubeconfigSecret(Options):
    """A kubeconfig's text, in `slipway:secrets`."""

    secret: str


def _source(raw: Any, info: ValidationInfo) -> Any:
    if isinstance(raw, dict):
        return KubeconfigSecret.model_validate(raw, context=info.context)
    if isinstance(raw, str):
        return raw
    raise mistake("a path, or `{secret: name}`", "leave it out for what kubectl would use")


class ExistingOptions(ClusterOptions):
    """A cluster that is there already."""

    kind: Literal["existing"]
    kubeconfig: Annotated[
        Any,
        BeforeValidator(_source),
        WithJsonSchema(
            {
                "oneOf": [
                    {"type": "string"},
                    {
                        "type": "object",
                        "properties": {"secret": {"type": "string"}},
                        "required": ["secret"],
                        "additionalProperties": False,
                    },
                ],
                "description": "A path, or {secret: name}; left out, what kubectl would use",
            }
        ),
    ] = None
    context: str | None = None
    """The kubeconfig's current context where it is left out"""
    name: str | None = None
    """What the stack's outputs call the cluster; the context where it is left out"""
    load_balancer_annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations that the gateway's LoadBalancer Service needs here"""
    _found: Kubeconfig | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _usable(self, info: ValidationInfo) -> ExistingOptions:
        secrets = (info.context or {}).get("secrets", {})
        try:
            if isinstance(self.kubeconfig, KubeconfigSecret):
                text = secrets.get(self.kubeconfig.secret)
                if isinstance(text, str):  # a missing secret has a mistake of its own
                    self._found = parse(text, self.context)
            else:
                self._found = read(kubeconfig_path(self.kubeconfig), self.context)
        except KubeconfigError as error:
            where = (
                f"secret `{self.kubeconfig.secret}`"
                if isinstance(self.kubeconfig, KubeconfigSecret)
                else f"`{kubeconfig_path(self.kubeconfig)}`"
            )
            raise mistake(
                f"a usable kubeconfig: {where} {error}",
                "set `kubeconfig` and `context`, or make `kubectl get nodes` work",
            ) from error
        return self

    @property
    def found(self) -> Kubeconfig:
        """The kubeconfig, read when the options were validated."""
        if self._found is None:
            raise RuntimeError("the options were not validated with their secrets")
        return self._found

    def unreachable(self) -> str | None:
        return self.found.unreachable()


def kubeconfig_path(configured: str | None) -> Path:
    """The file that kubectl would read: as configured, else `$KUBECONFIG`, else the home's."""
    return Path(configured or os.environ.get("KUBECONFIG") or "~/.kube/config").expanduser()


class ExistingCluster(pulumi.ComponentResource):
    """A Kubernetes provider for a cluster that exists. It makes nothing on the cluster, and has
    no workload identity: pods get no leave to read a bucket."""

    options = ExistingOptions

    kind = "existing"
    default_controller = "traefik"
    name: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        options: ExistingOptions,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:clusters:ExistingCluster", name, None, opts)
        found = options.found
        self.name = pulumi.Output.from_input(options.name or found.context)
        self.kubeconfig = pulumi.Output.secret(found.text)
        self.provider = provider(f"{name}-provider", self.kubeconfig, self)
        self.node_pools: Mapping[str, NodePool] = {}
        self.load_balancer_annotations = options.load_balancer_annotations
        self.register_outputs({"name": self.name, "kubeconfig": self.kubeconfig})

    def identity(
        self, service_account: str, grants: Sequence[Grant]
    ) -> Mapping[str, pulumi.Input[str]]:
        """None needed for no grants; raises `pulumi.RunError` for any."""
        return no_identity(self.kind, service_account, grants)

    def storage_class(self, requested: str | None) -> str | None:
        return requested


def provider(
    name: str, kubeconfig: pulumi.Output[str], parent: pulumi.Resource, adopt: bool = False
) -> Any:
    """A Kubernetes provider that reads no other kubeconfig than this. With `adopt` it takes over
    objects that exist already, which is for clusters that nobody else writes to."""
    from pulumi_kubernetes import Provider

    return Provider(
        name,
        kubeconfig=kubeconfig,
        upsert_existing_objects=adopt or None,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def no_identity(
    kind: str, service_account: str, grants: Sequence[Grant]
) -> Mapping[str, pulumi.Input[str]]:
    """What a cluster without workload identity answers."""
    if not grants:
        return {}
    urls = ", ".join(grant.url for grant in grants)
    raise pulumi.RunError(
        f"slipway:cluster.kind is `{kind}`: it has no workload identity, so `{service_account}` "
        f"cannot read {urls}; serve the model from a volume, or choose a cluster of that cloud"
    )
