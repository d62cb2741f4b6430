"""Which images are made, and what each is made of."""

from __future__ import annotations

import pytest

from local.images import recipes
from local.images.base import ImageError
from local.images.tritonserver import recipe as triton
from local.images.workshop import SITE_PACKAGES, Workshop


def beside_the_usual(**models):
    """What a stack with these models asks for beyond what every stack does."""
    found = recipes.needed_by({"slipway:models": models})
    assert found[: len(recipes.ALWAYS)] == list(recipes.ALWAYS)
    return [recipe.reference for recipe in found[len(recipes.ALWAYS) :]]


@pytest.mark.parametrize(
    ("model", "images"),
    [
        ({"runtime": "tfserving", "source": {"kind": "pvc"}, "replicas": 1}, []),
        ({"runtime": "triton", "source": {"kind": "pvc"}}, [recipes.TRITON]),
        ({"runtime": "tfserving", "source": {"kind": "s3"}}, [recipes.STORAGE_INITIALIZER]),
        ({"runtime": "tfserving", "replicas": {"max": 3}}, [recipes.METRICS_SERVER]),
        ({"runtime": "custom", "image": "seldonio/mlserver:1.7.1"}, [recipes.MLSERVER]),
        ({"runtime": "custom", "image": "docker.io/mine:1"}, []),
    ],
)
def test_an_image_is_made_when_a_model_of_the_stack_needs_it(model, images):
    assert beside_the_usual(one=model) == images


def test_an_image_that_two_models_need_is_made_once():
    model = {"runtime": "triton"}
    assert beside_the_usual(one=model, two=model) == [recipes.TRITON]


@pytest.mark.parametrize("wrong", [None, [], "models", {"one": None}, {"one": {"source": "s3"}}])
def test_a_mistake_in_the_stack_is_left_to_the_program_to_say(wrong):
    assert recipes.needed_by({"slipway:models": wrong}) == list(recipes.ALWAYS)


@pytest.mark.parametrize(
    "name",
    [
        "tritonserver",
        "nvidia/tritonserver:24.10-py3",
        "nvcr.io/nvidia/tritonserver:24.10-py3",
        "slipway.local/nvidia/tritonserver:24.10-py3",
    ],
)
def test_an_image_is_found_by_its_reference_or_a_word_of_it(name):
    assert recipes.named(name).reference == recipes.TRITON


def test_an_image_that_cannot_be_made_is_answered_with_those_that_can():
    with pytest.raises(ImageError, match=r"`torchserve` is no image.*nvidia/tritonserver"):
        recipes.named("torchserve")


def test_an_image_is_made_anew_when_a_file_of_it_changes(monkeypatch, tmp_path):
    shop = Workshop(tmp_path, tmp_path, {})
    recipe = triton.recipe("nvcr.io/nvidia/tritonserver:1")
    assert recipe.inputs(shop) == recipe.inputs(shop)
    before = recipe.inputs(shop)
    (tmp_path / "requirements.txt").write_text("nvidia-pytriton==0\n")
    monkeypatch.setattr(triton, "_HERE", tmp_path)
    assert recipe.inputs(shop) != before


def test_the_server_in_the_wheel_goes_to_where_the_official_image_has_it(tmp_path):
    library, home = tmp_path / SITE_PACKAGES.lstrip("/"), tmp_path / "opt" / "tritonserver"
    server = "pytriton/tritonserver"
    for file in (
        f"{server}/bin/tritonserver",
        f"{server}/backends/python/libtriton_python.so",
        f"{server}/caches/local/libtritoncache_local.so",
        f"{server}/python_backend_stubs/3.11/triton_python_backend_stub",
        f"{server}/python_backend_stubs/3.12/triton_python_backend_stub",
        "pytriton/api.py",
        "nvidia_pytriton.libs/libcudart.so",
        "nvidia_pytriton.libs/libpython3.13.so",
        "nvidia_pytriton-0.7.0.dist-info/METADATA",
        "numpy/__init__.py",
    ):
        (library / file).parent.mkdir(parents=True, exist_ok=True)
        (library / file).write_text(file)
    triton._place_server(library, home)
    placed = {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}
    assert placed == {
        "bin/tritonserver",
        "backends/onnxruntime/model.py",
        "backends/python/libtriton_python.so",
        "backends/python/triton_python_backend_stub",
        "caches/local/libtritoncache_local.so",
        "lib/libcudart.so",
    }
    stub = home / "backends" / "python" / "triton_python_backend_stub"
    assert "/3.11/" in stub.read_text(), "the stub is not that of the image's Python"
    assert [path.name for path in library.iterdir()] == ["numpy"]
