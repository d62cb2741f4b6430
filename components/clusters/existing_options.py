"""Options of a cluster that exists, reached by a kubeconfig."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, model_validator

from components.clusters.kubeconfig import KubeconfigError, kubeconfig_files, parse, read
from components.clusters.kubeconfig_options import KubeconfigOptions
from components.config.addon_options import METRICS_API, Capability
from components.config.options import SecretReference, mistake
from components.config.provider_keys import KUBERNETES, ProviderKeys, Refusal
from components.config.secret_scan import KUBECONFIG_CONTENT, kubeconfig_content, quoted


def _source(raw: Any, info: ValidationInfo) -> Any:
    if kubeconfig_content(raw) or (isinstance(raw, str) and "\n" in raw):
        raise mistake(*KUBECONFIG_CONTENT)
    if isinstance(raw, dict):
        return SecretReference.model_validate(raw, context=info.context)
    if isinstance(raw, str):
        return raw
    raise mistake(
        "a path, or `{secret: name}`", "leave it out for what kubectl would use, or write a path"
    )


_HERE = "a cluster named under `slipway:cluster`"
#: As in Pulumi's own documents of the Kubernetes provider.
_KEYS = replace(
    KUBERNETES,
    refused={
        **KUBERNETES.refused,
        "kubeconfig": Refusal(
            _HERE,
            "take it out, and write its path as slipway:cluster.kubeconfig, or its content into "
            "slipway:secrets, to which slipway:cluster.kubeconfig refers",
        ),
        "context": Refusal(_HERE, "take it out, and write its name as slipway:cluster.context"),
        "cluster": Refusal(
            _HERE, "take it out, and write a context of that cluster as slipway:cluster.context"
        ),
    },
)


class ExistingOptions(KubeconfigOptions):
    """A cluster that is there already."""

    provides: ClassVar[frozenset[Capability]] = frozenset({METRICS_API})

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

    @classmethod
    def provider_keys(cls, raw: Mapping[str, Any]) -> Sequence[ProviderKeys]:
        return (_KEYS,)

    @model_validator(mode="after")
    def _usable(self, info: ValidationInfo) -> ExistingOptions:
        secrets = (info.context or {}).get("secrets", {})
        try:
            if isinstance(self.kubeconfig, SecretReference):
                name = self.kubeconfig.secret
                text = secrets.get(name)
                if isinstance(text, str):  # a missing secret has a mistake of its own
                    self._found = parse(text, f"secret {quoted(name)}", self.context)
            else:
                self._found = read(kubeconfig_files(self.kubeconfig), self.context)
        except KubeconfigError as error:
            raise mistake(
                f"a usable kubeconfig: {error}",
                "write a kubeconfig and a context by which kubectl reaches the cluster",
            ) from None
        return self
