"""Installs the program's requirements into a new environment, with the README's commands."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
#: In seconds. The clouds' SDKs have a gigabyte.
TIMEOUT = 600
IMPORTED = (
    "import pulumi, pulumi_aws.eks, pulumi_gcp.container, pulumi_kubernetes, pulumi_tls, grpc"
)


def test_the_readme_s_requirements_are_consistent_and_sufficient(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text()
    commands = re.search(
        r"^(python3 -m venv \.venv)\b.*\n(\.venv/bin/pip install -r .*)$", readme, re.MULTILINE
    )
    assert commands
    for name in ("requirements.txt", "constraints.txt"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    # To compile the SDKs would take as long again, and hardly any of it is imported here.
    environment = {**os.environ, "PIP_NO_COMPILE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    for command in (*commands.groups(), ".venv/bin/pip check", f'.venv/bin/python -c "{IMPORTED}"'):
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
