"""Finds values of `slipway:secrets` that are not encrypted in the stack file."""

from __future__ import annotations

from pathlib import Path

from components.config.secret_scan import yaml_fault


class StackFileError(ValueError):
    """A stack file that cannot be read. The text gives the reason and quotes nothing of the file."""


def plaintext(path: Path) -> set[str]:
    """Names in `slipway:secrets` whose values are not encrypted in the stack file at `path`; none if
    there is no such file. Pulumi reports only whether the whole key is secret, which it is as soon
    as one value is encrypted.

    Raises `StackFileError` for YAML that Pulumi can parse and PyYAML cannot.
    """
    if not path.is_file():
        return set()
    import yaml  # only stacks with secrets need it

    try:
        document = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, ValueError) as error:
        raise StackFileError(yaml_fault(error)) from None
    section = document.get("config") if isinstance(document, dict) else None
    named = section.get("slipway:secrets") if isinstance(section, dict) else None
    if not isinstance(named, dict) or "secure" in named:
        return set()
    return {
        name
        for name, value in named.items()
        if not (isinstance(value, dict) and set(value) == {"secure"})
    }
