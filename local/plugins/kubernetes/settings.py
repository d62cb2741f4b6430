"""The provider's configuration: `kubernetes:config:*`, else the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.plugins.kubernetes.kubeconfig import Kubeconfig, KubeconfigError, load
from local.plugins.values import Unknown, reveal


@dataclass(frozen=True)
class Settings:
    """What a provider was configured with.

    `config` is None when the kubeconfig is not known yet (`is_unknown`: a preview) or cannot be
    used (`problem` says why); both show only when the cluster is needed. `source` is the
    kubeconfig's text or path as it was given; "" for the ambient one.
    """

    config: Kubeconfig | None
    source: str
    is_unknown: bool
    problem: str
    namespace: str
    delete_unreachable: bool
    skip_update_unreachable: bool
    patch_force: bool
    upsert: bool
    mutable_kinds: frozenset[str]


def settings(arguments: Mapping[str, Any]) -> Settings:
    """Settings from the provider's inputs; raises nothing for a cluster that cannot be used."""
    known = {key: reveal(value) for key, value in arguments.items()}
    unknown = any(isinstance(known.get(key), Unknown) for key in ("kubeconfig", "context"))
    config, problem = (None, "") if unknown else _load(known)
    namespace = known.get("namespace")
    mutable = {
        kind
        for kind in ("ConfigMap", "Secret")
        if _flag(known, f"enable{kind}Mutable", f"PULUMI_K8S_ENABLE_{kind.upper()}_MUTABLE")
    }
    return Settings(
        config=config,
        source=_text(known, "kubeconfig"),
        is_unknown=unknown,
        problem=problem,
        namespace=namespace
        if isinstance(namespace, str) and namespace
        else (config.namespace if config else ""),
        delete_unreachable=_flag(known, "deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE"),
        skip_update_unreachable=_flag(
            known, "skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE"
        ),
        patch_force=_flag(known, "enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"),
        upsert=_flag(known, "upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"),
        mutable_kinds=frozenset(mutable),
    )


def cluster_identity(arguments: Mapping[str, Any]) -> str | None:
    """What the configured cluster is told apart by; None when it cannot be known."""
    known = {key: reveal(value) for key, value in arguments.items()}
    config, _ = _load(known)
    return config.identity if config else None


def _load(arguments: Mapping[str, Any]) -> tuple[Kubeconfig | None, str]:
    try:
        return (
            load(
                _text(arguments, "kubeconfig"),
                context=_text(arguments, "context"),
                cluster=_text(arguments, "cluster"),
            ),
            "",
        )
    except (KubeconfigError, OSError) as error:
        return None, str(error)


def _text(arguments: Mapping[str, Any], key: str) -> str:
    value = arguments.get(key)
    return value if isinstance(value, str) else ""


def _flag(arguments: Mapping[str, Any], key: str, variable: str) -> bool:
    value = arguments.get(key)
    if value is None:
        value = os.environ.get(variable, "")
    return value is True or str(value).lower() == "true"
