"""`LocalCluster`: the cluster that `make up` starts on this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import pulumi
from pydantic import PrivateAttr, model_validator

from components.clusters.existing import no_identity, provider
from components.clusters.kubeconfig import Kubeconfig, KubeconfigError, read
from components.config.options import mistake
from components.config.stack_config import ClusterOptions
from components.contracts import Grant, NodePool

#: The contexts of clusters that `make up` starts begin so.
CONTEXT_PREFIX = "slipway-"


class LocalOptions(ClusterOptions):
    """The cluster that `make up` starts; it has no options."""

    kind: Literal["local"]
    _found: Kubeconfig | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _started(self) -> LocalOptions:
        expected = "the kubeconfig of the cluster that `make up` starts, in `KUBECONFIG`"
        path = os.environ.get("KUBECONFIG", "")
        if not path:
            fix = 'run `make up`, then `eval "$(make -s env)"`'
            raise mistake(f"{expected}, which is not set", fix)
        try:
            found = read(Path(path))
        except KubeconfigError as error:
            raise mistake(f"{expected}: `{path}` {error}", "run `make up`") from error
        # Whoever forgot `make env` has another cluster in KUBECONFIG, perhaps production.
        if not found.context.startswith(CONTEXT_PREFIX):
            raise mistake(
                f"{expected}: `{path}` has context `{found.context}`, which `make up` never makes",
                'run `make up`, then `eval "$(make -s env)"`; for a cluster of your own write '
                "`kind: existing`",
            )
        self._found = found
        return self

    @property
    def found(self) -> Kubeconfig:
        """The kubeconfig, read when the options were validated."""
        if self._found is None:
            raise RuntimeError("the options were not validated")
        return self._found

    def unreachable(self) -> str | None:
        silence = self.found.unreachable()
        return silence and f"{silence}; `make up` starts it"


class LocalCluster(pulumi.ComponentResource):
    """A Kubernetes provider for the cluster on this machine. It starts no cluster: `make up`
    does."""

    options = LocalOptions

    kind = "local"
    default_controller = "traefik"
    name: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]

    def __init__(
        self, name: str, options: LocalOptions, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("slipway:clusters:LocalCluster", name, None, opts)
        self.name = pulumi.Output.from_input(options.found.context)
        self.kubeconfig = pulumi.Output.secret(options.found.text)
        # The cluster is this stack's alone: what an `up` that was killed made is its own, too.
        self.provider = provider(f"{name}-provider", self.kubeconfig, self, adopt=True)
        self.node_pools: Mapping[str, NodePool] = {}
        self.load_balancer_annotations: Mapping[str, str] = {}
        self.register_outputs({"name": self.name, "kubeconfig": self.kubeconfig})

    def identity(
        self, service_account: str, grants: Sequence[Grant]
    ) -> Mapping[str, pulumi.Input[str]]:
        """None needed for no grants; raises `pulumi.RunError` for any."""
        return no_identity(self.kind, service_account, grants)

    def storage_class(self, requested: str | None) -> str | None:
        return requested
