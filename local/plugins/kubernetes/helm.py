"""Rendering a Helm chart with the real helm."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import yaml

from local.plugins.kubernetes.settings import Settings
from local.plugins.values import ASSET, SIGNATURE

#: A chart's download and its rendering together; helm's own limit is five minutes.
_TIMEOUT_SECONDS: Final = 300
#: What helm 4 says when a chart has an object of a kind that the chart itself defines.
_UNKNOWN_KIND: Final = "unable to build kubernetes objects from release manifest"
_INSTALL_HINT: Final = "install it (https://helm.sh/docs/intro/install), or run `make up`"


class ChartError(ValueError):
    """The chart cannot be rendered; the message names the chart and what helm said."""


class _Loader(yaml.SafeLoader):
    """YAML as Kubernetes reads it: a date or a lone `=` is text."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


async def render(
    name: str,
    inputs: Mapping[str, Any],
    settings: Settings,
    capabilities: tuple[str, list[str]] | None,
) -> list[dict[str, Any]]:
    """The objects of the chart that `inputs` (of `helm.sh/v4:Chart`) name, as release `name`.

    `capabilities` are a reachable cluster's version and API versions. With them templates see
    that cluster, and can `lookup` in it; but not in a chart that brings the definitions of its
    own kinds, which helm renders only without the cluster. Hooks are left out and lists taken
    apart. Raises ChartError.
    """
    helm = shutil.which("helm")
    if helm is None:
        raise ChartError(f"chart {inputs.get('chart')!r}: helm is not on PATH: {_INSTALL_HINT}")
    with (
        tempfile.TemporaryDirectory(prefix="slipway-chart-") as directory,
        _kubeconfig(settings, Path(directory)) as kubeconfig,
    ):
        command = [
            helm,
            "template",
            name,
            str(inputs.get("chart")),
            *_chart_options(inputs),
            *_values_options(inputs, Path(directory)),
            "--no-hooks",
            "--skip-crds" if inputs.get("skipCrds") else "--include-crds",
            *(["--namespace", ns] if (ns := _namespace(inputs, settings)) else []),
            *kubeconfig,
        ]
        text = await _template(command, inputs, capabilities)
    if post := inputs.get("postRenderer"):
        text = await _run([post["command"], *(post.get("args") or [])], inputs, stdin=text)
    return _objects(text, str(inputs.get("chart")))


async def _template(
    command: list[str], inputs: Mapping[str, Any], capabilities: tuple[str, list[str]] | None
) -> str:
    if capabilities is None:
        return await _run([*command, "--dry-run=client"], inputs)
    try:
        # Objects of the last update are there already, and not as a release of helm's own.
        return await _run([*command, "--dry-run=server", "--take-ownership"], inputs)
    except ChartError as error:
        if _UNKNOWN_KIND not in str(error):
            raise
    version, served = capabilities
    seen = ["--kube-version", version, "--api-versions", ",".join(served)]
    return await _run([*command, "--dry-run=client", *seen], inputs)


def _namespace(inputs: Mapping[str, Any], settings: Settings) -> str:
    return str(inputs.get("namespace") or settings.namespace or "")


def _chart_options(inputs: Mapping[str, Any]) -> list[str]:
    repository = inputs.get("repositoryOpts") or {}
    options: list[str] = []
    for flag, value in (
        ("--version", inputs.get("version")),
        ("--repo", repository.get("repo")),
        ("--username", repository.get("username")),
        ("--password", repository.get("password")),
        ("--ca-file", _asset_path(repository.get("caFile"))),
        ("--cert-file", _asset_path(repository.get("certFile"))),
        ("--key-file", _asset_path(repository.get("keyFile"))),
        ("--keyring", _asset_path(inputs.get("keyring"))),
    ):
        if value:
            options += [flag, str(value)]
    for flag, wanted in (
        ("--devel", inputs.get("devel")),
        ("--dependency-update", inputs.get("dependencyUpdate")),
        ("--verify", inputs.get("verify")),
        ("--plain-http", inputs.get("plainHttp")),
    ):
        options += [flag] if wanted else []
    return options


def _values_options(inputs: Mapping[str, Any], directory: Path) -> list[str]:
    options: list[str] = []
    for index, asset in enumerate(inputs.get("valueYamlFiles") or []):
        if text := asset.get("text"):
            path = directory / f"values-{index}.yaml"
            path.write_text(text)
            options += ["--values", str(path)]
        else:
            options += ["--values", str(_asset_path(asset))]
    if values := inputs.get("values"):
        path = directory / "values.yaml"
        path.write_text(yaml.safe_dump(_inline_assets(values)))
        options += ["--values", str(path)]
    return options


def _inline_assets(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(SIGNATURE) == ASSET:
            return value.get("text") or Path(str(value.get("path"))).read_text()
        return {key: _inline_assets(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_inline_assets(item) for item in value]
    return value


def _asset_path(asset: Any) -> str:
    if not isinstance(asset, dict):
        return ""
    return str(asset.get("path") or asset.get("uri") or "")


@contextmanager
def _kubeconfig(settings: Settings, directory: Path) -> Iterator[list[str]]:
    if settings.config is None:
        yield []
        return
    options = ["--kube-context", settings.config.context] if settings.config.context else []
    if settings.source and ("\n" in settings.source or settings.source.lstrip().startswith("{")):
        path = directory / "kubeconfig"
        path.touch(mode=0o600)
        path.write_text(settings.source)
        options += ["--kubeconfig", str(path)]
    elif settings.source:
        options += ["--kubeconfig", str(Path(settings.source).expanduser())]
    yield [] if settings.config.context == "in-cluster" else options


async def _run(command: Sequence[str], inputs: Mapping[str, Any], stdin: str = "") -> str:
    what = f"chart {inputs.get('chart')!r}"
    if version := inputs.get("version"):
        what += f" version {version}"
    if repository := (inputs.get("repositoryOpts") or {}).get("repo"):
        what += f" of {repository}"
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise ChartError(f"{what}: {command[0]} cannot be started: {error}") from error
    try:
        stdout, stderr = await asyncio.wait_for(
            process.communicate(stdin.encode()), _TIMEOUT_SECONDS
        )
    except TimeoutError as error:
        raise ChartError(f"{what} was not rendered within {_TIMEOUT_SECONDS} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        lines = stderr.decode(errors="replace").strip().splitlines()
        said = "\n".join(
            line.removeprefix("Error: ") for line in lines if not line.startswith("level=")
        )
        raise ChartError(f"{what} cannot be rendered: {said}")
    return stdout.decode()


def _objects(text: str, chart: str) -> list[dict[str, Any]]:
    try:
        documents = [document for document in yaml.load_all(text, Loader=_Loader) if document]
    except yaml.YAMLError as error:
        raise ChartError(f"chart {chart!r} renders no YAML: {error}") from error
    found: list[dict[str, Any]] = []
    while documents:
        document = documents.pop(0)
        if str(document.get("kind", "")).endswith("List") and "items" in document:
            documents[:0] = document["items"] or []
            continue
        if not all(
            (document.get("kind"), document.get("apiVersion"), _metadata(document).get("name"))
        ):
            raise ChartError(
                f"chart {chart!r} renders an object without apiVersion, kind or metadata.name: "
                f"{str(document)[:200]}"
            )
        found.append(document)
    return found


def _metadata(value: dict[str, Any]) -> dict[str, Any]:
    return value.get("metadata") or {}
