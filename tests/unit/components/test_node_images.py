"""Images that the local node does not have are told before anything is made."""

from __future__ import annotations

import json
import re
from itertools import product
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import registry
from components.clusters.kubeconfig import kubeconfig_files, read
from components.config.checks.node_images import needed
from components.config.load import load
from components.images import Images
from components.runtimes.triton_options import TRITON_IMAGE
from components.stack import deploy
from local.images import recipes
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import kubeconfig, model, stack_file
from tests.unit.components.test_every_source import least

MIRROR = "slipway.local"
IMAGES = {"mirror": MIRROR, "pull_policy": "IfNotPresent"}
ALWAYS = [f"{MIRROR}/tensorflow/serving:2.19.1", f"{MIRROR}/traefik:v3.7.15"]
METRICS = f"{MIRROR}/metrics-server/metrics-server:v0.9.0"
SCALED = {"min": 1, "max": 4, "cpu": 50}
S3 = {"kind": "s3", "uri": "s3://bucket/m", "version": 1, "credentials": "key"}


def node(cluster: Path, *more: str) -> None:
    """`make up` has put `more` on the node, too."""
    server = read([cluster]).server
    told = {
        "mirror": MIRROR,
        "present": [*ALWAYS, *more],
        "obtainable": [one.name for one in recipes.FOR_STACKS],
    }
    kubeconfig(cluster, server, node_images=told)


def stack(**changes: Any) -> dict[str, Any]:
    return stack_file(**{"images": IMAGES, **changes})


def up(config: dict[str, Any], **settings: Any) -> Recording:
    return run(lambda: deploy(load()), config, **settings)


def refused(config: dict[str, Any], **settings: Any) -> dict[str, str]:
    """What is said of each key; nothing was registered."""
    registered: list[Recording] = []
    with pytest.raises(pulumi.RunError) as error:
        registered.append(up(config, **settings))
    assert not registered
    assert "nothing was created" in str(error.value)
    entries = re.split(r"\n  (?=\S)", str(error.value))[1:]
    return {re.split(r"[ \n]", each)[0]: each for each in entries}


@pytest.mark.parametrize("preview", [True, False])
def test_a_model_that_scales_needs_an_image_that_make_up_gets(cluster: Path, preview: bool) -> None:
    config = stack(models={"half_plus_two": model(replicas=SCALED)})
    node(cluster)
    ((path, said),) = refused(config, preview=preview).items()
    assert path == "slipway:models.half_plus_two.replicas"
    assert f"expected `{METRICS}` on the local node" in said
    assert "fix: run `make up`" in said
    title = METRICS.removeprefix(f"{MIRROR}/")
    assert f"`python3 -m local images {title}`" in said
    assert recipes.named(title).name == METRICS
    node(cluster, METRICS)
    assert up(config, preview=preview).of("APIService")


def test_what_make_up_wrote_before_is_taken_as_it_is() -> None:
    assert up(stack(models={"half_plus_two": model(replicas=SCALED)})).of("APIService")


def test_all_images_that_are_missing_are_told_at_once(cluster: Path) -> None:
    node(cluster)
    models = {
        "a": model(source=S3),
        "b": model(source=S3),
        "c": model(runtime="triton", replicas=SCALED),
    }
    told = refused(stack(models=models, gateway={"kind": "nginx", "controller": "ingress-nginx"}))
    assert sorted(told) == [
        "slipway:gateway.controller",
        "slipway:models.a.source",
        "slipway:models.c.image",
        "slipway:models.c.replicas",
    ]


@pytest.mark.parametrize(
    ("changes", "path", "fix", "repaired"),
    [
        (
            {"models": {"m": model(image="registry.example.com/own:1")}},
            "slipway:models.m.image",
            "name one that can be put there: kserve/storage-initializer:v0.20.0, ",
            {"models": {"m": model(image="tensorflow/serving:2.19.1")}},
        ),
        (
            {"gateway": {"kind": "nginx", "controller": "ingress-nginx"}},
            "slipway:gateway.controller",
            "take `controller` out",
            {"gateway": {"kind": "nginx"}},
        ),
        (
            {"addons": {"metrics-server": {"image": "example.com/other:1"}}},
            "slipway:addons.metrics-server",
            "take `metrics-server` out",
            {},
        ),
        (
            {"metrics": {"kind": "metrics-server", "image": "example.com/other:1"}},
            "slipway:metrics",
            "take `metrics` out",
            {},
        ),
        (
            {"images": {"pull_policy": "IfNotPresent"}},
            "slipway:images.mirror",
            "write `slipway.local`",
            {},
        ),
        (
            {"images": {"mirror": MIRROR}},
            "slipway:images.pull_policy",
            "write `IfNotPresent`",
            {},
        ),
    ],
)
def test_what_no_pod_could_pull_is_refused_with_a_fix_that_is_accepted(
    cluster: Path, changes: dict[str, Any], path: str, fix: str, repaired: dict[str, Any]
) -> None:
    node(cluster)
    told = refused(stack(**changes))
    assert list(told) == [path]
    assert fix in told[path]
    assert up(stack(**repaired)).resources


