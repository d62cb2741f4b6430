"""Which versions the stand-in serves, as directories and configuration change."""

from __future__ import annotations

import logging
import shutil
import socket
import threading
import time
from dataclasses import replace

import grpc
import pytest

from local.images.tflite_serving import messages as tf
from local.images.tflite_serving.errors import ServingError
from tests.unit.images.conftest import MODELS, Running, request, until


def config(models, *names, **fields):
    made = tf.ModelServerConfig()
    for name in names:
        path = str(models / name)
        made.model_config_list.config.add(
            name=name, base_path=path, model_platform="tensorflow", **fields
        )
    return made


def with_file(options, path, made):
    path.write_text(str(made))
    return replace(options, model_config_file=str(path), model_base_path="")


def three_as_version_two(models):
    """half_plus_three becomes version 2 in one step, as a careful copy does it."""
    shutil.copytree(MODELS / "half_plus_three" / "1", models / ".coming")
    (models / ".coming").rename(models / "half_plus_two" / "2")


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_new_version_takes_over_without_a_failed_request(running, models):
    answers = {running.half(1)[0]}
    three_as_version_two(models)

    def asked():
        answers.add(running.half(1)[0])
        return 3.5 in answers

    until(asked, "version 2 to answer")
    assert answers == {2.5, 3.5}
    until(lambda: running.status()[1][0] == "END", "version 1 to be unloaded")
    assert running.status()[2] == ("AVAILABLE", "")


def test_a_broken_version_leaves_the_first_serving_and_says_why(running, models):
    shutil.copytree(models / "half_plus_two" / "1", models / ".coming")
    (models / ".coming" / "model.tflite").write_bytes(b"no model")
    (models / ".coming").rename(models / "half_plus_two" / "2")
    until(lambda: running.status().get(2, ("",))[0] == "END", "version 2 to be given up")
    assert "model.tflite" in running.status()[2][1]
    assert running.status()[1] == ("AVAILABLE", "")
    assert running.half(1) == [2.5]


@pytest.mark.parametrize("file", ["saved_model.pb", "model.tflite"])
def test_a_version_without_one_of_its_files_is_named_and_the_server_ends(
    serve, options, models, file
):
    (models / "half_plus_two" / "1" / file).unlink()
    with pytest.raises(ServingError, match=r"UNKNOWN: 1 model\(s\) did not become available") as e:
        serve(options)
    assert "{name: half_plus_two version: 1} due to error: NOT_FOUND" in str(e.value)


def test_an_empty_directory_opens_no_port_until_a_version_comes(options, models, caplog):
    caplog.set_level(logging.WARNING)
    shutil.move(models / "half_plus_two" / "1", models / "kept")
    running = Running(options)
    starting = threading.Thread(target=running.server.start, daemon=True)
    starting.start()
    line = f"No versions of servable half_plus_two found under base path {options.model_base_path}"
    until(lambda: caplog.text.count(line) >= 2, "the warning to be repeated")
    assert not is_open(options.port)
    assert not is_open(options.rest_api_port)
    shutil.move(models / "kept", models / "half_plus_two" / "1")
    starting.join(10)
    assert running.half(1) == [2.5]
    running.channel.close()
    running.server.stop()


def test_stopping_ends_the_wait_for_a_model(options, models):
    shutil.rmtree(models / "half_plus_two" / "1")
    running = Running(options)
    starting = threading.Thread(target=running.server.start, daemon=True)
    starting.start()
    running.server.stop()
    starting.join(5)
    assert not starting.is_alive()


def test_the_policy_all_serves_every_version_and_a_label_one_of_them(
    serve, options, models, tmp_path
):
    three_as_version_two(models)
    made = config(models, "half_plus_two", version_labels={"stable": 1})
    made.model_config_list.config[0].model_version_policy.all.SetInParent()
    options = replace(options, allow_version_labels_for_unavailable_models=True)
    running = serve(with_file(options, tmp_path / "models.config", made))
    until(lambda: len(running.status()) == 2, "both versions")
    assert running.half(1) == [3.5]
    labelled = request([1])
    labelled.model_spec.version_label = "stable"
    assert list(running.predict(labelled).outputs["y"].float_val) == [2.5]
    assert running.rest("/v1/models/half_plus_two/labels/stable:predict", {"instances": [1]}) == (
        200,
        {"predictions": [2.5]},
    )


def test_the_policy_specific_serves_just_that_version(serve, options, models, tmp_path):
    three_as_version_two(models)
    made = config(models, "half_plus_two")
    made.model_config_list.config[0].model_version_policy.specific.versions.append(1)
    running = serve(with_file(options, tmp_path / "models.config", made))
    assert running.status() == {1: ("AVAILABLE", "")}


