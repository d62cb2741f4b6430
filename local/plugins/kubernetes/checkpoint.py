"""What the state keeps of an object: the live object, and beside it the inputs it was made from.

The shape (`__inputs`, `__initialApiVersion`, `__fieldManager`) is the official plugin's, so that
a stack made with one is understood by the other.
"""

from __future__ import annotations

from typing import Any, Final

from local.plugins.values import Secret, contains_secret, reveal

INPUTS: Final = "__inputs"
INITIAL_API_VERSION: Final = "__initialApiVersion"
FIELD_MANAGER: Final = "__fieldManager"

#: Keys of a CRD's schema that are no identifiers; the SDKs spell them with underscores.
_DASHED: Final = {
    name.replace("-", "_"): name
    for name in (
        "x-kubernetes-embedded-resource",
        "x-kubernetes-int-or-string",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-list-type",
        "x-kubernetes-map-type",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-validations",
    )
}
_UNDERSCORED: Final = {dashed: underscored for underscored, dashed in _DASHED.items()}
_SECRET_FIELDS: Final = ("data", "stringData")


def to_object(properties: dict[str, Any]) -> dict[str, Any]:
    """Inputs as the API server takes them: no secret marks, keys as Kubernetes has them."""
    plain = _rename(reveal(properties), _DASHED)
    return {key: value for key, value in plain.items() if not key.startswith("__")}


def checkpoint(
    live: dict[str, Any], inputs: dict[str, Any], *, field_manager: str, initial: str = ""
) -> dict[str, Any]:
    """The outputs to keep for `live`, made from `inputs` (with their secret marks)."""
    kept = {key: value for key, value in live.items() if not key.startswith("__")}
    if isinstance(kept.get("metadata"), dict):
        # Who wrote which field: half of an object's size, and read anew when it is needed.
        kept["metadata"] = {k: v for k, v in kept["metadata"].items() if k != "managedFields"}
    outputs = mark_secrets(_rename(kept, _UNDERSCORED), inputs)
    outputs[INPUTS] = mark_secrets(inputs, inputs)
    outputs[INITIAL_API_VERSION] = initial or str(inputs.get("apiVersion", ""))
    outputs[FIELD_MANAGER] = field_manager
    return outputs


def mark_secrets(outputs: dict[str, Any], inputs: dict[str, Any]) -> dict[str, Any]:
    """`outputs` with every value secret that is secret in `inputs`; a Secret's data always is."""
    marked = _mark(outputs, inputs)
    if reveal(marked.get("kind")) == "Secret":
        for field in _SECRET_FIELDS:
            if marked.get(field) is not None and not isinstance(marked[field], Secret):
                marked[field] = Secret(reveal(marked[field]))
    return marked


def _mark(outputs: dict[str, Any], inputs: Any) -> dict[str, Any]:
    marked = dict(outputs)
    for key, wanted in inputs.items() if isinstance(inputs, dict) else ():
        if key not in marked or isinstance(marked[key], Secret) or not contains_secret(wanted):
            continue
        if isinstance(marked[key], dict) and isinstance(wanted, dict):
            marked[key] = _mark(marked[key], wanted)
        else:
            marked[key] = Secret(reveal(marked[key]))
    return marked


def _rename(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(key, key): _rename(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_rename(item, names) for item in value]
    return value
