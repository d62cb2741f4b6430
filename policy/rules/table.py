"""`python -m policy.rules.table` writes docs/clouds/policies.md."""

from __future__ import annotations

from pathlib import Path

from . import CLOUDS, LEFT_OUT
from .rule import Rule

PAGE = Path(__file__).parents[2] / "docs" / "clouds" / "policies.md"

_HEAD = """\
# Policies

`policy/` is a Pulumi policy pack. It checks the clusters, node pools and launch templates of a stack
against the rules in the tables below, and refuses those that break one. `make preview STACK=eks`
runs it, on pull requests too. To run it with credentials:

```bash
python3 -m venv policy/.venv
policy/.venv/bin/pip install --no-deps -r policy/requirements.txt
pulumi preview --policy-pack policy
```

The pack has a virtual environment of its own, since `pulumi-policy` requires an older protobuf than
the program. Rules with `CKV` are [checkov](https://www.checkov.io)'s: all of its rules for clusters
and node pools on EKS, GKE and ACK, and for the launch templates of nodes. Rules with `SLIPWAY` check
what checkov does not. A rule that depends on a value that a preview does not know is checked by `up`,
before the resource is made.

Rules are `mandatory`. A file makes a rule `advisory` or `disabled`, or turns on one that is off:

```bash
echo '{"CKV_AWS_39": "mandatory"}' > strict.json
pulumi preview --policy-pack policy --policy-pack-config strict.json
```
"""


def page() -> str:
    """The page's text."""
    parts = [_HEAD]
    for cloud, rules in CLOUDS.items():
        parts.append(f"\n## {cloud}\n\n| rule | of | demands |\n|---|---|---|\n")
        parts += [_row(rule) for rule in sorted(rules, key=_order)]
    parts.append("\n## Left out\n\n| rule | why |\n|---|---|\n")
    parts += [f"| {id} | {why} |\n" for id, why in sorted(LEFT_OUT.items())]
    return "".join(parts)


def _row(rule: Rule) -> str:
    kinds = ", ".join(kind.rpartition(":")[2] for kind in rule.types)
    off = f"; off unless turned on: {rule.opt_in}" if rule.opt_in else ""
    return f"| {rule.id} | {kinds} | {rule.demands}{off} |\n"


def _order(rule: Rule) -> tuple[str, int]:
    name, _, number = rule.id.rpartition("_")
    return name, int(number)


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page())