def test_a_label_for_a_version_that_is_not_loaded_yet_is_refused(serve, options, models, tmp_path):
    made = config(models, "half_plus_two", version_labels={"stable": 1})
    with pytest.raises(ServingError, match="Request to assign label to version 1"):
        serve(with_file(options, tmp_path / "models.config", made))


def test_a_reload_adds_and_removes_models(running, models):
    shutil.copytree(MODELS / "half_plus_three", models / "half_plus_three")
    asked = tf.ReloadConfigRequest(config=config(models, "half_plus_three"))
    answer = running.models.HandleReloadConfigRequest(asked, timeout=10)
    assert answer.status.error_code == 0
    assert running.half(1, model="half_plus_three") == [3.5]
    with pytest.raises(grpc.RpcError, match=r"Latest\(half_plus_two\)"):
        running.half(1)


def test_a_changed_configuration_file_is_followed(serve, options, models, tmp_path):
    options = with_file(options, tmp_path / "models.config", config(models, "half_plus_two"))
    running = serve(replace(options, model_config_file_poll_wait_seconds=1))
    shutil.copytree(MODELS / "half_plus_three", models / "half_plus_three")
    both = config(models, "half_plus_two", "half_plus_three")
    (tmp_path / "models.config").write_text(str(both))

    def served():
        try:
            return running.status("half_plus_three")[1][0] == "AVAILABLE"
        except grpc.RpcError:
            return False

    until(served, "the added model")
    assert running.half(1) == [2.5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model_config_list { config { nam: 'x' } }", 'no field named "nam"'),
        (
            "model_config_list { config { name: 'x' base_path: 'a' model_platform: 'tensorflow' } }",
            "to have an absolute path or URI; got base_path()=a",
        ),
        (
            "model_config_list { config { name: 'x' base_path: '/a' model_platform: 'torch' } }",
            "Model x requests unsupported platform torch",
        ),
        ("model_config_list { config { name: 'x' base_path: '/a' } }", "Illegal setting neither"),
    ],
)  # fmt: skip
def test_a_wrong_configuration_is_refused_by_name(serve, options, tmp_path, text, message):
    (tmp_path / "models.config").write_text(text)
    with pytest.raises(ServingError) as caught:
        serve(replace(options, model_config_file=str(tmp_path / "models.config")))
    assert message in str(caught.value)


def test_a_label_of_a_version_that_comes_later_answers_from_then_on(
    serve, options, models, tmp_path
):
    made = config(models, "half_plus_two", version_labels={"stable": 1, "canary": 2})
    made.model_config_list.config[0].model_version_policy.all.SetInParent()
    options = replace(options, allow_version_labels_for_unavailable_models=True)
    running = serve(with_file(options, tmp_path / "models.config", made))
    path = "/v1/models/half_plus_two/labels/{}:predict"
    code, answer = running.rest(path.format("canary"), {"instances": [1]})
    assert code == 404
    assert "Specific(half_plus_two, 2)" in answer["error"]
    code, answer = running.rest(path.format("none"), {"instances": [1]})
    assert (code, answer["error"]) == (400, "Unrecognized servable version label: none")
    three_as_version_two(models)
    until(lambda: len(running.status()) == 2, "version 2 to be seen")
    until(lambda: running.status()[2][0] == "AVAILABLE", "version 2 to be loaded")
    assert running.rest(path.format("canary"), {"instances": [1]}) == (200, {"predictions": [3.5]})
    assert running.rest(path.format("stable"), {"instances": [1]}) == (200, {"predictions": [2.5]})


def test_the_policy_latest_keeps_that_many(serve, options, models, tmp_path):
    three_as_version_two(models)
    shutil.copytree(models / "half_plus_two" / "1", models / "half_plus_two" / "3")
    made = config(models, "half_plus_two")
    made.model_config_list.config[0].model_version_policy.latest.num_versions = 2
    running = serve(with_file(options, tmp_path / "models.config", made))
    until(lambda: set(running.status()) == {2, 3}, "both versions")
    until(
        lambda: {state for state, _ in running.status().values()} == {"AVAILABLE"}, "their loading"
    )
    assert running.half(1) == [2.5]


def test_a_directory_that_is_looked_at_once_is_not_followed(serve, options, models):
    running = serve(replace(options, file_system_poll_wait_seconds=0))
    three_as_version_two(models)
    time.sleep(2.5)
    assert set(running.status()) == {1}
