"""Stack files that between them have every mistake that there is a message for."""

from __future__ import annotations

from typing import Any

from tests.unit.clouds import (
    ack_stack,
    aws,
    gke,
    test_ack_mistakes,
    test_ack_pool_mistakes,
    test_eks_mistakes,
    test_eks_pool_mistakes,
    test_gke_mistakes,
    test_gke_pool_mistakes,
)
from tests.unit.clouds.test_ack_mistakes import existing as existing_ack
from tests.unit.clouds.test_ack_mistakes import vpc as ack_vpc
from tests.unit.clouds.test_eks_mistakes import access
from tests.unit.components.environment import model, stack_file
from tests.unit.config import (
    test_cluster_mistakes,
    test_gateway_mistakes,
    test_mistakes,
    test_model_mistakes,
    test_runtime_mistakes,
    test_scaling_mistakes,
    test_secret_mistakes,
    test_source_mistakes,
    test_tfserving_mistakes,
    test_triton_mistakes,
)
from tests.unit.config.mistaken import one, pvc
from tests.unit.config.test_runtime_mistakes import L4, custom
from tests.unit.config.test_source_mistakes import NFS, OSS, S3

StackFile = dict[str, Any]
LOGIN = {
    "registry": "registry.example.com",
    "username": "robot",
    "password": {"secret": "registry"},
}
GATEWAY = {"kind": "nginx", "host": "models.example.com", "tls": {"kind": "self-signed"}}


def _cloud(cluster: dict[str, Any], **changes: Any) -> StackFile:
    return stack_file(cluster=cluster, gateway=GATEWAY, volumes=None, models={}, **changes)


def _source(**source: Any) -> StackFile:
    return stack_file(**one("m", source=source))


def _nodes(**pools: Any) -> dict[str, Any]:
    return {"kind": "existing", "node_pools": pools}


def _pulls(*entries: Any) -> StackFile:
    return stack_file(images={"pull_secrets": list(entries)}, secrets={"registry": "x"})


def _arguments(*arguments: Any, runtime: str = "tfserving", **changes: Any) -> StackFile:
    return stack_file(**one("m", runtime=runtime, arguments=list(arguments), **changes))


def _provider(cluster: dict[str, Any], **settings: Any) -> StackFile:
    """What a stack file says of a provider, whose package is before the first `_`."""
    named = {key.replace("_", ":", 1): value for key, value in settings.items()}
    return {**_cloud(cluster), **named}


def _image(image: Any) -> StackFile:
    return stack_file(**one("m", image=image))


