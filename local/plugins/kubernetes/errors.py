"""What can go wrong between the plugin and a cluster."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """The API server refused: its Status object, or the bare answer of something before it."""

    def __init__(self, code: int, status: dict[str, Any]) -> None:
        super().__init__(str(status.get("message") or f"HTTP {code}"))
        self.code = code
        self.reason = str(status.get("reason") or "")
        details = status.get("details") or {}
        self.kind = str(details.get("kind") or "")
        self.causes: list[dict[str, Any]] = list(details.get("causes") or [])

    @property
    def not_found(self) -> bool:
        return self.code == 404

    @property
    def already_exists(self) -> bool:
        return self.code == 409 and self.reason == "AlreadyExists"

    @property
    def conflict(self) -> bool:
        return self.code == 409 and self.reason == "Conflict"

    @property
    def namespace_not_found(self) -> bool:
        return self.not_found and self.kind == "namespaces"

    @property
    def immutable_fields(self) -> list[str]:
        """The fields that the API server refuses to change, as it spells them; [] if none."""
        if self.code != 422:
            return []
        fields = [
            str(cause.get("field") or "")
            for cause in self.causes
            if is_immutability(str(cause.get("message") or ""))
        ]
        return fields or ([""] if is_immutability(str(self)) else [])


def is_immutability(message: str) -> bool:
    """Whether an API server's message says that an object must be made anew to change so.

    A claim that would shrink is not among them: to make it anew is to lose its data.
    The phrases are those of k8s.io/kubernetes/pkg/apis/*/validation.
    """
    return any(
        phrase in message
        for phrase in (
            "field is immutable",
            "is immutable after creation",
            "may not be changed",
            "may not change once set",
            "updates to parameters are forbidden",
            "updates to provisioner are forbidden",
            "updates to reclaimPolicy are forbidden",
            "updates to volumeBindingMode are forbidden",
            "updates to statefulset spec for fields other than",
            "pod updates may not change fields other than",
            "cannot change roleRef",
        )
    )


class KindNotFoundError(Exception):
    """The API server does not serve this kind (yet)."""

    def __init__(self, api_version: str, kind: str) -> None:
        super().__init__(f'no matches for kind "{kind}" in version "{api_version}"')


class UnreachableError(Exception):
    """There is no cluster to talk to: no connection, or no usable kubeconfig."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"configured Kubernetes cluster is unreachable: {reason}")


class NotReadyError(Exception):
    """The object is there but did not become ready; `reasons` is what the cluster said."""

    def __init__(self, message: str, reasons: list[str], live: dict[str, Any]) -> None:
        super().__init__("\n".join([message, *(f"  - {reason}" for reason in reasons)]))
        self.reasons = [message, *reasons]
        self.live = live
