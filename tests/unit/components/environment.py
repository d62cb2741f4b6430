"""Stack files and kubeconfigs of the tests."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from components.clusters.kubeconfig import NODE_IMAGES

#: The most Kubernetes objects that a model takes (docs/objects.md).
MOST_OBJECTS = 11


def kubeconfig(
    path: Path,
    server: str,
    context: str = "slipway-test",
    node_images: dict[str, Any] | None = None,
) -> Path:
    cluster: dict[str, Any] = {"server": server}
    if node_images is not None:
        cluster["extensions"] = [{"name": NODE_IMAGES, "extension": node_images}]
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": cluster}],
                "users": [{"name": "u", "user": {"token": "t0"}}],
                "contexts": [{"name": context, "context": {"cluster": "c", "user": "u"}}],
                "current-context": context,
            }
        )
    )
    return path


def closed_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def model(**changes: Any) -> dict[str, Any]:
    return {
        "runtime": "tfserving",
        "source": {"kind": "pvc", "claim": "models", "path": "half_plus_two"},
        **changes,
    }


def stack_file(**changes: Any) -> dict[str, Any]:
    """A whole stack file. `changes` replace top-level keys; None removes one."""
    whole: dict[str, Any] = {
        "cluster": {"kind": "local"},
        "gateway": {
            "kind": "nginx",
            "controller": "traefik",
            "host": "models.localhost",
            "tls": {"kind": "self-signed"},
        },
        "volumes": {"models": {"size": "1Gi"}},
        "models": {"half_plus_two": model()},
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}
