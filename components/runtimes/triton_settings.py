"""The init container's program for models of Triton with settings in the stack file. Triton reads a
single `config.pbtxt`, and the model's own one is read-only, so the two are merged into a new file.

    python3 triton_settings.py <models> <settings> <written> <model>...

writes `<models>/<model>/config.pbtxt`, overridden by the fields of `<settings>/<model>.pbtxt`, to
`<written>/<model>.pbtxt`. The image's Python runs it, so it imports only the standard library.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

#: Tokens of protobuf's text format: a comment, a string, a bracket or separator, a word, blanks.
_TOKEN = re.compile(
    r"""\#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{}<>\[\]:;,]|[^\s{}<>\[\]:;,\#"']+|\s+""",
    re.DOTALL,
)


def fields(text: str) -> list[tuple[str, str]]:
    """The fields of a message in protobuf's text format, as names and texts, in their order. The
    text before the first field has the name ``."""
    found = [("", "")]
    depth, last = 0, ""
    for token in _TOKEN.findall(text):
        if depth == 0 and last != ":" and re.match("[A-Za-z_]", token):
            found.append((token, ""))
        name, before = found[-1]
        found[-1] = (name, before + token)
        depth += (token in "{<[") - (token in "}>]")
        if not token.isspace() and not token.startswith("#"):
            last = token
    return found


def merged(config: str, settings: str) -> str:
    """`config`, with its fields overridden by those of the same name in `settings`."""
    replaced = {name for name, _ in fields(settings) if name}
    kept = "".join(text for name, text in fields(config) if name not in replaced)
    return f"{kept.rstrip()}\n{settings}"


def _look_for_versions(name: str, settings: str, model: Path) -> None:
    """Exit if none of the versions in the settings exists. Triton would exit, too, but without a
    list of the existing ones."""
    policy = dict(fields(settings)).get("version_policy", "")
    wanted = [int(each) for each in re.findall("[0-9]+", policy)] if "specific" in policy else []
    existing = sorted(
        int(each.name) for each in model.iterdir() if re.fullmatch("[1-9][0-9]*", each.name)
    )
    if wanted and not set(wanted) & set(existing):
        listed = " or ".join(map(str, wanted))
        found = f"it has {', '.join(map(str, existing))}" if existing else "it has none"
        sys.exit(f"model {name} has no version {listed}; {found}")


def main(models: str, settings: str, written: str, *names: str) -> None:
    """Write the merged configuration of each model."""
    for name in names:
        config = Path(models, name, "config.pbtxt")
        if not config.is_file():
            sys.exit(
                f"model {name} has no config.pbtxt beside its versions: `versions`, `batching` and "
                "`warm_up` are put into it"
            )
        wanted = Path(settings, f"{name}.pbtxt").read_text()
        _look_for_versions(name, wanted, config.parent)
        text = merged(config.read_text(), wanted)
        Path(written, f"{name}.pbtxt").write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
