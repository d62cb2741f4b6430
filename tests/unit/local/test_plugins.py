"""The engine's plugins are the official ones if they can be downloaded, else substitutes."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.environment import substitutes, variables
from local.paths import Clone
from local.plugins.install import version
from local.toolchain import plugins
from local.toolchain.download import Downloads
from local.toolchain.pins import PULUMI_KUBERNETES
from local.toolchain.programs import PLUGIN, PROGRAMS
from local.toolchain.tools import Toolbox

NAMES = ["kubernetes", "tls"]
OFFICIAL = "#!/bin/sh\necho official\n"
BUILT = "#!/bin/sh\necho built\n"
#: A `pulumi` that installs plugins as the real one: each into a directory in $PULUMI_HOME.
PULUMI = f"""#!/bin/sh
[ "$1 $2 $3" = "plugin install resource" ] || exit 64
[ -e "$PULUMI_HOME/../refuse" ] && {{ echo "error: 403 HTTP error fetching plugin" >&2; exit 255; }}
directory="$PULUMI_HOME/plugins/resource-$4-v$5"
mkdir "$directory" || exit 1
printf '%s' '{OFFICIAL}' > "$directory/pulumi-resource-$4"
echo "$@" >> "$PULUMI_HOME/../installs"
"""


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """A clone, and a home and a PATH without official plugins; PATH has only the `pulumi` above."""
    clone = Clone(tmp_path / "clone")
    clone.state.mkdir(parents=True)
    tools = tmp_path / "tools"
    tools.mkdir()
    _executable(tools / "pulumi", PULUMI)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    return clone


@pytest.fixture
def publisher() -> Iterator[str]:
    """The address of a reachable publisher, which answers every request with 404."""
    handler = type("Quiet", (http.server.BaseHTTPRequestHandler,), {"log_message": lambda *_: None})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def _nobody() -> Downloads:
    return Downloads("http://127.0.0.1:1")


def _official_binary(clone: Clone, name: str) -> Path:
    """The path at which the engine looks for the official plugin."""
    directory = clone.pulumi_home / "plugins" / f"resource-{name}-v{version(name)}"
    return directory / f"pulumi-resource-{name}"


def _used_binary(clone: Clone, name: str) -> str:
    """The content of the program that the engine runs as the plugin."""
    directory = plugins.installed(clone.pulumi_home, name)
    assert directory is not None
    return (directory / f"pulumi-resource-{name}").read_text()


def _in_home(name: str) -> Path:
    directory = Path.home() / ".pulumi" / "plugins" / f"resource-{name}-v{version(name)}"
    _executable(directory / f"pulumi-resource-{name}", OFFICIAL)
    return directory / f"pulumi-resource-{name}"


def _ensure(clone: Clone, downloads: Downloads, mode: str = "auto") -> list[str]:
    """Installs the plugins; the built Kubernetes plugin is in the cache. Returns the names of those
    that are not official, or not of the required version."""
    box = Toolbox(clone.root / "cache", downloads)
    _executable(box.cache / "tools" / f"{PLUGIN}-{PULUMI_KUBERNETES}" / "build" / PLUGIN, BUILT)
    return list(plugins.ensure(clone, Path("/usr/bin/python3"), box, mode))


def test_plugins_in_the_persons_own_pulumi_home_are_used(clone: Clone) -> None:
    for name in NAMES:
        _in_home(name)
    assert _ensure(clone, _nobody()) == []
    assert [_official_binary(clone, name).read_text() for name in NAMES] == [OFFICIAL] * 2
    # The engine ignores a plugin directory that is a link.
    assert not any(_official_binary(clone, name).parent.is_symlink() for name in NAMES)
    assert "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION" not in variables(clone)


def test_a_plugin_on_path_is_used(clone: Clone, tmp_path: Path) -> None:
    assert _ensure(clone, _nobody()) == NAMES
    _executable(tmp_path / "tools" / "pulumi-resource-tls", OFFICIAL)
    assert _ensure(clone, _nobody()) == ["kubernetes"]
    assert not _official_binary(clone, "tls").exists()  # so the engine runs the one on PATH
    assert [*substitutes(clone)] == ["kubernetes"]


def test_without_the_publisher_the_kubernetes_plugin_is_built_and_shows_its_version(
    clone: Clone,
) -> None:
    assert _ensure(clone, _nobody()) == NAMES
    assert PULUMI_KUBERNETES in substitutes(clone)["kubernetes"]
    assert _used_binary(clone, "kubernetes") == BUILT
    directory = plugins.installed(clone.pulumi_home, "kubernetes")
    # `pulumi plugin ls` shows all of it; the engine compares the part before the plus.
    number = PULUMI_KUBERNETES.removeprefix("v")
    assert directory and directory.name.endswith(f"-v{version('kubernetes')}+built.{number}")
    assert "local.plugins" in _used_binary(clone, "tls")
    assert variables(clone)["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"


def test_the_plugin_is_built_with_the_other_programs_unless_it_can_be_downloaded(
    clone: Clone, publisher: str
) -> None:
    assert plugins.to_build(clone, _nobody()) == (PLUGIN,)
    assert plugins.to_build(clone, Downloads(publisher)) == ()
    _in_home("kubernetes")
    assert plugins.to_build(clone, _nobody()) == ()


def test_a_publisher_that_accepts_and_never_answers_costs_seconds(clone: Clone) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        downloads = Downloads(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.5)
        assert _ensure(clone, downloads) == NAMES
        assert time.monotonic() - started < 5


def test_a_substitute_is_replaced_as_soon_as_the_official_plugin_can_be_downloaded(
    clone: Clone, publisher: str
) -> None:
    assert _ensure(clone, _nobody()) == NAMES
    assert _ensure(clone, Downloads(publisher)) == []
    assert [_used_binary(clone, name) for name in NAMES] == [OFFICIAL] * 2
    assert len(list((clone.pulumi_home / "plugins").glob("*/"))) == len(NAMES)
    installs = (clone.state / "installs").read_text()
    assert f"{publisher}/releases/plugins" in installs
    assert _ensure(clone, Downloads(publisher)) == []
    assert (clone.state / "installs").read_text() == installs, "an installed plugin stays"


def test_with_a_publisher_that_refuses_the_plugins_substitutes_are_used(
    clone: Clone, publisher: str
) -> None:
    (clone.state / "refuse").touch()
    assert _ensure(clone, Downloads(publisher)) == NAMES
    assert "local.plugins" in _used_binary(clone, "tls")
    assert _used_binary(clone, "kubernetes") == BUILT


def test_the_kubernetes_stand_in_of_an_older_clone_is_removed(clone: Clone) -> None:
    _executable(_official_binary(clone, "kubernetes"), "exec python -m local.plugins.kubernetes\n")
    assert _ensure(clone, _nobody()) == NAMES
    assert not _official_binary(clone, "kubernetes").exists()
    assert _used_binary(clone, "kubernetes") == BUILT


@pytest.mark.parametrize("installed", [[], ["tls"]])
def test_official_only_names_a_missing_plugin_and_uses_no_substitute(
    clone: Clone, installed: list[str]
) -> None:
    for name in installed:
        _in_home(name)
    with pytest.raises(plugins.PluginError, match=r"kubernetes v.* not installed"):
        _ensure(clone, _nobody(), "official")
    assert not _official_binary(clone, "kubernetes").exists()


def test_official_only_names_what_is_missing_before_any_tool_is_built(
    clone: Clone, tmp_path: Path
) -> None:
    box = Toolbox(tmp_path / "cache", _nobody())
    with pytest.raises(plugins.PluginError) as refused:
        plugins.expect_official(clone, box)
    text = str(refused.value)
    assert "not installed" in text
    assert all(f"{name} v{version(name)}" in text for name in NAMES)
    assert "127.0.0.1:1 cannot be reached" in text
    assert not (tmp_path / "cache").exists()


def test_official_only_refuses_a_built_engine_since_it_has_no_language_host(
    clone: Clone, tmp_path: Path
) -> None:
    for name in NAMES:
        _in_home(name)
    box = Toolbox(tmp_path / "cache", _nobody())
    tools = tmp_path / "cache" / "tools" / f"pulumi-{PROGRAMS['pulumi'].version}"
    _executable(tools / "build" / "pulumi", "")
    with pytest.raises(plugins.PluginError, match="language host"):
        plugins.expect_official(clone, box)
    _executable(tools / "download" / "pulumi", "")
    plugins.expect_official(clone, box)


def test_an_unknown_mode_is_refused_with_the_known_ones(clone: Clone) -> None:
    with pytest.raises(plugins.PluginError, match="expected auto or official"):
        _ensure(clone, _nobody(), "offical")
