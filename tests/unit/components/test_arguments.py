"""Arguments and environment of every runtime, and those that a stack file must not set."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components import registry
from components.config.flags import Flags, name_of
from components.config.load import load, validate
from components.config.stack_config import StackConfig
from components.runtimes import tfserving_flags, triton_flags
from components.runtimes.tfserving_options import TfServingOptions
from components.runtimes.triton_options import TritonOptions
from components.stack import deploy
from local.images.tflite_serving import flags as local_server
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import model, stack_file
from tests.unit.components.sdk_types import SECRET

FLAGS: dict[str, Flags] = {"tfserving": tfserving_flags.FLAGS, "triton": triton_flags.FLAGS}
REFUSED = [(runtime, flag) for runtime, flags in FLAGS.items() for flag in sorted(flags.refused)]
CUSTOM = registry.RUNTIMES.options("custom").model_config["json_schema_extra"]["examples"][0]
#: Options with which the program sets every flag that it may set.
BATCHING = {"max_batch_size": 8}
MODELS: list[dict[str, Any]] = [
    model(
        versions="all",
        labels={"stable": 1},
        batching=BATCHING,
        num_request_iterations_for_warmup=2,
    ),
    model(runtime="triton", batching=BATCHING, repository_poll="1m"),
    model(runtime="triton", model_control_mode="explicit"),
]


def of(runtime: str, **changes: Any) -> dict[str, Any]:
    return model(**{**(CUSTOM if runtime == "custom" else {}), "runtime": runtime, **changes})


def up(**models: dict[str, Any]) -> Recording:
    config = stack_file(
        models=models, limits={"message_size": "128Mi"}, secrets={"hub": "s3cr3t-t0ken"}
    )
    return run(lambda: deploy(load()), config, secret_keys=("secrets",))


def container(recording: Recording, server: str = "m") -> dict[str, Any]:
    pod = recording.one("Deployment", f"{server}-server").inputs["spec"]["template"]["spec"]
    found: dict[str, Any] = pod["containers"][0]
    return found


def mistakes(runtime: str, *arguments: Any, **changes: Any) -> dict[str, Any]:
    """The mistakes in a stack file with `arguments`, by their keys."""
    models = {"m": of(runtime, arguments=list(arguments), **changes)}
    return {each.path: each for each in validate(stack_file(models=models))[1]}


@pytest.mark.parametrize("runtime", ["tfserving", "triton"])
def test_arguments_come_after_those_of_the_program(runtime: str) -> None:
    given = {
        "tfserving": ["--num_load_threads=4", "--flush_filesystem_caches=false"],
        "triton": [
            "--backend-config=python,shm-default-byte-size=1",
            "--model-load-thread-count=4",
        ],
    }[runtime]
    without = container(up(m=of(runtime)))["args"]
    assert container(up(m=of(runtime, arguments=given)))["args"] == [*without, *given]


def test_arguments_of_a_server_of_one_s_own_replace_the_image_s_command() -> None:
    given = ["start", "-v", "/mnt/models"]
    assert container(up(m=of("custom", arguments=given)))["args"] == given


@pytest.mark.parametrize("runtime", ["tfserving", "triton", "custom"])
def test_variables_are_text_or_refer_to_a_secret_on_every_runtime(runtime: str) -> None:
    environment = {
        "TF_NUM_INTRAOP_THREADS": "2",
        "LD_PRELOAD": "/opt/ops.so",
        "CUDA_VISIBLE_DEVICES": "0",
        "TOKEN": {"secret": "hub"},
    }
    recording = up(m=of(runtime, environment=environment))
    found = {each["name"]: each for each in container(recording)["env"]}
    assert {name: found[name].get("value") for name in environment} == {
        **environment,
        "TOKEN": None,
    }
    assert found["TOKEN"]["valueFrom"] == {
        "secretKeyRef": {"name": "m-secrets-1a2b3c4d", "key": "TOKEN"}
    }
    secret = recording.one("Secret", "m-secrets")
    assert SECRET in secret.inputs["stringData"]
    assert "s3cr3t-t0ken" not in str(
        [each.inputs for each in recording.resources if each is not secret]
    )


def test_an_argument_overrides_the_program_s_default_and_does_not_repeat_it() -> None:
    found = container(up(m=of("triton", arguments=["--log-info=true"])))["args"]
    assert [each for each in found if name_of(each) == "log-info"] == ["--log-info=true"]


@pytest.mark.parametrize(("runtime", "flag"), REFUSED)
def test_a_flag_of_the_program_is_refused_and_the_key_to_use_is_named(
    runtime: str, flag: str
) -> None:
    (found,) = mistakes(runtime, f"--{flag}=hunter2").items()
    path, mistake = found
    assert path == "slipway:models.m.arguments[0]"
    assert mistake.shown == f"`--{flag}`"
    assert mistake.fix == FLAGS[runtime].refused[flag]
    assert "hunter2" not in str(mistake)


@pytest.mark.parametrize("runtime", FLAGS)
def test_a_key_that_a_fix_names_exists(runtime: str) -> None:
    options = {"tfserving": TfServingOptions, "triton": TritonOptions}[runtime]
    fixes = {*FLAGS[runtime].refused.values()}
    checked = 0
    for written in re.findall(
        r"take it out: (?:the model's |(slipway:))([a-z_.]+) sets it", " ".join(fixes)
    ):
        prefix, key = written
        first, *rest = key.split(".")
        model_type: Any = StackConfig if prefix else options
        for part_name in (first, *rest):
            assert part_name in model_type.model_fields, key
            model_type = model_type.model_fields[part_name].annotation
        checked += 1
    assert checked > 1


@pytest.mark.parametrize("changes", MODELS, ids=lambda changes: str(changes["runtime"]))
@pytest.mark.parametrize("accelerator", [False, True])
def test_every_flag_that_the_program_sets_is_refused_or_can_be_replaced(
    changes: dict[str, Any], accelerator: bool
) -> None:
    models = {"m": changes | ({"accelerator": {"kind": "nvidia"}} if accelerator else {})}
    pool = {"accelerator": {"kind": "nvidia-l4"}, "taints": ["nvidia.com/gpu:NoSchedule"]}
    cluster = {"kind": "existing", "node_pools": {"gpu": pool}}
    config = stack_file(cluster=cluster, models=models, limits={"message_size": "128Mi"})
    recording = run(lambda: deploy(load()), config)
    flags = FLAGS[changes["runtime"]]
    names = {name_of(each) for each in container(recording)["args"]} - {"tritonserver"}
    assert len(names) > 5
    replaced = {"log-info", "allow-gpu-metrics", "pinned-memory-pool-byte-size"}
    assert names - flags.refused.keys() <= replaced & flags.known


@pytest.mark.parametrize("flag", sorted(triton_flags.FLAGS.refused))
def test_no_abbreviation_of_a_refused_flag_is_accepted(flag: str) -> None:
    flags = triton_flags.FLAGS
    abbreviations = {flag[:length] for length in range(1, len(flag))} - flags.known
    for abbreviation in sorted(abbreviations):
        for image in ({}, {"image": "example.com/triton:1"}):
            found = mistakes("triton", f"--{abbreviation}=1", **image)
            assert "slipway:models.m.arguments[0]" in found, (abbreviation, image)


@pytest.mark.parametrize(
    ("runtime", "argument", "fix"),
    [
        ("tfserving", "-num_load_threads=1", "with two dashes"),
        ("tfserving", "-port=1", "the program sets the ports"),
        ("triton", "-log-verbose=1", "with two dashes"),
        ("triton", "-http-port=1", "the program sets the ports"),
        ("tfserving", "port=1", "by an equals sign"),
        ("tfserving", "--", "by an equals sign"),
        ("tfserving", "--=1", "by an equals sign"),
        ("tfserving", " --port=1", "by an equals sign"),
        ("tfserving", "--port =1", "by an equals sign"),
        ("triton", "8000", "by an equals sign"),
        ("triton", 8000, "write one text value"),
        ("triton", "--model-load-thread-count", "`--model-load-thread-count=…`"),
        ("triton", "--http_port=1", "the program sets the ports"),
        ("triton", "--HTTP-PORT=1", "the program sets the ports"),
        ("triton", "--model-load-thread=1", "`--model-load-thread-count`"),
        ("triton", "--model_load_thread_count=1", "`--model-load-thread-count`"),
        ("tfserving", "--num-load-threads=1", "`--num_load_threads`"),
        ("tfserving", "--num_lod_threads=1", "`--num_load_threads`"),
        ("tfserving", "--rest_api_timeout_in_m=1", "slipway:limits.deadline sets it"),
        (
            "tfserving",
            "--grpc_channel_arguments=grpc.max_receive_message_length=-1",
            "the server inflates no messages",
        ),
    ],
)
def test_another_spelling_of_a_flag_is_a_mistake(runtime: str, argument: Any, fix: str) -> None:
    (found,) = mistakes(runtime, argument).values()
    assert found.path == "slipway:models.m.arguments[0]"
    assert fix in found.fix


def test_a_flag_and_its_value_in_two_texts_are_a_mistake() -> None:
    found = mistakes("triton", "--model-load-thread-count", "4")
    assert set(found) == {"slipway:models.m.arguments[0]", "slipway:models.m.arguments[1]"}


def test_a_flag_without_a_value_is_accepted_for_tensorflow_serving() -> None:
    assert mistakes("tfserving", "--enable_per_model_batching_parameters") == {}


@pytest.mark.parametrize(("runtime", "flag"), [("tfserving", "brand_new"), ("triton", "brand-new")])
def test_flags_of_another_release_are_accepted_with_an_image_of_one_s_own(
    runtime: str, flag: str
) -> None:
    (found,) = mistakes(runtime, f"--{flag}=1").values()
    assert "an image of your own" in found.fix
    assert mistakes(runtime, f"--{flag}=1", image="example.com/server:1") == {}


@pytest.mark.parametrize(
    "flag", ["allow-other-api", "other-port", "other-address", "unrestricted", "use-tls"]
)
def test_an_unknown_flag_that_may_open_the_server_is_refused_with_any_image(flag: str) -> None:
    assert mistakes("triton", f"--{flag}=1", image="example.com/server:1")


@pytest.mark.parametrize(
    ("runtime", "name"),
    [
        *(("triton", name) for name in triton_flags.VARIABLES),
        *(("tfserving", name) for name in tfserving_flags.VARIABLES),
        *((runtime, "NVIDIA_VISIBLE_DEVICES") for runtime in ("tfserving", "triton", "custom")),
    ],
)
def test_a_variable_of_the_program_is_refused(runtime: str, name: str) -> None:
    models = {"m": of(runtime, environment={name: "hunter2"})}
    (found,) = validate(stack_file(models=models))[1]
    assert found.path == f"slipway:models.m.environment.{name}"
    assert found.fix.startswith("take it out")
    assert "hunter2" not in str(found)


def test_every_variable_that_the_program_sets_is_refused() -> None:
    for changes in MODELS:
        variables = {each["name"] for each in container(up(m=changes)).get("env", ())}
        refused = {"triton": triton_flags.VARIABLES}.get(changes["runtime"], {})
        assert variables <= refused.keys()


def test_models_of_one_server_share_arguments_and_environment() -> None:
    shared = {"server": "both", "environment": {"A": "1"}}
    recording = up(
        a=of("tfserving", server="both", arguments=["--num_load_threads=4"]),
        b=of("tfserving", **shared),
    )
    found = container(recording, "both")
    assert found["args"][-1] == "--num_load_threads=4"
    assert found["env"] == [{"name": "A", "value": "1"}]
    models = {
        "a": of("tfserving", **shared),
        "b": of("tfserving", **{**shared, "environment": {"A": "2"}}),
    }
    (mistake,) = validate(stack_file(models=models))[1]
    assert mistake.path == "slipway:models.b.environment"


def test_the_old_names_of_a_custom_server_s_options_are_accepted_with_a_warning() -> None:
    old = {key: value for key, value in CUSTOM.items() if key != "environment"}
    recording = up(m=model(**old, env={"A": "b"}, args=["start"]))
    found = container(recording)
    assert found["args"] == ["start"]
    assert found["env"] == [{"name": "A", "value": "b"}]
    warnings = [each for each in recording.warnings if "slipway:models.m." in each]
    assert ["`arguments`" in each or "`environment`" in each for each in warnings] == [True, True]
    assert not [each for each in up(m=of("custom")).warnings if "called" in each]


def test_an_old_and_a_new_name_in_one_server_are_compared() -> None:
    old = {key: value for key, value in CUSTOM.items() if key != "environment"}
    models = {
        "a": model(**old, server="both", environment={"A": "1"}),
        "b": model(**old, server="both", env={"A": "2"}),
    }
    (mistake,) = validate(stack_file(models=models))[1]
    assert mistake.path == "slipway:models.b.env"


def test_the_local_server_knows_the_flags_of_the_real_one_and_no_others() -> None:
    flags = tfserving_flags.FLAGS
    local_flags = {*local_server._KNOWN, *local_server.REFUSED}
    assert local_flags == {*flags.known, *flags.refused} - {"help"}
