"""What no single value of a stack file shows: clashes between names, references, and secrets in
the wrong place. These look at the raw values, so that they speak beside all other mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.config.options import listed
from components.config.report import Mistake
from components.config.secret_scan import plain, secret_in, shown


def label(name: str) -> str:
    """The Kubernetes name of a model."""
    return name.lower().replace("_", "-")


def clashes(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """Models whose names become the same Kubernetes name or, as routes are regular expressions
    that ignore case, the same route."""
    seen: dict[str, str] = {}
    models = raw.get("models")
    for name in models if isinstance(models, dict) else ():
        other = seen.setdefault(label(name), name)
        if other != name:
            yield Mistake(
                path=f"slipway:models.{name}",
                shown=None,
                expected=f"a name that differs from `{other}` by more than case, `_` and `-`",
                fix=f"rename one of the two: both become {label(name)}",
            )


def references(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """References to secrets that are not there."""
    secrets = raw.get("secrets")
    names = sorted(secrets) if isinstance(secrets, dict) else []
    for path, value in _walk({key: raw[key] for key in raw if key != "secrets"}):
        if not (isinstance(value, dict) and set(value) == {"secret"}):
            continue
        name = value["secret"]
        if name not in names:
            there = f"; there is {listed(names)}" if names else ""
            yield Mistake(
                path=f"{path}.secret",
                shown=shown(name),
                expected=f"the name of a value in `slipway:secrets`{there}",
                # Some write the secret itself here, so the command does not repeat it.
                fix=f"run {set_secret('NAME')}, and write `{{secret: NAME}}`",
            )


def pull_secrets(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """Pull Secrets that are to be copied from a namespace which the stack itself makes."""
    images, own = raw.get("images"), raw.get("namespace") or "models"
    entries = images.get("pull_secrets") if isinstance(images, dict) else None
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        namespace = entry.get("namespace") if isinstance(entry, dict) else None
        if namespace == own or str(namespace).startswith("slipway-"):
            yield Mistake(
                path=f"slipway:images.pull_secrets[{index}].namespace",
                shown=shown(namespace),
                expected="a namespace that is there before the stack, which makes this one",
                fix="write the namespace that the Secret is in today, such as "
                f"`{'default' if own != 'default' else 'kube-system'}`; or take "
                "`namespace` out where something puts the Secret into the stack's own namespaces",
            )


def secrecy(
    raw: Mapping[str, Any], secret_keys: set[str], plaintext: set[str]
) -> Iterator[Mistake]:
    """Secrets in plain text, and secrecy where it hides what is none.

    `secret_keys` are the top-level keys that Pulumi holds as secret; `plaintext` the names in
    `slipway:secrets` that are known to stand in the stack file as they are.
    """
    for key in sorted(secret_keys - {"secrets"}):
        yield Mistake(
            path=f"slipway:{key}",
            shown="secret",
            expected="plain values: one secret hides the whole map from previews",
            fix="write it in plain text, and its secret parts under slipway:secrets, to which keys "
            "that take a secret refer",
        )
    secrets = raw.get("secrets")
    named = secrets if isinstance(secrets, dict) else {}
    exposed = set(named) if "secrets" not in secret_keys else plaintext & set(named)
    for name in sorted(exposed):
        yield Mistake(
            path=f"slipway:secrets.{name}",
            shown="in plain text",
            expected="an encrypted value",
            fix=f"run {set_secret(name if plain(name) else 'NAME')}, and change the secret: it has "
            "been in a file",
        )
    readable = {key: raw[key] for key in raw if key != "secrets" and key not in secret_keys}
    for path, value in _walk(readable):
        what = secret_in(value) if isinstance(value, str) else None
        if what:
            yield Mistake(
                path=path,
                shown=f"{what} in plain text",
                expected="no secret here",
                fix="take it out and change it, since it has been in a file; keys that take a secret "
                "refer to one of slipway:secrets by its name",
            )
        for key in value if isinstance(value, dict) else ():
            if what := secret_in(key):
                yield Mistake(
                    path=f"{path}.{key}",
                    shown=f"{what} in plain text",
                    expected="no secret here",
                    fix="take it out, and change the secret: it has been in a file",
                )


def set_secret(name: str) -> str:
    """The command that puts a secret where it belongs."""
    return f"`pulumi config set --path --secret 'secrets.{name}'`"


def _walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if path:
        yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, f"{path}.{key}" if path else f"slipway:{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, f"{path}[{index}]")
