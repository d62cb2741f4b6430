"""Options of the cluster that `make up` starts on this machine."""

from __future__ import annotations

import os
from typing import Literal

from pydantic import model_validator

from components.clusters.kubeconfig import KubeconfigError, kubeconfig_files, read
from components.clusters.kubeconfig_options import KubeconfigOptions
from components.config.node_images import NodeImages
from components.config.options import mistake
from components.config.secret_scan import quoted

#: The contexts of clusters that `make up` starts begin so.
CONTEXT_PREFIX = "slipway-"


class LocalOptions(KubeconfigOptions):
    """The cluster that `make up` starts."""

    kind: Literal["local"]

    @model_validator(mode="after")
    def _started(self) -> LocalOptions:
        expected = "the kubeconfig of the cluster that `make up` starts, in `KUBECONFIG`"
        if not os.environ.get("KUBECONFIG"):
            fix = 'run `make up`, then run `eval "$(make -s env)"`'
            raise mistake(f"{expected}, which is not set", fix)
        try:
            found = read(kubeconfig_files(None))
        except KubeconfigError as error:
            raise mistake(f"{expected}: {error}", "run `make up`") from None
        # Whoever forgot `make env` has another cluster in KUBECONFIG, perhaps production.
        if not found.context.startswith(CONTEXT_PREFIX):
            raise mistake(
                f"{expected}: it has context {quoted(found.context)}, which `make up` never makes",
                'run `make up`, then run `eval "$(make -s env)"`; for a cluster of your own write '
                "`kind: existing`",
            )
        self._found = found
        return self

    def node_images(self) -> NodeImages | None:
        told = self.found.node_images
        if told is None:  # not by `make up` of this version
            return None
        return NodeImages(
            str(told["mirror"]), frozenset(told["present"]), frozenset(told["obtainable"])
        )

    def unreachable(self) -> str | None:
        silence = super().unreachable()
        return silence and f"{silence}; `make up` starts it"