#: Those whose own tests are elsewhere, or that only a program writes so.
MORE: dict[str, StackFile] = {
    "an add-on by both of its names": stack_file(
        metrics="present", addons={"metrics-server": {"kind": "present"}}
    ),
    "a cluster that is text": stack_file(cluster="local"),
    "a kind that is near none": stack_file(cluster={"kind": "aks"}),
    "a key of another project that is not there": {
        **stack_file(limits=None),
        "other:limits": {},
    },
    "models without a gateway": {
        "cluster": aws.cluster(),
        "models": {"m": model(source=aws.S3)},
    },
    "client ranges for a controller that another stack made": stack_file(
        gateway={
            **GATEWAY,
            "allow": ["10.0.0.0/8"],
            "controller": {"kind": "present", "namespace": "ingress", "service": "controller"},
        }
    ),
    "a host outside the zone": {
        **_cloud(aws.cluster(dns={"zone": "example.org"})),
    },
    "text for a duration": stack_file(limits={"deadline": "soon"}),
    "a list for a host": stack_file(gateway={**GATEWAY, "host": ["a.b"]}),
    "text for options that need some keys": stack_file(**one("m", expose="yes")),
    "text for an amount": stack_file(volumes={"models": {"size": "large"}}),
    "a large number of bytes": stack_file(volumes={"models": {"size": 2**31}}),
    "a word for CPU": stack_file(**one("m", resources={"limits": {"cpu": "all"}})),
    "a mode like none": stack_file(volumes={"models": {"size": "1Gi", "access_mode": "x"}}),
    "a shared volume where none is made": {
        **_cloud(aws.cluster()),
        "volumes": {"models": {"size": "1Gi", "access_mode": "ReadWriteMany"}},
    },
    "a model without a letter": stack_file(**one("1.2")),
    "a model whose name would be a path": stack_file(**one("1v1")),
    "models that disagree about their server": stack_file(
        models={
            "a": model(server="both", replicas=1),
            "b": model(server="both", replicas=2),
        }
    ),
    "models of two runtimes in one server": stack_file(
        models={"a": model(server="both"), "b": model(server="both", runtime="triton")}
    ),
    "a server called like a model": stack_file(models={"a": model(server="b"), "b": model()}),
    "a taint with a blank": stack_file(cluster=_nodes(gpu={**L4, "taints": ["a b"]})),
    "an accelerator that is a list": stack_file(**one("m", accelerator={"kind": []})),
    "a name that is a list": stack_file(volumes={"models": {"size": "1Gi", "storage_class": []}}),
    "a server too small for one request": stack_file(
        **one("m", resources={"limits": {"memory": "64Mi"}})
    ),
    "a login at Docker Hub's other name": _pulls({**LOGIN, "registry": "index.docker.io"}),
    "a login without a host": _pulls({**LOGIN, "registry": "team"}),
    "a login at an API's path": _pulls({**LOGIN, "registry": "registry.example.com/v2"}),
    "a login with its password in its name": _pulls({**LOGIN, "username": "robot:pass"}),
    "a password in plain text": _pulls({**LOGIN, "password": "hunter2"}),
    "a pull Secret by its name alone": _pulls("regcred"),
    "a pull Secret that is no name": _pulls("Reg Cred"),
    "a login and a Secret": _pulls({**LOGIN, "name": "regcred"}),
    "a Secret of a user": _pulls({"name": "regcred", "username": "robot"}),
    "a login twice": _pulls(LOGIN, LOGIN),
    "a Secret out of the stack's own namespace": _pulls({"name": "regcred", "namespace": "models"}),
    "a flag that is a number": _arguments(1),
    "a flag without its value": _arguments("--log-info", runtime="triton"),
    "a flag with one dash": _arguments("-num_load_threads=1"),
    "a flag and its value apart": _arguments("tensorflow_session_parallelism 1"),
    "a flag that is misspelt": _arguments("--tensorflow_session_paralelism=1"),
    "a flag like one of the program's": _arguments("--model_config_fil=a"),
    "a flag like no other": _arguments("--zzz=1"),
    "the program's own flag": _arguments("--port=1"),
    "the beginning of Triton's flag": _arguments("--log-verb=1", runtime="triton"),
    "a setting of another provider": _provider(aws.cluster(), gcp_project="my-project"),
    "a setting that no cluster takes": _provider(aws.cluster(), kubernetes_kubeconfig="a"),
    "a setting that is misspelt": _provider(aws.cluster(), aws_profil="deploy"),
    "a setting like no other": _provider(aws.cluster(), aws_zzz="1"),
    "a secret among the settings": _provider(aws.cluster(), aws_profile="AKIAABCDEFGHIJKLMNOP"),
    "a setting of another shape": _provider(aws.cluster(), aws_maxRetries="many"),
    "a setting that the cluster contradicts": _provider(aws.cluster(), aws_region="eu-west-1"),
    "an account that is not asked for": _provider(
        aws.cluster(account="111122223333"), aws_skipRequestingAccountId="true"
    ),
    "a secret that is a key": stack_file(
        **one("m", runtime="custom", env={"AKIAABCDEFGHIJKLMNOP": "a"})
    ),
    "the content of a kubeconfig": stack_file(
        cluster={"kind": "existing", "kubeconfig": "apiVersion: v1\nkind: Config\nusers: []\n"}
    ),
    "a taint that is a number": stack_file(cluster=_nodes(gpu={**L4, "taints": [1]})),
    "an accelerator that no pool of a cloud has": {
        **_cloud(aws.cluster()),
        **one("m", accelerator={"kind": "nvidia"}, source=aws.S3),
    },
    "a node pool that is not there": stack_file(
        cluster=_nodes(gpu={**L4, "labels": {"a": "b"}}), **one("m", node_pool="web")
    ),
    "a node pool where there is none": stack_file(**one("m", node_pool="web")),
    "a node pool without labels": stack_file(cluster=_nodes(web={}), **one("m", node_pool="web")),
    "a node pool without the accelerator": stack_file(
        cluster=_nodes(gpu=L4, web={"labels": {"a": "b"}}),
        **one("m", node_pool="web", accelerator={"kind": "nvidia-l4"}),
    ),
    "an image that is a number": _image(7),
    "an image by its web address": _image("https://example.com/serving:1"),
    "an image in two words": _image("tensorflow serving"),
    "a digest that is cut off": _image("example/serving@sha256:12"),
    "a tag with a plus": _image("example/serving:1+2"),
    "an image in capitals": _image("Example/Serving:1"),
    "an image with a dash at its end": _image("example/serving-:1"),
    "a digest of a digest": stack_file(
        images={"digests": {f"example/serving:1@sha256:{'0' * 64}": f"sha256:{'0' * 64}"}}
    ),
    "a digest of an image by its digest alone": stack_file(
        images={"digests": {f"example/serving@sha256:{'0' * 64}": f"sha256:{'0' * 64}"}}
    ),
    "a digest without its algorithm": stack_file(
        images={"digests": {"example/serving:1": "0" * 64}}
    ),
    "a digest that is none": stack_file(images={"digests": {"example/serving:1": "latest"}}),
    "a mirror that is a number": stack_file(images={"mirror": 5000}),
    "a mirror with a blank": stack_file(images={"mirror": "a b"}),
    "charts that are a number": stack_file(images={"charts": 1}),
    "charts with a blank": stack_file(images={"charts": "a b"}),
    "a path that is a list": stack_file(**pvc(path=["m"])),
    "a path with a blank": stack_file(**pvc(path="m 1")),
    "an NFS path with a blank": _source(**{**NFS, "path": "/a b"}),
    "an NFS server with a blank": _source(**{**NFS, "server": "a b"}),
    "a bucket of another cloud with a whole path": _source(**{**S3, "uri": "gs://bucket/m"}),
    "a bucket of another cloud with half a path": _source(**{**S3, "uri": "gs://bucket"}),
    "OSS by another scheme": _source(**{**OSS, "uri": "s3://bucket/m"}),
    "a variable with an accent": stack_file(**custom(env={"é": "a"})),
    "a variable without a name": stack_file(**custom(env={"": "a"})),
    "a variable that is a list": stack_file(**custom(env={"A": []})),
    "a health path of blanks": stack_file(**custom(health={"path": "a b"})),
    "a model directory with a blank": stack_file(**custom(model_directory="/mnt/a b")),
    "exposed on one port of two where nothing listens": stack_file(
        **custom(
            ports={"rest": 8080},
            expose={"kind": "load_balancer", "port": 9090, "rest_port": 9091},
        )
    ),
    "a label without a letter": stack_file(**one("m", versions="all", labels={"-": 1})),
    "Triton's version zero alone": stack_file(
        **one("m", runtime="triton", versions={"specific": [0]})
    ),
    "a number that fits no other key": stack_file(
        **one("m", batching={"max_batch_size": 8, "max_execution_batch_size": 10**9})
    ),
    "a kubeconfig that is a list": stack_file(cluster={"kind": "existing", "kubeconfig": []}),
    "a reference by the stack's name": stack_file(
        cluster={"kind": "reference", "stack": "platform"}
    ),
    "a reference without a name": stack_file(cluster={"kind": "reference", "stack": "a b"}),
    "a label of Kubernetes' without a name of its own": _cloud(
        aws.pool(labels={"kubernetes.io/": "a"})
    ),
    "everybody by a range in another spelling": _cloud(access("cidrs", cidrs=["10.0.0.1/0"])),
    "EKS in zones by numbers": _cloud(aws.cluster(vpc={**aws.VPC, "zones": ["1"]})),
    "GKE's maintenance on no day": _cloud(gke.without_gpus(maintenance={"days": []})),
    "GKE's maintenance in the night": _cloud(gke.without_gpus(maintenance={"start": "night"})),
    "ACK in zones by numbers": _cloud(ack_vpc(zones=["1"])),
    "ACK's Services where every address is taken": _cloud(existing_ack(cidr="0.0.0.0/0")),
    "ACK's registry for nobody": _cloud(
        ack_stack.ack(registry={"instance": "cri-1", "namespaces": []})
    ),
    "ACK's account by its name": _cloud(ack_stack.ack(account="prod")),
    "ACK's machine that is no name": _cloud(ack_stack.pools(machine_type="large one")),
    "ACK's alternative without the GPU": _cloud(ack_stack.gpu(alternatives=["ecs.g7.xlarge"])),
    "ACK's alternative with a GPU": _cloud(ack_stack.pools(alternatives=["ecs.gn7i-c8g1.2xlarge"])),
}


