"""Where the engine's plugins come from: the official ones wherever they can be had."""

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
from local.toolchain.pins import PLUGIN, PROGRAMS, PULUMI_KUBERNETES
from local.toolchain.tools import Toolbox

NAMES = ["kubernetes", "tls"]
OFFICIAL = "#!/bin/sh\necho official\n"
BUILT = "#!/bin/sh\necho built\n"
#: A `pulumi` that installs plugins as the real one does: into $PULUMI_HOME, an own directory each.
PULUMI = f"""#!/bin/sh
[ "$1 $2 $3" = "plugin install resource" ] || exit 64
[ -e "$PULUMI_HOME/../refuse" ] && {{ echo "error: 403 HTTP error fetching plugin" >&2; exit 255; }}
directory="$PULUMI_HOME/plugins/resource-$4-v$5"
mkdir "$directory" || exit 1
printf '%s' '{OFFICIAL}' > "$directory/pulumi-resource-$4"
echo "$@" >> "$PULUMI_HOME/../asked"
"""


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """A clone, a home and a PATH with nothing official anywhere but the command `pulumi`."""
    made = Clone(tmp_path / "clone")
    made.state.mkdir(parents=True)
    tools = tmp_path / "tools"
    tools.mkdir()
    _executable(tools / "pulumi", PULUMI)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    return made


@pytest.fixture
def publisher() -> Iterator[str]:
    """A host that is there, and answers 404 to everything."""
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


def _binary(clone: Clone, name: str) -> Path:
    """Where the engine looks for the official plugin."""
    directory = clone.pulumi_home / "plugins" / f"resource-{name}-v{version(name)}"
    return directory / f"pulumi-resource-{name}"


def _taken(clone: Clone, name: str) -> str:
    """The text of what the engine takes for the plugin."""
    directory = plugins.installed(clone.pulumi_home, name)
    assert directory is not None
    return (directory / f"pulumi-resource-{name}").read_text()


def _in_home(name: str) -> Path:
    directory = Path.home() / ".pulumi" / "plugins" / f"resource-{name}-v{version(name)}"
    _executable(directory / f"pulumi-resource-{name}", OFFICIAL)
    return directory / f"pulumi-resource-{name}"


def _ensure(clone: Clone, downloads: Downloads, mode: str = "auto") -> list[str]:
    """The names of the plugins that are not the official ones of the version asked for, with the
    Kubernetes plugin built already."""
    box = Toolbox(clone.root / "cache", downloads)
    _executable(box.cache / "tools" / f"{PLUGIN}-{PULUMI_KUBERNETES}" / "build" / PLUGIN, BUILT)
    return list(plugins.ensure(clone, Path("/usr/bin/python3"), box, mode))


def test_plugins_in_the_persons_own_pulumi_home_are_used(clone: Clone) -> None:
    for name in NAMES:
        _in_home(name)
    assert _ensure(clone, _nobody()) == []
    assert [_binary(clone, name).read_text() for name in NAMES] == [OFFICIAL] * 2
    # The engine overlooks a directory that is a link.
    assert not any(_binary(clone, name).parent.is_symlink() for name in NAMES)
    assert "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION" not in variables(clone)


def test_a_plugin_on_path_is_used(clone: Clone, tmp_path: Path) -> None:
    assert _ensure(clone, _nobody()) == NAMES
    _executable(tmp_path / "tools" / "pulumi-resource-tls", OFFICIAL)
    assert _ensure(clone, _nobody()) == ["kubernetes"]
    assert not _binary(clone, "tls").exists()  # the engine then takes the one on PATH
    assert [*substitutes(clone)] == ["kubernetes"]


def test_where_the_publisher_cannot_be_reached_the_kubernetes_plugin_is_built_and_says_its_version(
    clone: Clone,
) -> None:
    assert _ensure(clone, _nobody()) == NAMES
    assert PULUMI_KUBERNETES in substitutes(clone)["kubernetes"]
    assert _taken(clone, "kubernetes") == BUILT
    directory = plugins.installed(clone.pulumi_home, "kubernetes")
    # `pulumi plugin ls` shows this; the engine compares what is before the plus.
    number = PULUMI_KUBERNETES.removeprefix("v")
    assert directory and directory.name.endswith(f"-v{version('kubernetes')}+built.{number}")
    assert "local.plugins" in _taken(clone, "tls")
    assert variables(clone)["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"


def test_the_plugin_is_built_with_the_other_programs_unless_it_can_be_had(
    clone: Clone, publisher: str
) -> None:
    assert plugins.to_build(clone, _nobody()) == (PLUGIN,)
    assert plugins.to_build(clone, Downloads(publisher)) == ()
    _in_home("kubernetes")
    assert plugins.to_build(clone, _nobody()) == ()


def test_a_publisher_that_accepts_and_says_nothing_costs_seconds(clone: Clone) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        downloads = Downloads(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.5)
        assert _ensure(clone, downloads) == NAMES
        assert time.monotonic() - started < 5


def test_what_was_taken_goes_as_soon_as_the_official_plugin_can_be_had(
    clone: Clone, publisher: str
) -> None:
    assert _ensure(clone, _nobody()) == NAMES
    assert _ensure(clone, Downloads(publisher)) == []
    assert [_taken(clone, name) for name in NAMES] == [OFFICIAL] * 2
    assert len(list((clone.pulumi_home / "plugins").glob("*/"))) == len(NAMES)
    asked = (clone.state / "asked").read_text()
    assert f"{publisher}/releases/plugins" in asked
    assert _ensure(clone, Downloads(publisher)) == []
    assert (clone.state / "asked").read_text() == asked, "what is installed is not installed again"


def test_a_publisher_that_refuses_the_plugins_leaves_what_was_taken(
    clone: Clone, publisher: str
) -> None:
    (clone.state / "refuse").touch()
    assert _ensure(clone, Downloads(publisher)) == NAMES
    assert "local.plugins" in _taken(clone, "tls")
    assert _taken(clone, "kubernetes") == BUILT


def test_what_an_older_clone_had_for_the_kubernetes_plugin_is_taken_away(clone: Clone) -> None:
    _executable(_binary(clone, "kubernetes"), "exec python -m local.plugins.kubernetes\n")
    assert _ensure(clone, _nobody()) == NAMES
    assert not _binary(clone, "kubernetes").exists()
    assert _taken(clone, "kubernetes") == BUILT


@pytest.mark.parametrize("found", [[], ["tls"]])
def test_official_only_says_not_installed_and_takes_nothing_else(
    clone: Clone, found: list[str]
) -> None:
    for name in found:
        _in_home(name)
    with pytest.raises(plugins.PluginError, match=r"kubernetes v.* not installed"):
        _ensure(clone, _nobody(), "official")
    assert not _binary(clone, "kubernetes").exists()


def test_official_only_is_answered_before_any_tool_is_made(clone: Clone, tmp_path: Path) -> None:
    box = Toolbox(tmp_path / "cache", _nobody())
    with pytest.raises(plugins.PluginError) as refused:
        plugins.expect_official(clone, box)
    text = str(refused.value)
    assert "not installed" in text
    assert all(f"{name} v{version(name)}" in text for name in NAMES)
    assert "127.0.0.1:1 cannot be reached" in text
    assert not (tmp_path / "cache").exists()


def test_official_only_takes_no_built_engine_which_has_no_language_host(
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


def test_a_mode_that_does_not_exist_is_refused_with_those_that_do(clone: Clone) -> None:
    with pytest.raises(plugins.PluginError, match="expected auto or official"):
        _ensure(clone, _nobody(), "offical")
