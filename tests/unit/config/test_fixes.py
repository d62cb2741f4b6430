"""What a message proposes is itself taken; what proposes nothing is known to do so."""

from __future__ import annotations

import copy
import importlib.util
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from components.clusters.kubeconfig_options import KubeconfigOptions
from components.gateways.controllers.traefik_options import TRAEFIK_IMAGE
from tests.unit.components.environment import kubeconfig, model, stack_file
from tests.unit.config.call_sites import Made, recorded, untold
from tests.unit.config.every_mistake import EVERY
from tests.unit.config.fixes import Answer, Location, StackFile, answers, proposals, put, rename
from tests.unit.config.whole_files import WHOLE

UNIT = Path(__file__).parents[1]
#: Fixes that name nothing to write, as regular expressions, by the reason.
ADVICE: dict[str, tuple[str, ...]] = {
    "it stands elsewhere, and only there": (
        "copy it",
        "copy it from the console",
        "copy it from the list of stacks",
        "copy the key's ARN, not an alias'",
        "copy the role's own ARN, not that of one of its sessions",
        "copy what the registry says",
        "paste it from the line BEGIN CERTIFICATE on",
        "run `gcloud .*`.*",
        "write NVIDIA's number, in quotes",
        "write as ECS lists it",
        "write it as ECS lists it",
        "write it as the console has it",
        "write the name that the certificate has as host",
        "write the port that the server listens on",
        "write the repository's name as its registry does",
        "write the tag, by which the program names it, in place of the digest",
        "write them as in its config.pbtxt",
    ),
    "it is to be done elsewhere first": (
        "add a subnet in another zone",
        "add a vSwitch in another zone",
        "install a controller for the whole cluster .*",
        "make a group of that name, .*",
        "name a vSwitch of .* in both",
        "run `make up`.*",
        "run `.venv/bin/pip install .*`",
        "run `(aws|aliyun) sts .*",
        "run `pulumi config set --secret .*",
        "correct that line",
        "name one that can be put there: .*",
        "write it to a file and name that, .*",
        "merge them into one",
        "write a profile with role_arn and source_profile .*",
        "take all but one of them out",
        "take it out, and change the secret: .*",
        "start the cluster, .*",
        "take it out and change it, since it has been in a file; .*",
        "write a kubeconfig and a context by which kubectl reaches the cluster",
        "write it in plain text, and its secret parts under slipway:secrets, .*",
    ),
    "several would do, and which is meant is not known": (
        "add a colon and the tag of a version",
        "add the port that answers there",
        "add the port, or ask by a path",
        "change one of the two.*",
        "change the region, or .*",
        "choose another machine type",
        "give it a name of letters and digits",
        "give .* a larger range, or the pools a lower max",
        "name at least one",
        "name the version: latest is another image tomorrow",
        "name your own ranges, or choose a private endpoint",
        "rename one of the two: both become .*",
        "write one of the two",
        "write two zones of the region",
        "write zones of that region, or change the region",
    ),
    "the value may be a credential, which is not repeated": (
        "write what is expected; the value here may be a credential, so it is not repeated",
        "add the unit",
        "join a flag and its value by an equals sign in one text of the list",
        "write the name alone; the password belongs under the key password",
    ),
    "nothing near it is of the form": (
        "begin with .*",
        "write a bucket and a path in it, .*",
        "write a digest of 64 hexadecimal digits behind sha256:",
        "write a key, a value and an effect",
        "write a (larger|smaller) number",
        "write a list",
        "write a map of these keys",
        "write a network's address, a slash and the length of its prefix",
        "write a number and a unit: .*",
        "write a number without a word",
        "write a number without quotes",
        "write a number, or a map of these keys",
        "write a whole number and its unit",
        "write a word of letters and digits",
        "write both with two digits, in quotes",
        "write each option as an entry of its own",
        "write family, dot and size",
        "write host and path, without a scheme",
        "write https, a host, and the port where it is not 443",
        "write it without .*",
        "write keys and their values",
        "write letters, digits, .*",
        "write one text value",
        "write scheme, bucket and path; its server is the endpoint",
        "write the tag in letters, digits, .*",
        "write two or more labels of .*",
    ),
}
#: Texts that no stack file is known to get: what pydantic finds beside what is told above.
UNTOLD = {"see\\ the\\ schema\\ in\\ schema/slipway\\.schema\\.json"}


