"""`KubernetesObject`: an object of the Kubernetes API, with the keys of Kubernetes' YAML."""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import pulumi

from components.failure_hook import explained
from components.roll_out import rolled_out

#: A part of an object, with the keys of Kubernetes' YAML: `{"containerPort": 8500}`.
Fields: TypeAlias = dict[str, Any]

#: Annotations that say when an object is deployed: a Service or an Ingress once it has an address,
#: an object once its condition `Ready` is true, and an object once it exists. By default the
#: provider also waits for the pods of a Service, which is the Deployment's part. And after an
#: update it may store the object's previous state, since its watch reads from a cache.
UNTIL_ADDRESSED = {"pulumi.com/waitFor": "jsonpath={.status.loadBalancer.ingress}"}
UNTIL_READY = {"pulumi.com/waitFor": "condition=Ready"}
UNAWAITED = {"pulumi.com/skipAwait": "true"}

#: Fields that the engine encrypts in its state, by API version and kind.
_SECRET_FIELDS = {("v1", "Secret"): ["data", "stringData"]}


class KubernetesObject(pulumi.CustomResource):
    """One object. It is registered as the SDK's class for its kind registers it, but without the
    import of that class: the SDK's types cost a second each time the program is evaluated. Nothing
    checks `fields` here; the tests check them against the SDK's types. If `metadata` has no name,
    the provider chooses one that begins with `resource_name`."""

    if TYPE_CHECKING:  # at run time Pulumi would evaluate these types for each object
        metadata: pulumi.Output[Fields]
        status: pulumi.Output[Fields | None]

    def __init__(
        self,
        resource_name: str,
        api_version: str,
        kind: str,
        fields: Mapping[str, pulumi.Input[Any]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        secret = _SECRET_FIELDS.get((api_version, kind), [])
        inputs = {
            key: pulumi.Output.secret(value) if key in secret and value is not None else value
            for key, value in fields.items()
        }
        inputs |= {"apiVersion": api_version, "kind": kind}
        group, _, version = api_version.rpartition("/")
        super().__init__(
            f"kubernetes:{group or 'core'}/{version}:{kind}",
            resource_name,
            # Only keys of the inputs can be read as outputs.
            {"metadata": None, "status": None, **inputs},
            pulumi.ResourceOptions.merge(
                pulumi.ResourceOptions(
                    version=_plugin_version(),
                    additional_secret_outputs=secret or None,
                    hooks=rolled_out() if kind == "Deployment" else explained(),
                ),
                opts,
            ),
        )

    @classmethod
    def get(
        cls,
        resource_name: str,
        api_version: str,
        kind: str,
        identifier: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        reads: Sequence[str] = (),
    ) -> KubernetesObject:
        """An object that exists. `identifier` is `<namespace>/<name>`, or `<name>`. `reads` are the
        fields that `output` may return, in addition to `metadata` and `status`. The provider fails
        if the object is not ready, such as a Service without endpoints."""
        namespace, _, name = identifier.rpartition("/")
        # A refresh compares the object with these inputs. Without them each refresh would show a
        # change.
        metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=identifier))
        fields = {"metadata": metadata, **dict.fromkeys(reads)}
        return cls(resource_name, api_version, kind, fields, merged)

    def output(self, part: str) -> pulumi.Output[Any]:
        """The field `part` of the object on the cluster: one of its `fields`, or of `reads`."""
        found: pulumi.Output[Any] = pulumi.get(self, part)
        return found

    @property
    def name(self) -> pulumi.Output[str]:
        """The name that the object has on the cluster."""
        return self.metadata.apply(lambda metadata: str(metadata.get("name") or ""))


@functools.cache
def _plugin_version() -> str:
    return importlib.metadata.version("pulumi-kubernetes")
