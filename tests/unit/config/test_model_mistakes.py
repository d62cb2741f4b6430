"""Every mistake in a model, or in a volume that it is in, is answered with its key, its value and
its fix."""

from __future__ import annotations

import pytest

from tests.unit.components.environment import model
from tests.unit.config.mistaken import Case, assert_answered, one, pvc

MISTAKES: dict[str, Case] = {
    "unknown key of a model": (
        one(replica=1),
        "slipway:models.half_plus_two.replica",
        "1",
        "did you mean `replicas`",
    ),
    "unknown key of a source": (
        one(source={"kind": "pvc", "clam": "x", "path": "half_plus_two"}),
        "slipway:models.half_plus_two.source.clam",
        '"x"',
        "did you mean `claim`",
    ),
    "key of another project": (
        {"other:models": {}},
        "other:models",
        "under another project's name",
        "take `other:models` out",
    ),
    "a list for a map": ({"models": [1]}, "slipway:models", "[1]", "write keys and their values"),
    "a number for text": (
        one(source={"kind": "pvc", "claim": "models", "path": 7}),
        "slipway:models.half_plus_two.source.path",
        "7",
        'did you mean `"7"`?',
    ),
    "memory in GB": (
        one(resources={"requests": {"memory": "2GB"}}),
        "slipway:models.half_plus_two.resources.requests.memory",
        '"2GB"',
        "did you mean `2Gi`",
    ),
    "memory without unit": (
        one(resources={"limits": {"memory": 512}}),
        "slipway:models.half_plus_two.resources.limits.memory",
        "512",
        "`512Mi`",
    ),
    "cpu with a word": (
        one(resources={"requests": {"cpu": "1 core"}}),
        "slipway:models.half_plus_two.resources.requests.cpu",
        '"1 core"',
        "did you mean `1`",
    ),
    "no cpu at all": (
        one(resources={"limits": {"cpu": "0"}}),
        "slipway:models.half_plus_two.resources.limits.cpu",
        '"0"',
        "more than none",
    ),
    "limit below request": (
        one(resources={"requests": {"cpu": 2}, "limits": {"cpu": "500m"}}),
        "slipway:models.half_plus_two.resources",
        None,
        "write `2` in `limits.cpu`, or `500m` in `requests.cpu`",
    ),
    "volume size without unit": (
        {"volumes": {"models": {"size": 10}}},
        "slipway:volumes.models.size",
        "10",
        "`10Gi`",
    ),
    "unknown access mode": (
        {"volumes": {"models": {"size": "1Gi", "access_mode": "RWO"}}},
        "slipway:volumes.models.access_mode",
        '"RWO"',
        "did you mean `ReadWriteOnce`?",
    ),
    "volume name not a Kubernetes name": (
        {"volumes": {"My_Models": {"size": "1Gi"}}},
        "slipway:volumes.My_Models",
        '"My_Models"',
        "did you mean `my-models`",
    ),
    "a claim for one pod": (
        {
            "volumes": {"models": {"size": "1Gi", "access_mode": "ReadWriteOncePod"}},
            **one(replicas={"min": 3, "max": 3}),
        },
        "slipway:volumes.models.access_mode",
        '"ReadWriteOncePod"',
        "`ReadWriteOnce`",
    ),
    "startup timeout in milliseconds": (
        one(startup_timeout="5ms"),
        "slipway:models.half_plus_two.startup_timeout",
        '"5ms"',
        "write `1s`",
    ),
    "startup timeout too long": (
        one(startup_timeout="999999h"),
        "slipway:models.half_plus_two.startup_timeout",
        '"999999h"',
        "write `24h`",
    ),
    "memory below one of its unit": (
        one(resources={"requests": {"memory": "0.5Gi"}}),
        "slipway:models.half_plus_two.resources.requests.memory",
        '"0.5Gi"',
        "did you mean `512Mi`",
    ),
    "no memory at all": (
        one(resources={"limits": {"memory": "0Gi"}}),
        "slipway:models.half_plus_two.resources.limits.memory",
        '"0Gi"',
        "write `1Mi`",
    ),
    "names that clash as Kubernetes names": (
        {"models": {"a_b": model(), "a-b": model()}},
        "slipway:models.a-b",
        None,
        "rename one of the two: both become a-b",
    ),
    "names that clash as routes": (
        {"models": {"Half": model(), "half": model()}},
        "slipway:models.half",
        None,
        "rename one",
    ),
    "model name too long": (
        one("m" * 41),
        f"slipway:models.{'m' * 41}",
        None,
        "did you mean `mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm`?",
    ),
    "model name with a dot": (
        one("half.plus"),
        "slipway:models.half.plus",
        '"half.plus"',
        "did you mean `half_plus`",
    ),
    "model name with a digit first": (
        one("2half"),
        "slipway:models.2half",
        '"2half"',
        "did you mean `half`",
    ),
    "model name that is a path": (one("v1"), "slipway:models.v1", '"v1"', "`v1_model`"),
    "no source": (
        {"models": {"half_plus_two": {"runtime": "tfserving"}}},
        "slipway:models.half_plus_two.source",
        None,
        "add the key `source`",
    ),
    "no claim": (
        one(source={"kind": "pvc", "path": "x"}),
        "slipway:models.half_plus_two.source.claim",
        None,
        "add the key `claim`",
    ),
    "no path": (
        one(source={"kind": "pvc", "claim": "models"}),
        "slipway:models.half_plus_two.source.path",
        None,
        "add the key `path`",
    ),
    "path out of the volume": (
        pvc(path="../other"),
        "slipway:models.half_plus_two.source.path",
        '"../other"',
        "did you mean `other`?",
    ),
    "absolute path": (
        pvc(path="/models/x"),
        "slipway:models.half_plus_two.source.path",
        '"/models/x"',
        "`models/x`",
    ),
    "claim not a Kubernetes name": (
        pvc(claim="My Claim"),
        "slipway:models.half_plus_two.source.claim",
        '"My Claim"',
        "did you mean `my-claim`",
    ),
    "unknown runtime": (
        one(runtime="tfservin"),
        "slipway:models.half_plus_two",
        "tfservin",
        "did you mean `runtime: tfserving`?",
    ),
    "no runtime": (
        {"models": {"half_plus_two": {"source": model()["source"]}}},
        "slipway:models.half_plus_two",
        None,
        "choose one of these",
    ),
    "unknown source": (
        one(source={"kind": "pcv"}),
        "slipway:models.half_plus_two.source",
        "pcv",
        "did you mean `kind: pvc`?",
    ),
    "no replicas": (
        one(replicas=0),
        "slipway:models.half_plus_two.replicas",
        "0",
        "write `1`; to stop serving a model, take the model out",
    ),
    "negative replicas": (
        one(replicas=-1),
        "slipway:models.half_plus_two.replicas",
        "-1",
        "write `1`; to stop serving a model, take the model out",
    ),
    "replicas in quotes": (
        one(replicas="2"),
        "slipway:models.half_plus_two.replicas",
        '"2"',
        "without quotes",
    ),
    "image without tag": (
        one(image="tensorflow/serving"),
        "slipway:models.half_plus_two.image",
        '"tensorflow/serving"',
        "add a colon and the tag of a version",
    ),
    "image of latest": (
        one(image="tensorflow/serving:latest"),
        "slipway:models.half_plus_two.image",
        '"tensorflow/serving:latest"',
        "name the version",
    ),
    "image of a registry with a port and no tag": (
        one(image="registry.example.com:5000/serving"),
        "slipway:models.half_plus_two.image",
        '"registry.example.com:5000/serving"',
        "add a colon and the tag of a version",
    ),
    "cloud key in another place": (
        pvc(path="AKIAABCDEFGHIJKLMNOP"),
        "slipway:models.half_plus_two.source.path",
        "an AWS access key in plain text",
        "take it out and change it, since it has been in a file; keys",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_answered_with_key_value_and_fix(name: str) -> None:
    assert_answered(MISTAKES[name])