@pytest.fixture(autouse=True)
def reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody connects to the cluster, a thousand times."""
    monkeypatch.setattr(KubeconfigOptions, "unreachable", lambda _: None)


def refused_fixes(config: StackFile, before: list[Answer]) -> list[str]:
    """The proposals in `before`, what is said of `config`, that leave their mistake or make
    another at its key; and fixes that propose nothing and are no known advice."""
    found = []
    for answer in before:
        offered = proposals(answer, config)
        if not offered and not any(
            re.fullmatch(pattern, answer.fix)
            for patterns in ADVICE.values()
            for pattern in patterns
        ):
            found.append(f"{answer.path}: {answer.fix!r} proposes nothing")
        for proposal in offered:
            after = answers(proposal.changed, secret_keys=proposal.secret_keys)
            left = [each for each in after if each.same(answer)]
            if proposal.whole:
                new = [each for each in after if not any(map(each.same, before))]
                # What one request needs is known only where every value is of its form.
                left += [
                    each
                    for each in new
                    if each.within(answer)
                    and not re.match("at least .* a request of", each.expected)
                ]
            found += [
                f"{answer.path}: {answer.fix!r} is refused: {each}"
                f" after {proposal.text}: expected {each.expected}"
                for each in left
            ]
    return found


@pytest.mark.parametrize("name", EVERY)
def test_a_fix_is_itself_accepted(name: str) -> None:
    before = answers(EVERY[name])
    assert before
    assert refused_fixes(EVERY[name], before) == []


Prepare = Callable[[pytest.MonkeyPatch, Path], StackFile]


def _not_started(patch: pytest.MonkeyPatch, directory: Path) -> StackFile:
    patch.delenv("KUBECONFIG")
    return stack_file()


def _stopped(patch: pytest.MonkeyPatch, directory: Path) -> StackFile:
    patch.setenv("KUBECONFIG", str(directory / "gone"))
    return stack_file()


def _another(patch: pytest.MonkeyPatch, directory: Path) -> StackFile:
    path = kubeconfig(directory / "other", "https://127.0.0.1:1", context="production")
    patch.setenv("KUBECONFIG", str(path))
    return stack_file()


def _silent(patch: pytest.MonkeyPatch, directory: Path) -> StackFile:
    patch.setattr(KubeconfigOptions, "unreachable", lambda _: "unreachable")
    return stack_file()


def _without_sdk(patch: pytest.MonkeyPatch, directory: Path) -> StackFile:
    patch.setattr(importlib.util, "find_spec", lambda *_: None)
    return dict(EVERY["ack: no region"])


def _broken_file(patch: pytest.MonkeyPatch, directory: Path) -> StackFile:
    (directory / "Pulumi.dev.yaml").write_text("config: [")
    patch.chdir(directory)
    return stack_file(secrets={"a": "b"})


def _on_node(config: StackFile, patch: pytest.MonkeyPatch, directory: Path) -> StackFile:
    """`config`, where the local node has the image of one server and can get another."""
    images = {
        "mirror": "slipway.local",
        "present": [f"slipway.local/{TRAEFIK_IMAGE}"],
        "obtainable": ["slipway.local/tensorflow/serving:2.19.1"],
    }
    path = kubeconfig(directory / "node", "https://127.0.0.1:1", node_images=images)
    patch.setenv("KUBECONFIG", str(path))
    return config


def _not_mirrored(patch: pytest.MonkeyPatch, directory: Path) -> StackFile:
    return _on_node(stack_file(), patch, directory)


def _not_on_node(patch: pytest.MonkeyPatch, directory: Path) -> StackFile:
    images = {"mirror": "slipway.local", "pull_policy": "IfNotPresent"}
    models = {"m": model(), "n": model(image="example/serving:1")}
    gateway = {"kind": "nginx", "controller": "ingress-nginx"}
    config = stack_file(images=images, models=models, gateway=gateway)
    return _on_node(config, patch, directory)


#: Mistakes that a stack file has in some surroundings only.
SURROUNDINGS: dict[str, Prepare] = {
    "a local cluster that was not started": _not_started,
    "a local cluster that is stopped": _stopped,
    "another cluster in the place of the local one": _another,
    "a cluster that does not answer": _silent,
    "ACK without its SDK": _without_sdk,
    "a stack file that is no YAML": _broken_file,
    "a node that has images under another name": _not_mirrored,
    "a node without the images": _not_on_node,
}


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_a_fix_in_these_surroundings_is_accepted_or_known_advice(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = SURROUNDINGS[name](monkeypatch, tmp_path)
    before = answers(config)
    assert before
    assert refused_fixes(config, before) == []


def test_every_text_of_a_fix_is_in_one_of_these_stack_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: set[Made] = set()

    def tell(config: StackFile, **settings: Any) -> None:
        with recorded() as made:
            fixes = {each.fix for each in answers(config, **settings)}
        told.update(each for each in made if each.fix in fixes)

    for config in EVERY.values():
        tell(config)
    tell(stack_file(), secret_keys=("models",))
    for prepare in SURROUNDINGS.values():
        with monkeypatch.context() as patch:
            tell(prepare(patch, tmp_path))
    missing = [text for text in untold(told) if text.pattern not in UNTOLD]
    assert missing == [], "add a stack file that gets it to every_mistake.MORE"


def test_every_table_of_mistakes_is_among_them() -> None:
    tables = {
        path.stem
        for path in UNIT.rglob("test_*.py")
        if re.search(r"^MISTAKES: dict", path.read_text(), re.MULTILINE)
    }
    text = Path(__file__).with_name("every_mistake.py").read_text()
    assert tables
    assert [name for name in tables if f"{name}.MISTAKES" not in text and name not in text] == []


@pytest.mark.parametrize("name", WHOLE)
def test_the_whole_stack_files_are_taken(name: str) -> None:
    assert answers(WHOLE[name]) == []


#: What somebody may write where something else is expected.
WRONG: tuple[Any, ...] = (
    *(None, True, 0, -1, 7, 1.5, 10**9, "", "x", "2", "0", "-5s", "1.5s", "5 s", "100us"),
    *("100ms", "999h", "1d", "2GB", "0Gi", "10Ti", "1 core", "10.0.0.1", "10.0.0.0/33"),
    *("8.8.8.0/24", "0.0.0.0/0", "https://u@A.b:80/c/", "A_B", "a/../b/", "nvidia", "yes"),
    *("latest", "kube-system", [], ["x"], [1], {}, {"x": 1}),
)
#: Of these, so many at each place: all of them at some.
AT_EACH = 4


def _places(value: Any, at: Location = ()) -> Iterator[Location]:
    if at:
        yield at
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _places(inner, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _places(inner, (*at, index))


def _wrong_at(config: StackFile, at: Location, first: int) -> Iterator[tuple[str, StackFile]]:
    """`config` with something wrong at `at`, from the `first` of all that is `WRONG` on."""
    for wrong in islice((*WRONG, *WRONG), first % len(WRONG), first % len(WRONG) + AT_EACH):
        changed = copy.deepcopy(config)
        put(changed, at, copy.deepcopy(wrong))
        yield f"{at} = {wrong!r}", changed
    for name in (f"{at[-1]}s", str(at[-1])[:-1], f"7 {at[-1]}") if isinstance(at[-1], str) else ():
        changed = copy.deepcopy(config)
        rename(changed, at, name)
        yield f"{at} renamed {name!r}", changed


@pytest.mark.parametrize("name", WHOLE)
def test_whatever_is_written_at_a_key_a_fix_is_itself_accepted(name: str) -> None:
    config, found = WHOLE[name], []
    for number, at in enumerate(_places(config)):
        for what, changed in _wrong_at(config, at, number * AT_EACH):
            found += [f"{what}: {each}" for each in refused_fixes(changed, answers(changed))]
    assert found == []
