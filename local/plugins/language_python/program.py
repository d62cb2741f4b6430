"""Evaluates one Pulumi program: started by the language host with the program's own interpreter.

Imports only the standard library and the program's own `pulumi`, so that no module of this
repository can shadow one of the program. The request arrives on stdin. The exit code is 0 on
success and `ALREADY_REPORTED` if the error has been shown, as with the official host.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

ALREADY_REPORTED = 32


def main() -> int:
    """Runs the program that the request on stdin names; returns the exit code."""
    # The SDKs create tens of thousands of lasting objects. Searching them for garbage repeatedly
    # took 8 % of an evaluation (0.13 s of 1.6 s).
    gc.set_threshold(100_000)
    serialized = sys.stdin.buffer.read()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # Before the SDK is imported: removes this file's directory from the path; the program's
    # directory takes the first place below.
    sys.path.pop(0)
    from pulumi.runtime.proto import language_pb2

    request = language_pb2.RunRequest.FromString(serialized)
    directory = request.info.program_directory or request.pwd
    entry_point = Path(directory, request.info.entry_point or request.program or ".")
    sys.path.insert(0, str(_directory(entry_point)))
    sys.argv = [str(entry_point), *request.args[1:]]
    return _evaluate(request, entry_point)


def _directory(entry_point: Path) -> Path:
    return entry_point if entry_point.is_dir() else entry_point.parent


def _configure(request: Any) -> None:
    from pulumi.runtime import reset_options, set_all_config

    reset_options(
        project=request.project,
        stack=request.stack,
        organization=request.organization or "organization",
        monitor_address=request.monitor_address,
        engine_address=request.args[0] if request.args else "",
        parallel=request.parallel,
        preview=request.dryRun,
        root_directory=request.info.root_directory,
    )
    set_all_config(dict(request.config), list(request.configSecretKeys))


def _evaluate(request: Any, entry_point: Path) -> int:
    import grpc
    from pulumi import log
    from pulumi.errors import RunError
    from pulumi.runtime import run_in_stack

    _configure(request)
    # A task whose failure is already reported must not be reported again when it is collected.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)

    def program() -> None:
        runpy.run_path(str(entry_point), run_name="__main__")

    loop = asyncio.new_event_loop()
    loop.set_default_executor(ThreadPoolExecutor(max_workers=max(request.parallel, 1) * 4))
    try:
        loop.run_until_complete(run_in_stack(program))
    except RunError as error:
        log.error(str(error))
    except grpc.RpcError as error:
        # UNAVAILABLE: the operation was cancelled and the monitor has ended. Reported already.
        if not isinstance(error, grpc.Call) or error.code() != grpc.StatusCode.UNAVAILABLE:
            log.error(f"RPC error: {error}")
    except SystemExit as error:
        if error.code in (None, 0):
            return 0
        return error.code if isinstance(error.code, int) else _report(log, error, entry_point)
    except Exception as error:  # noqa: BLE001 (whatever the program raises is shown, not lost)
        # The engine's answer to registrations after the update has failed. Reported already.
        if str(error) != "resource monitor shut down":
            _report(log, error, entry_point)
    else:
        return 0
    finally:
        _drain(loop)
        sys.stdout.flush()
        sys.stderr.flush()
    return ALREADY_REPORTED


def _report(log: Any, error: BaseException, entry_point: Path) -> int:
    if isinstance(error, SystemExit):
        log.error(str(error.code))
    else:
        trace = "".join(
            traceback.format_exception(type(error), error, _from(error.__traceback__, entry_point))
        )
        log.error(f"Program failed with an unhandled exception:\n{trace.rstrip()}")
    return ALREADY_REPORTED


def _from(trace: TracebackType | None, entry_point: Path) -> TracebackType | None:
    """The part of `trace` from the program's first frame on; all of it without such a frame."""
    directory = _directory(entry_point).resolve()
    step = trace
    while step is not None:
        file = Path(step.tb_frame.f_code.co_filename).resolve()
        if file.is_relative_to(directory) and "site-packages" not in file.parts:
            return step
        step = step.tb_next
    return trace


def _drain(loop: asyncio.AbstractEventLoop) -> None:
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            loop.run_until_complete(task)
    loop.close()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Skips the interpreter's shutdown, which waits up to a second for gRPC's threads.
    os._exit(code)
