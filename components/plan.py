"""`python -m components.plan`: the add-ons that a stack installs on its cluster, and why."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from components import registry
from components.config.addon_options import Capability, PresentOptions
from components.config.load import validate
from components.config.plan import PlannedAddon, plan

ROOT = Path(__file__).parent.parent
_PREFIX = "slipway:"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m components.plan",
        description="The add-ons that a stack installs or adopts, in order, each with the keys of "
        "the stack file that need it. Nothing is created.",
    )
    parser.add_argument("--stack", help="the stack of Pulumi.STACK.yaml; left out, every add-on")
    parser.add_argument("--dot", action="store_true", help="a drawing in the language of Graphviz")
    options = parser.parse_args(arguments)
    if options.stack is None:
        print(needs_drawing() if options.dot else needs_table())
        return 0
    path = ROOT / f"Pulumi.{options.stack}.yaml"
    if not path.is_file():
        print(f"error: there is no {path.name}", file=sys.stderr)
        return 2
    config, mistakes = validate(_values(path))
    if config is None:
        print("\n".join(map(str, mistakes)), file=sys.stderr)
        return 1
    planned = plan(config)
    print(drawing(planned) if options.dot else table(planned))
    return 0


def _values(path: Path) -> dict[str, object]:
    """The keys under `slipway:` in a stack file. Encrypted secrets stay encrypted."""
    values = (yaml.safe_load(path.read_text()) or {}).get("config") or {}
    return {
        key.removeprefix(_PREFIX): value for key, value in values.items() if key.startswith(_PREFIX)
    }


def table(planned: Sequence[PlannedAddon]) -> str:
    """The plan of one stack, a line for each add-on."""
    rows = [
        (each.name, _how(each), ", ".join(each.reasons) or f"{_PREFIX}addons") for each in planned
    ]
    return _aligned([("add-on", "how", "because of"), *rows]) if rows else "no add-ons"


def drawing(planned: Sequence[PlannedAddon]) -> str:
    """The plan of one stack in the language of Graphviz, with edges from keys to add-ons."""
    edges = [
        f'  "{reason.removeprefix(_PREFIX)}" -> "{each.name}" [label="{_what(each)}"];'
        for each in planned
        for reason in each.reasons or [f"{_PREFIX}addons"]
    ]
    return "\n".join(["digraph plan {", "  rankdir=LR;", *edges, "}"])


def needs_table() -> str:
    """Every registered add-on, with what it provides and requires, as Markdown."""
    lines = ["| add-on | provides | requires |", "|---|---|---|"]
    for name in registry.ADDONS.kinds():
        options = registry.ADDONS.options(name)
        provides, requires = (_listed(each) for each in (options.provides, options.requires))
        lines.append(f"| `{name}` | {provides} | {requires} |")
    return "\n".join(lines)


def needs_drawing() -> str:
    """Which registered add-on needs which, in the language of Graphviz."""
    all_options = {name: registry.ADDONS.options(name) for name in registry.ADDONS.kinds()}
    edges = [
        f'  "{name}" -> "{other}" [label="{capability}"];'
        for name, options in all_options.items()
        for capability in sorted(options.requires)
        for other, others in all_options.items()
        if capability in others.provides
    ]
    nodes = [f'  "{name}";' for name in all_options]
    return "\n".join(["digraph addons {", "  rankdir=LR;", *nodes, *edges, "}"])


def _how(planned: PlannedAddon) -> str:
    present = isinstance(planned.options, PresentOptions)
    return "present on the cluster" if present else "installed by this stack"


def _what(planned: PlannedAddon) -> str:
    return ", ".join(sorted(planned.provides))


def _listed(capabilities: frozenset[Capability]) -> str:
    return ", ".join(sorted(capabilities)) or "nothing"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
