"""The archives that are imported into the node's containerd."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile

import pytest

from local.images import recipes, workshop
from local.images.archive import Image, write
from local.images.layer import from_directory, from_files
from local.toolchain.pins import ARCH


def blobs(path):
    """index.json and all blobs of an archive, each checked against its name."""
    found = {}
    with tarfile.open(path) as tar:
        for member in tar.getmembers():
            content = tar.extractfile(member).read()
            if member.name.startswith("blobs/sha256/"):
                digest = member.name.rpartition("/")[2]
                assert hashlib.sha256(content).hexdigest() == digest
                found[f"sha256:{digest}"] = content
            elif member.name == "index.json":
                index = json.loads(content)
            else:
                assert (member.name, json.loads(content)) == (
                    "oci-layout",
                    {"imageLayoutVersion": "1.0.0"},
                )
    return index, found


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program"
    path.write_bytes(b"\x7fELF")
    path.chmod(0o755)
    return path


def scratch(program, target):
    return workshop.scratch_image(
        "slipway.local/x:1", {"/bin/x": program}, ["/bin/x"], target, user="65535:65535"
    )


def test_an_archive_is_an_oci_layout_under_the_images_name(program, tmp_path):
    index, found = blobs(scratch(program, tmp_path / "x.tar"))
    (entry,) = index["manifests"]
    assert entry["annotations"]["io.containerd.image.name"] == "slipway.local/x:1"
    manifest = json.loads(found[entry["digest"]])
    config = json.loads(found[manifest["config"]["digest"]])
    assert (config["os"], config["architecture"]) == ("linux", ARCH)
    assert config["config"]["Entrypoint"] == ["/bin/x"]
    assert config["config"]["User"] == "65535:65535"
    (layer,) = manifest["layers"]
    assert config["rootfs"]["diff_ids"] == [layer["digest"]]
    assert len(found[layer["digest"]]) == layer["size"]


def test_a_layer_holds_the_files_for_root_to_own_and_all_to_run(program, tmp_path):
    index, found = blobs(scratch(program, tmp_path / "x.tar"))
    manifest = json.loads(found[index["manifests"][0]["digest"]])
    content = found[manifest["layers"][0]["digest"]]
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        modes = {m.name: (oct(m.mode), m.uid, m.mtime) for m in tar.getmembers()}
    assert modes == {
        "tmp": ("0o1777", 0, 0),
        "bin": ("0o755", 0, 0),
        "bin/x": ("0o755", 0, 0),
    }


def test_the_same_content_makes_the_same_bytes(program, tmp_path):
    first = scratch(program, tmp_path / "1.tar").read_bytes()
    program.touch()
    assert scratch(program, tmp_path / "2.tar").read_bytes() == first
    program.write_bytes(b"\x7fELF other")
    assert scratch(program, tmp_path / "3.tar").read_bytes() != first


def test_a_directory_becomes_a_layer_whatever_its_times_and_order(tmp_path):
    def tree(name, files):
        root = tmp_path / name
        for file in files:
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(file)
        (root / "link").symlink_to(files[0] if name == "a" else files[-1])
        return from_directory(root, tmp_path / f"{name}.tar")

    assert tree("a", ["x/1", "y"]).digest == tree("b", ["y", "x/1"]).digest


def test_an_interrupted_archive_leaves_nothing_behind(program, tmp_path):
    layer = from_files({"/x": program}, tmp_path / "layer.tar")
    layer.path.rename(tmp_path / "gone")
    target = tmp_path / "out" / "x.tar"
    with pytest.raises(FileNotFoundError):
        write(Image("x:1", [layer], ["/x"]), target)
    assert not target.parent.exists() or list(target.parent.iterdir()) == []


def test_the_names_are_the_ones_that_the_mirror_switch_makes():
    assert [recipe.name.rpartition(":")[0] for recipe in recipes.ALL] == [
        "slipway.local/tensorflow/serving",
        "slipway.local/traefik",
        "slipway.local/coredns/coredns",
        "slipway.local/pause",
        "slipway.local/nvidia/tritonserver",
        "slipway.local/kserve/storage-initializer",
        "slipway.local/metrics-server/metrics-server",
        "slipway.local/emulators",
        "slipway.local/seldonio/mlserver",
        "slipway.local/library/busybox",
    ]


def test_what_a_container_may_replace_is_the_command_and_not_the_entrypoint(program, tmp_path):
    layer = from_files({"/x": program}, tmp_path / "layer.tar")
    index, found = blobs(write(Image("x:1", [layer], [], command=["/x", "a"]), tmp_path / "x.tar"))
    manifest = json.loads(found[index["manifests"][0]["digest"]])
    config = json.loads(found[manifest["config"]["digest"]])["config"]
    assert (config["Entrypoint"], config["Cmd"]) == ([], ["/x", "a"])
