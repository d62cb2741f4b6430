"""`Images`: where the images of a stack are pulled from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pulumi

from components.config.image_names import at_mirror, without_host
from components.config.images_options import ImagesOptions
from components.config.options import referenced_secrets
from components.config.pull_secrets import DOCKER_HUB, ExistingSecret, RegistryLogin
from components.kubernetes.object import Fields
from components.pull_secrets import PullSecrets


@dataclass(frozen=True)
class Images:
    """The names that images are pulled by: the upstream names, or the same names at `mirror` (a
    registry host, with a path if any). `digests` pin images, by upstream name. `charts` is a chart
    repository that has the charts of all vendors. `credentials` are for private registries, and
    `secrets` has the passwords that they refer to. `pull_secrets` are the `imagePullSecrets` of
    pods, which `within` fills."""

    mirror: str | None = None
    pull_policy: str = "Always"
    digests: Mapping[str, str] = field(default_factory=dict)
    charts: str | None = None
    credentials: Sequence[RegistryLogin | ExistingSecret] = ()
    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    pull_secrets: Sequence[Fields] = ()
    _named: set[str] = field(default_factory=set)
    _resolved: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, options: ImagesOptions, secrets: Mapping[str, pulumi.Output[str]]) -> Images:
        """The images of a stack with these `options`; `secrets` are its `slipway:secrets`."""
        return cls(
            options.mirror,
            options.pull_policy,
            options.digests,
            options.charts,
            credentials=options.pull_secrets,
            secrets={name: secrets[name] for name in referenced_secrets(options)},
        )

    def within(
        self, name: str, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> Images:
        """The same images for the pods of `namespace`, with pull Secrets that this creates there
        for all of them. Names of resources begin with `name`."""
        if not self.credentials:
            return self
        resource_name = f"{name}-pull-secrets"
        created = PullSecrets(resource_name, self.credentials, self.secrets, namespace, opts)
        return replace(self, pull_secrets=created.references)

    def resolve(self, reference: str) -> str:
        """The image to pull for an upstream reference with a tag or digest. The mirror replaces the
        upstream's registry host: `registry.k8s.io/a/b:1` is `<mirror>/a/b:1`."""
        self._named.add(reference)
        resolved = self._resolve(reference)
        self._resolved.add(resolved)
        return resolved

    def _resolve(self, reference: str) -> str:
        pinned = f"@{self.digests[reference]}" if reference in self.digests else ""
        return f"{at_mirror(reference, self.mirror)}{pinned}"

    def chart(self, name: str, upstream: str) -> tuple[str, str | None]:
        """Helm's name of the chart `name` in the repository `upstream`, and the repository. The
        latter is None for a registry (`oci://`), which is a part of the name."""
        repository = self.charts or upstream
        if repository.startswith("oci://"):
            return f"{repository}/{name}", None
        return name, repository

    def warn_of_unused(self) -> None:
        """Warn of digests and logins that no image of the stack has needed so far."""
        for name in self.unused():
            pulumi.log.warn(
                f"slipway:images.digests.{name} pins nothing: no image here has that name"
            )
        for registry in self.unused_registries():
            pulumi.log.warn(
                f"slipway:images.pull_secrets has a login for `{registry}`, but no image of this "
                "stack is pulled from there"
            )

    def unused(self) -> list[str]:
        """The names in `digests` that no image of the stack has had so far."""
        return sorted(self.digests.keys() - self._named)

    def unused_registries(self) -> list[str]:
        """The registries in `credentials` that no image of the stack is pulled from so far."""
        registries = (each.registry for each in self.credentials if isinstance(each, RegistryLogin))
        return [registry for registry in registries if not self._pulls_from(registry)]

    def _pulls_from(self, registry: str) -> bool:
        return any(
            reference.startswith(f"{registry}/")
            or (registry == DOCKER_HUB and without_host(reference) == reference)
            for reference in self._resolved
        )
