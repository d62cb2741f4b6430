"""Stack files that are accepted, and that have every key between them."""

from __future__ import annotations

from typing import Any

from tests.unit.clouds import ack_stack, aws, gke
from tests.unit.components.environment import model, stack_file
from tests.unit.config.whole_clusters import whole_ack, whole_eks, whole_gke

SCALING = {
    "min": 1,
    "max": 4,
    "cpu": 70,
    "memory": 80,
    "scale_up": {
        "stabilization_window_seconds": 10,
        "policies": [{"type": "Pods", "value": 2, "period_seconds": 60}],
        "select_policy": "Max",
    },
    "scale_down": {"select_policy": "Disabled"},
}
RESOURCES = {
    "requests": {"cpu": "500m", "memory": "512Mi"},
    "limits": {"cpu": 2, "memory": "1Gi"},
}
TFSERVING = model(
    server="shared",
    replicas=SCALING,
    resources=RESOURCES,
    image="tensorflow/serving:2.19.1",
    accelerator={"kind": "nvidia-l4", "count": 1},
    node_pool="gpu",
    surge=False,
    startup_timeout="5m",
    versions={"specific": [1, 2]},
    labels={"stable": 1, "canary": 2},
    batching={
        "max_batch_size": 32,
        "batch_timeout": "5ms",
        "max_enqueued_batches": 10,
        "num_batch_threads": 2,
        "max_execution_batch_size": 16,
        "allowed_batch_sizes": [8, 32],
        "pad_variable_length_inputs": True,
    },
    file_system_poll_wait="2s",
    num_request_iterations_for_warmup=2,
)
TRITON = model(
    runtime="triton",
    versions={"latest": 2},
    batching={
        "max_batch_size": 16,
        "preferred_batch_size": [4, 8],
        "max_queue_delay_microseconds": 100,
    },
    warm_up={
        "inputs": {"x": {"data_type": "TYPE_FP32", "dims": [3], "random": True}},
        "batch_size": 2,
        "count": 3,
    },
    model_control_mode="explicit",
    repository_poll="10s",
    shared_memory="512Mi",
)
CUSTOM = model(
    runtime="custom",
    image="seldonio/mlserver:1.7.1",
    protocol="open-inference-v2",
    ports={"grpc": 8081, "rest": 8080},
    health={"path": "/v2/models/{model}/ready", "live": "/v2/health/live"},
    command=["mlserver"],
    args=["start", "/mnt/models"],
    env={"MLSERVER_PARALLEL_WORKERS": "0"},
    model_directory="/mnt/models",
    user=1000,
    expose={
        "kind": "load_balancer",
        "port": 9090,
        "rest_port": 9091,
        "allow": ["203.0.113.0/24"],
    },
)
SOURCES: dict[str, dict[str, Any]] = {
    "from_s3": {
        "kind": "s3",
        "uri": "s3://bucket/models/m",
        "version": 3,
        "size": "4Gi",
        "endpoint": "https://minio.example.com:9000",
        "addresses": ["203.0.113.0/24"],
        "credentials": "bucket-key",
        "region": "eu-central-1",
    },
    "from_gcs": {"kind": "gcs", "uri": "gs://bucket/models/m", "anonymous": True},
    "from_oss": {
        "kind": "oss",
        "uri": "oss://bucket/models/m",
        "endpoint": "https://oss-cn-hangzhou.aliyuncs.com",
        "credentials": "oss-key",
        "size": "4Gi",
    },
    "from_nfs": {
        "kind": "nfs",
        "server": "nfs.example.com",
        "path": "/serving/m",
        "mount_options": ["vers=4.0"],
        "size": "4Gi",
    },
    "from_image": {
        "kind": "image",
        "image": "example/model:1",
        "path": "/models/m",
        "mode": "copy",
        "size": "4Gi",
    },
}
GATEWAY: dict[str, Any] = {
    "kind": "nginx",
    "host": "models.example.com",
    "allow": ["203.0.113.0/24"],
    "controller": {"kind": "traefik", "replicas": 2, "image": "traefik:v3.5.4"},
    "tls": {"kind": "self-signed", "days": 30},
    "ssl_redirect": False,
}
STACK: dict[str, Any] = {
    "gateway": GATEWAY,
    "namespace": "models",
    "volumes": {"models": {"size": "1Gi", "access_mode": "ReadWriteOnce", "storage_class": "fast"}},
    "metrics": {
        "kind": "metrics-server",
        "image": "registry.k8s.io/metrics-server/metrics-server:v0.8.0",
        "kubelet_insecure_tls": True,
    },
    "images": {
        "mirror": "registry.example.com/proxy",
        "pull_policy": "IfNotPresent",
        "digests": {"tensorflow/serving:2.19.1": f"sha256:{'0' * 64}"},
        "charts": "https://charts.example.com",
    },
    "limits": {
        "message_size": "32Mi",
        "deadline": "60s",
        "idle": "2m",
        "drain": "20s",
        "streams": 100,
    },
}
NODES = {
    "gpu": {
        "accelerator": {"kind": "nvidia-l4", "count": 1},
        "labels": {"pool": "gpu"},
        "taints": ["nvidia.com/gpu=present:NoSchedule"],
    }
}