def test_a_server_s_image_is_asked_for_once_whichever_model_names_it(cluster: Path) -> None:
    node(cluster)
    models = {
        "a": model(runtime="triton", server="t"),
        "b": model(runtime="triton", server="t", image=recipes.TRITON),
    }
    ((path, said),) = refused(stack(models=models)).items()
    assert path == "slipway:models.b.image"
    assert f"`{recipes.named(recipes.TRITON).name}`" in said
    assert TRITON_IMAGE.rpartition(":")[2] not in said


def test_a_model_on_nodes_of_somebody_else_is_not_looked_at(cluster: Path) -> None:
    node(cluster)
    gpu = {
        "accelerator": {"kind": "nvidia-l4"},
        "taints": ["nvidia.com/gpu=present:NoSchedule"],
    }
    config = stack(
        cluster={"kind": "local", "node_pools": {"gpu": gpu}},
        models={"m": model(accelerator={"kind": "nvidia-l4"})},
    )
    assert up(config).one("Deployment", "m-server")


def test_the_list_is_not_a_part_of_how_the_cluster_is_reached(cluster: Path) -> None:
    before = read(kubeconfig_files(None)).text
    node(cluster, METRICS)
    found = read(kubeconfig_files(None))
    assert found.text == before
    assert found.node_images is not None


def test_extensions_of_others_stay_in_a_kubeconfig(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "k", "https://127.0.0.1:1", node_images={})
    document = json.loads(path.read_text())
    other = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "a"}}
    document["clusters"][0]["cluster"]["extensions"].append(other)
    path.write_text(json.dumps(document))
    (cluster,) = json.loads(read([path]).text)["clusters"]
    assert cluster["cluster"]["extensions"] == [other]


def stacks() -> list[dict[str, Any]]:
    """Every runtime with every source, and every other kind that has pods."""
    found: list[dict[str, Any]] = [
        {"models": {"m": {**least("runtimes", runtime), "source": least("sources", source)}}}
        for runtime, source in product(registry.RUNTIMES.kinds(), registry.SOURCES.kinds())
    ]
    found += [
        {"gateway": {"kind": "nginx", "controller": "ingress-nginx"}},
        {"gateway": {"kind": "nginx"}},
    ]
    found += [
        {"models": {"m": model(replicas=SCALED)}},
        {"addons": {"metrics-server": {}}},
        {"metrics": "metrics-server"},
        {"models": {"m": model(runtime="triton", batching={"max_batch_size": 4})}},
    ]
    return found


@pytest.mark.parametrize("changes", stacks(), ids=lambda changes: json.dumps(changes)[:60])
def test_what_a_stack_is_said_to_need_is_what_its_pods_run(
    changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_by_pods: set[str] = set()
    resolve = Images.resolve

    def seen(self: Images, reference: str) -> str:
        run_by_pods.add(reference)
        return resolve(self, reference)

    told: set[str] = set()

    def program() -> dict[str, Any]:
        config = load()
        told.update(reference for _, reference in needed(config))
        return deploy(config)

    monkeypatch.setattr(Images, "resolve", seen)
    # The chart of ingress-nginx names its own image where no mirror has it.
    run(program, stack_file(images={"mirror": MIRROR}, **changes))
    assert run_by_pods == told


def image_source(image: str) -> dict[str, Any]:
    return model(source={"kind": "image", "image": image, "path": "/models/m"})


#: Each image that is not always there, and a model that needs it.
ASKING = {
    recipes.TRITON: model(runtime="triton", image=recipes.TRITON),
    recipes.STORAGE_INITIALIZER: model(source=S3),
    recipes.METRICS_SERVER: model(replicas=SCALED),
    recipes.MLSERVER: {**least("runtimes", "custom"), "source": least("sources", "pvc")},
    recipes.BUSYBOX: image_source(recipes.BUSYBOX),
}


@pytest.mark.parametrize(
    "recipe",
    [one for one in recipes.FOR_STACKS if one not in recipes.ALWAYS],
    ids=lambda recipe: recipe.title,
)
def test_make_up_gets_what_it_is_named_as_the_fix_for(
    cluster: Path, recipe: recipes.Recipe
) -> None:
    """`make up` reads which images there have to be from the same file."""
    node(cluster)
    config = stack(models={"m": ASKING[recipe.reference]})
    (said,) = refused(config).values()
    assert "fix: run `make up`" in said
    assert f"`{recipe.name}`" in said
    assert recipe in recipes.needed_by({f"slipway:{key}": value for key, value in config.items()})
