"""The command line: `python -m client predict|metadata|check|why|smoke|bench|load-version`."""

import argparse
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from typing import NoReturn

from client.errors import ClientError, UsageError
from client.parser import parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code. Errors are printed on stderr, each with its fix."""
    options = parser().parse_args(arguments)
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # the client reports these errors itself
    signal.signal(signal.SIGTERM, _terminate)  # so that `with` blocks stop child processes
    try:
        run: Callable[[argparse.Namespace], int] = import_module(
            f"client.commands.{options.command.replace('-', '_')}"
        ).run
        return run(options)
    except ClientError as error:
        print(f"error: {error.what}\nfix: {error.fix}", file=sys.stderr)
        return error.exit_code
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("client"):
            raise
        print(
            f"error: The Python module {error.name!r} is missing.\n"
            "fix: Install client/requirements.txt (pip install --no-deps -r) into this Python.",
            file=sys.stderr,
        )
        return UsageError.exit_code
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        sys.stderr.close()
        return 1


def _terminate(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)
