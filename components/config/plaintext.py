"""Which values of `slipway:secrets` stand in the stack file unencrypted."""

from __future__ import annotations

from pathlib import Path

from components.config.secret_scan import yaml_fault


class StackFileError(ValueError):
    """A stack file that cannot be read; the text says why, and quotes none of it."""


def plaintext(path: Path) -> set[str]:
    """Names in `slipway:secrets` whose values stand in the stack file at `path` unencrypted;
    none where there is no such file. Pulumi itself tells secrecy of the whole key only, so one
    encrypted value would hide that another is not.

    Raises `StackFileError` for YAML that Pulumi reads and PyYAML does not.
    """
    if not path.is_file():
        return set()
    import yaml  # only a stack with secrets pays for it

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