def _every() -> dict[str, StackFile]:
    found = dict(MORE)
    for module in (
        test_mistakes,
        test_cluster_mistakes,
        test_gateway_mistakes,
        test_secret_mistakes,
        test_model_mistakes,
        test_runtime_mistakes,
    ):
        found |= {name: stack_file(**changes) for name, (changes, *_) in module.MISTAKES.items()}
    for name, (replicas, *_) in test_scaling_mistakes.MISTAKES.items():
        found[f"replicas: {name}"] = stack_file(**one("m", replicas=replicas))
    for name, (source, *_) in test_source_mistakes.MISTAKES.items():
        found[f"source: {name}"] = _source(**source)
    for name, (said, *_) in test_tfserving_mistakes.MISTAKES.items():
        found[f"tfserving: {name}"] = stack_file(**one("m", **said))
    for name, (said, *_) in test_triton_mistakes.MISTAKES.items():
        found[f"triton: {name}"] = stack_file(**one("m", runtime="triton", **said))
    for quoted in (test_ack_mistakes, test_ack_pool_mistakes):
        for name, (cluster, *_) in quoted.MISTAKES.items():
            found[f"ack: {name}"] = ack_stack.stack(cluster)
    for kind, reported in (
        ("eks", test_eks_mistakes),
        ("eks", test_eks_pool_mistakes),
        ("gke", test_gke_mistakes),
        ("gke", test_gke_pool_mistakes),
    ):
        for name, (cluster, *_) in reported.MISTAKES.items():
            found[f"{kind}: {name}"] = _cloud(cluster)
    return found


#: By what is wrong.
EVERY = _every()
