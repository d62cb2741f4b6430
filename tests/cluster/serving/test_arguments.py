"""Arguments and environment variables of the stack file reach the servers."""

from __future__ import annotations

from tests.cluster.checkout import Checkout
from tests.cluster.continuous_calls import HALF_PLUS_TWO
from tests.cluster.serving.sources import pvc, up

#: Runs in a container: prints the command line and the environment of its first process.
_FIRST_PROCESS = """
for file in ("cmdline", "environ"):
    print(*open(f"/proc/1/{file}").read().split(chr(0)), sep="\\n")
"""
#: The dev stack's release.
TRITON_IMAGE = "nvcr.io/nvidia/tritonserver:24.10-py3"
TRITON = [
    "--model-load-thread-count=2",
    "--backend-config=python,shm-default-byte-size=1048576",
    "--log-info=true",
]
TFSERVING = ["--num_load_threads=2", "--tensorflow_inter_op_parallelism=1"]


def inside(checkout: Checkout, instance: str) -> list[str]:
    labels = ("-n", "models", "-l", f"app.kubernetes.io/instance={instance}")
    pod = checkout.kubectl("get", "pods", *labels, "-o", "jsonpath={.items[0].metadata.name}")
    script = ("--", "python3", "-c", _FIRST_PROCESS)
    return checkout.kubectl("exec", "-n", "models", pod, *script).splitlines()


def logged(checkout: Checkout, instance: str) -> str:
    labels = ("-n", "models", "-l", f"app.kubernetes.io/instance={instance}")
    return checkout.kubectl("logs", *labels, "--tail=-1")


def test_triton_and_tensorflow_serving_get_arguments_and_variables(changed: Checkout) -> None:
    environment = {"TF_NUM_INTRAOP_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    models = {
        "configured": {
            "runtime": "triton",
            "image": TRITON_IMAGE,
            "startup_timeout": "2m",
            "source": pvc("triton/half_plus_two"),
            "arguments": TRITON,
            "environment": environment,
        },
        "configured_tf": {
            "runtime": "tfserving",
            "startup_timeout": "2m",
            "source": pvc("half_plus_two"),
            "arguments": TFSERVING,
            "environment": environment,
        },
    }
    up(changed, models)
    for model in models:
        assert changed.first_answer(model, "1", "2", "5", stack="dev") == HALF_PLUS_TWO
    process = inside(changed, "configured")
    assert {*TRITON, "TF_NUM_INTRAOP_THREADS=1", "CUDA_VISIBLE_DEVICES="} <= {*process}
    assert "--log-info=false" not in process
    assert "Started GRPCInferenceService" in logged(changed, "configured"), "only with --log-info"
    log = logged(changed, "configured-tf").splitlines()
    (ignored,) = [line for line in log if "Accepted" in line]
    assert "--num_load_threads" in ignored, "the local server does not name the flag"
    assert "--tensorflow_inter_op_parallelism" in ignored
