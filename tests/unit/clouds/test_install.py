"""What the README installs, from nothing: the program's requirements and what they bring."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
#: Seconds for a gigabyte of the clouds' SDKs.
TIMEOUT = 600
IMPORTED = (
    "import pulumi, pulumi_aws.eks, pulumi_gcp.container, pulumi_kubernetes, pulumi_tls, grpc"
)


def test_the_readme_s_requirements_go_together_and_are_enough(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text()
    found = re.search(
        r"^(python3 -m venv \.venv)\b.*\n(\.venv/bin/pip install -r .*)$", readme, re.MULTILINE
    )
    assert found
    for name in ("requirements.txt", "constraints.txt"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    # Compiled, they take twice as long, and next to nothing of them is imported here.
    environment = {**os.environ, "PIP_NO_COMPILE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    for command in (*found.groups(), ".venv/bin/pip check", f'.venv/bin/python -c "{IMPORTED}"'):
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
