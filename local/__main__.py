"""`python3 -m local <command>`: what the Makefile calls. Imports only the standard library until
the Python environment of `local` exists."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable

from local import bootstrap
from local.errors import LocalError
from local.paths import Clone
from local.progress import say


def _up(clone: Clone) -> None:
    from local import dev_stack

    dev_stack.up(clone)


def _down(clone: Clone) -> None:
    from local import dev_stack

    dev_stack.down(clone)


def _env(clone: Clone) -> None:
    from local import dev_stack, environment

    dev_stack.working_environment(clone)
    print(environment.exports(clone))


def _tools(clone: Clone) -> None:
    from local import prepare
    from local.toolchain.programs import FOR_UP

    box = prepare.toolbox()
    prepare.programs(clone, box, FOR_UP)
    prepare.environments(clone)
    prepare.plugin_set(clone, box)
    prepare.image_archives(box, prepare.stack_images(clone))


def _client(clone: Clone, arguments: list[str]) -> None:
    from local import dev_stack

    dev_stack.run_client(clone, dev_stack.working_environment(clone), *arguments)


def _outputs(clone: Clone, arguments: list[str]) -> None:
    from local import dev_stack, stack

    dev_stack.working_environment(clone)
    print(stack.outputs(clone, *arguments))


def _preview(clone: Clone, arguments: list[str]) -> None:
    from local.clouds import preview

    preview.preview(clone, *arguments)


def _images(clone: Clone, arguments: list[str]) -> None:
    from local import dev_stack

    print(*dev_stack.images(clone, arguments), sep="\n")


def _test(clone: Clone, arguments: list[str]) -> None:
    from local import check, suites

    known = (*suites.LAYERS, *suites.LONG)
    layers = tuple(argument for argument in arguments if argument in known)
    extra = tuple(argument for argument in arguments if argument not in known)
    check.test(clone, layers or suites.LAYERS, extra)


def _lint(clone: Clone) -> None:
    from local import lint

    lint.lint(clone)


def _scan(clone: Clone) -> None:
    from local import check

    check.scan(clone)


def _bench(clone: Clone) -> None:
    from local import check

    check.bench(clone)


def _nsenter(clone: Clone) -> None:
    from local.cluster import cluster

    print(*cluster.nsenter(clone.cluster_name)[:3], "--net")


def _clean(clone: Clone) -> None:
    from local import dev_stack

    dev_stack.clean(clone)


COMMANDS: dict[str, tuple[Callable[..., None], str]] = {
    "up": (_up, "start everything and ask a model for a prediction"),
    "down": (_down, "destroy the stack and stop the cluster"),
    "env": (_env, "print shell exports for pulumi and kubectl"),
    "tools": (_tools, "get or build every tool and image, and start nothing"),
    "lint": (_lint, "ruff, mypy --strict, actionlint and zizmor"),
    "scan": (_scan, "checkov and kube-score on what the program makes"),
    "bench": (_bench, "figures side by side"),
    "nsenter": (_nsenter, "print the command prefix that enters the cluster's network"),
    "clean": (_clean, "remove this clone's environments and state"),
}
#: Commands that pass their arguments on.
FORWARDING: dict[str, tuple[Callable[..., None], str]] = {
    "client": (_client, "run the client, `python -m client ...`, on the dev stack"),
    "images": (_images, "pull or build the images named and put them on the running node"),
    "outputs": (_outputs, "the stack's outputs as JSON, secrets left out"),
    "preview": (_preview, "what a stack would make in a cloud, which is simulated"),
    "test": (
        _test,
        "tests of the layers named (unit, engine, cluster, serving, kills, clouds), or of the first three",
    ),
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_, text) in COMMANDS.items():
        commands.add_parser(name, help=text, description=text)
    for name, (_, text) in FORWARDING.items():
        forwarding = commands.add_parser(name, help=text, description=text, add_help=False)
        forwarding.add_argument("arguments", nargs=argparse.REMAINDER)
    chosen, unknown = parser.parse_known_args(arguments)
    if unknown and chosen.command not in FORWARDING:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # With this variable set, each command of the engine would compile the program again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        bootstrap.enter(arguments)
        if chosen.command in FORWARDING:
            FORWARDING[chosen.command][0](Clone.here(), [*unknown, *chosen.arguments])
        else:
            COMMANDS[chosen.command][0](Clone.here())
    except KeyboardInterrupt:
        say("\ninterrupted: the same command goes on from here")
        return 130
    except LocalError as error:
        say(f"✗ {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
