"""Each mistake in a stack file is reported with its key, its value and its fix."""

from __future__ import annotations

import pytest

from tests.unit.components.environment import model
from tests.unit.config.mistaken import Case, assert_answered, refused

MISTAKES: dict[str, Case] = {
    "unknown top-level key": (
        {"model": {}, "models": None},
        "slipway:model",
        "unknown",
        "did you mean `models`",
    ),
    "unknown key far from any": ({"zzz": 1}, "slipway:zzz", "unknown", "take `zzz` out"),
    "text for a map": (
        {"limits": "fast"},
        "slipway:limits",
        '"fast"',
        "write `{}` for the defaults, or a map of these keys",
    ),
    "text for a number": (
        {"limits": {"streams": "many"}},
        "slipway:limits.streams",
        '"many"',
        "without quotes",
    ),
    "charts with a last slash": (
        {"images": {"charts": "https://charts.example.com/"}},
        "slipway:images.charts",
        '"https://charts.example.com/"',
        "did you mean `https://charts.example.com`?",
    ),
    "charts without a scheme": (
        {"images": {"charts": "charts.example.com"}},
        "slipway:images.charts",
        '"charts.example.com"',
        "`https://charts.example.com`",
    ),
    "messages too large": (
        {"limits": {"message_size": "3Gi"}},
        "slipway:limits.message_size",
        '"3Gi"',
        "write `2047Mi`",
    ),
    "deadline too long": (
        {"limits": {"deadline": "2h"}},
        "slipway:limits.deadline",
        '"2h"',
        "write `1h`",
    ),
    "deadline without unit": ({"limits": {"deadline": 90}}, "slipway:limits.deadline", "90", "90s"),
    "too many streams": (
        {"limits": {"streams": 100_000}},
        "slipway:limits.streams",
        "100000",
        "write `1000`",
    ),
    "mirror with a scheme": (
        {"images": {"mirror": "https://mirror.example.com/"}},
        "slipway:images.mirror",
        '"https://mirror.example.com/"',
        "`mirror.example.com`",
    ),
    "mirror with a scheme and no more": (
        {"images": {"mirror": "https://mirror.example.com"}},
        "slipway:images.mirror",
        '"https://mirror.example.com"',
        "did you mean `mirror.example.com`?",
    ),
    "namespace of the system": (
        {"namespace": "kube-system"},
        "slipway:namespace",
        '"kube-system"',
        "such as `models`",
    ),
    "namespace not a Kubernetes name": (
        {"namespace": "My Models"},
        "slipway:namespace",
        '"My Models"',
        "did you mean `my-models`",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_answered_with_key_value_and_fix(name: str) -> None:
    assert_answered(MISTAKES[name])


def test_all_mistakes_of_a_file_come_in_one_answer() -> None:
    text = refused(
        {
            "cluster": {"kind": "locale"},
            "gateway": {"kind": "nginx", "host": "a_b.c", "tls": {"kind": "acme"}},
            "models": {
                "a_b": model(replicas=0),
                "a-b": model(image="x"),
                "v1": model(source={"kind": "pvc"}),
            },
            "volumes": {"m": {"size": 10}},
            "secrets": {"token": "s"},
            "modles": {},
            "other:limits": {},
        }
    )
    expected = [
        "slipway:cluster",
        "slipway:gateway.host",
        "slipway:gateway.tls",
        "slipway:models.a_b.replicas",
        "slipway:models.a-b\n",
        "slipway:models.a-b.image",
        "slipway:models.v1",
        "slipway:models.v1.source.claim",
        "slipway:models.v1.source.path",
        "slipway:volumes.m.size",
        "slipway:secrets.token",
        "slipway:modles",
        "other:limits",
    ]
    assert [path for path in expected if f"\n  {path}" not in text] == []
    assert text.startswith(f"{len(expected)} mistakes in Pulumi.dev.yaml; nothing was created.")
