"""`tensorflow_model_server` of the stand-in: `python -m local.images.tflite_serving --help`."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from importlib.metadata import version

from .errors import ServingError
from .flags import FlagError, parse, usage
from .server import Server

log = logging.getLogger(__name__)

PROGRAM = "tensorflow_model_server"
#: The exit code of the real server's `return -1` from main.
FAILED = 255


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT. Returns 1 for wrong flags, 255 if the server cannot start."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments in (["--help"], ["-h"]):
        print(usage(PROGRAM))
        return 0
    try:
        options = parse(arguments)
    except FlagError as error:
        print(f"{error}\n{usage(PROGRAM)}", flush=True)
        return 1
    name = f"tflite_serving on ai-edge-litert {version('ai-edge-litert')}"
    if options.version:
        print(f"{name}, a stand-in for TensorFlow ModelServer")
        return 0
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s.%(msecs)03d: %(levelname).1s %(name)s] %(message)s",
        datefmt="%Y-%m-%d %H:%M:%S",
    )
    logging.getLogger("waitress").setLevel(logging.WARNING)
    log.info(
        "This is %s: the local cluster's stand-in for tensorflow/serving, speaking its API", name
    )
    if options.without_effect:
        log.info("Accepted without effect here: %s", " ".join(options.without_effect))
    return _serve(Server(options))


def _serve(server: Server) -> int:
    ended = threading.Event()
    failed: list[ServingError | OSError | RuntimeError] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())

    def start() -> None:
        try:
            server.start()
        except (ServingError, OSError, RuntimeError) as error:
            failed.append(error)
            ended.set()

    threading.Thread(target=start, name="start", daemon=True).start()
    ended.wait()
    if failed:
        print(f"Failed to start server. Error: {failed[0]}", flush=True)
        server.stop()
        return FAILED
    log.info("Stopping: requests under way are finished first")
    server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