def _one(name: str = "m", **changes: Any) -> dict[str, Any]:
    return {"models": {name: model(**changes)}}


#: Stack files by what they are about.
WHOLE: dict[str, dict[str, Any]] = {
    "tfserving": stack_file(
        **STACK,
        cluster={
            "kind": "existing",
            "name": "production",
            "context": "slipway-test",
            "load_balancer_annotations": {"a": "b"},
            "node_pools": NODES,
        },
        models={"m": TFSERVING},
    ),
    "triton": stack_file(**STACK, models={"m": TRITON}),
    "custom": stack_file(models={"m": CUSTOM}),
    "sources": stack_file(models={name: model(source=source) for name, source in SOURCES.items()}),
    "ingress-nginx": stack_file(
        gateway={
            **GATEWAY,
            "controller": {"kind": "ingress-nginx", "replicas": 2},
            "tls": {
                "kind": "secret",
                "name": "mine",
                "ca_certificate": "-----BEGIN CERTIFICATE-----",
            },
        },
        metrics="present",
    ),
    "present": stack_file(
        gateway={
            "kind": "nginx",
            "controller": {
                "kind": "present",
                "namespace": "ingress",
                "service": "controller",
                "ingress_class": "nginx",
            },
        }
    ),
    "reference": stack_file(
        cluster={
            "kind": "reference",
            "stack": "organization/slipway/platform",
            "identity": "eks",
            "load_balancer_annotations": {"a": "b"},
            "load_balancer_class": "example.com/nlb",
            "node_pools": NODES,
        },
        **_one(source=aws.S3),
    ),
    "eks": stack_file(
        cluster=whole_eks(), gateway=GATEWAY, **_one(accelerator={"kind": "nvidia-l4"})
    ),
    "eks on a network that is there": stack_file(
        cluster=aws.cluster(vpc=aws.EXISTING, access=aws.PRIVATE), gateway=GATEWAY
    ),
    "gke": stack_file(cluster=whole_gke(), gateway=GATEWAY, **_one(node_pool="web")),
    "gke on a network that is there": stack_file(
        cluster=gke.cluster(
            vpc={
                "kind": "existing",
                "network": "n",
                "subnetwork": "s",
                "pods": "p",
                "services": "v",
            },
            access={"kind": "cidrs", "cidrs": ["203.0.113.0/24"]},
        ),
        gateway=GATEWAY,
    ),
    "ack": stack_file(cluster=whole_ack(), gateway=GATEWAY),
    "ack on a network that is there": stack_file(
        cluster=ack_stack.ack(vpc=ack_stack.EXISTING, encryption_key="key-1"), gateway=GATEWAY
    ),
}
