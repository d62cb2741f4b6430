"""`make scan`: checkov and kube-score on every object that Slipway writes, with nothing skipped, and
on the servers' own samples beside it. It ends badly where Slipway's have a failed check or a
critical finding."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.scan.samples import samples
from tests.scan.stacks import objects, stacks


@dataclass(frozen=True)
class Findings:
    """What the scanners say of a file. `checkov` and `critical` are what fails, by its text;
    `passed` are checkov's checks that do not."""

    passed: int
    checkov: Counter[str]
    critical: Counter[str]
    warnings: int

    @property
    def row(self) -> tuple[int, ...]:
        return self.passed, self.checkov.total(), self.critical.total(), self.warnings


def scanned(file: Path) -> Findings:
    passed, failed = _checkov(file)
    critical, warnings = _kube_score(file)
    return Findings(passed, failed, critical, warnings)


def _checkov(file: Path) -> tuple[int, Counter[str]]:
    said = _json(
        "checkov", "--file", str(file), "--framework", "kubernetes", "--compact", "--quiet",
        "--skip-download", "--soft-fail", "--output", "json",
    )  # fmt: skip
    failed = said["results"]["failed_checks"]
    assert said["summary"]["parsing_errors"] == said["summary"]["skipped"] == 0
    return said["summary"]["passed"], Counter(
        f"{each['check_id']} {each['check_name']}: {each['resource']}" for each in failed
    )


def _kube_score(file: Path) -> tuple[Counter[str], int]:
    """Its grades: 1 is critical, 5 a warning, 7 almost and 10 all right."""
    critical: Counter[str] = Counter()
    warnings = 0
    for each in _json("kube-score", "score", "--output-format", "json", str(file)):
        for check in each["checks"]:
            if check["skipped"] or check["grade"] > 5:
                continue
            if check["grade"] == 5:
                warnings += 1
                continue
            why = "; ".join(comment["summary"] for comment in check["comments"] or ())
            critical[f"{check['check']['name']} ({why}): {each['object_name']}"] += 1
    return critical, warnings


def _json(*command: str) -> Any:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        raise SystemExit(f"`{' '.join(command)}` said no JSON:\n{done.stderr}") from None


def main() -> int:
    rows: dict[str, Findings] = {}
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        for name, stack in stacks().items():
            path = directory / f"{name.replace(' ', '-')}.yaml"
            path.write_text(yaml.safe_dump_all(objects(stack, directory), sort_keys=False))
            rows[f"Slipway: {name}"] = scanned(path)
        ours = list(rows)
        for name, sample in samples(directory).items():
            if isinstance(sample, Path):
                rows[name] = scanned(sample)
            else:
                print(f"{name} is left out: {sample}")
    print(f"{'':40}{'checkov passed':>15}{'failed':>8}{'kube-score critical':>21}{'warnings':>10}")
    for name, found in rows.items():
        passed, failed, critical, warnings = found.row
        print(f"{name:40}{passed:>15}{failed:>8}{critical:>21}{warnings:>10}")
    wrong = sum((rows[name].checkov + rows[name].critical for name in ours), Counter[str]())
    for text, count in wrong.most_common():
        print(f"{count} × {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
