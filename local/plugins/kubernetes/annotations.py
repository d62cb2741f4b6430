"""The annotations by which a program steers the plugin."""

from __future__ import annotations

from typing import Any, Final

from local.plugins.values import Secret

AUTONAMED: Final = "pulumi.com/autonamed"
SKIP_AWAIT: Final = "pulumi.com/skipAwait"
WAIT_FOR: Final = "pulumi.com/waitFor"
PATCH_FORCE: Final = "pulumi.com/patchForce"
FIELD_MANAGER: Final = "pulumi.com/patchFieldManager"
_TIMEOUT: Final = "pulumi.com/timeoutSeconds"
_DELETION: Final = "pulumi.com/deletionPropagationPolicy"

#: How long an object may take to become ready or to go, in seconds, as with the official plugin.
DEFAULT_TIMEOUT: Final = 600.0


def annotation(value: dict[str, Any], name: str) -> str | None:
    """The annotation `name` of an object or of inputs; None when absent or not known yet."""
    metadata = _plain(value.get("metadata"))
    annotations = _plain(metadata.get("annotations")) if isinstance(metadata, dict) else None
    found = _plain(annotations.get(name)) if isinstance(annotations, dict) else None
    return found if isinstance(found, str) else None


def is_true(value: dict[str, Any], name: str) -> bool:
    """Whether the annotation `name` says "true"."""
    return annotation(value, name) == "true"


def timeout(requested: float, value: dict[str, Any]) -> float:
    """Seconds to wait: customTimeouts, else the annotation, else ten minutes."""
    if requested:
        return requested
    written = annotation(value, _TIMEOUT)
    return float(written) if written and written.isdigit() else DEFAULT_TIMEOUT


def deletion_propagation(value: dict[str, Any]) -> str:
    """The propagation policy for a deletion, `Foreground` unless the annotation names another."""
    asked = (annotation(value, _DELETION) or "").capitalize()
    return asked if asked in ("Orphan", "Background") else "Foreground"


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Secret) else value
