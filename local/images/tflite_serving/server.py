"""The server: loads the models first, then opens the ports."""

from __future__ import annotations

import logging
import threading

from google.protobuf.message import Message

from . import batching
from . import config as configs
from .errors import ServingError, invalid
from .flags import Options
from .grpc_api import GrpcServer
from .manager import Manager
from .rest_api import RestServer

log = logging.getLogger(__name__)

#: Seconds for running requests to end after SIGTERM.
GRACE = 10.0


class Server:
    """The server. `start` returns when the ports are open, `stop` when they are closed."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._stopping = threading.Event()
        self._manager = Manager(options)
        self._grpc: GrpcServer | None = None
        self._rest: RestServer | None = None

    def start(self) -> None:
        """Load the configured models, wait until each has an available version, open the ports.

        As the real server, it waits without limit while a directory is empty. Raises ServingError
        if the flags or the configuration are invalid, or no version of a model can be loaded.
        """
        _check(self._options)
        config = configs.read(self._options)
        names = self._manager.reload(config)
        self._manager.start()
        self._manager.wait_available(names, self._stopping.is_set)
        if self._stopping.is_set():
            return
        if self._options.model_config_file and self._options.model_config_file_poll_wait_seconds:
            threading.Thread(target=self._follow, args=(config,), daemon=True).start()
        self._grpc = GrpcServer(self._manager, self._options)
        log.info("Running gRPC ModelServer at 0.0.0.0:%s ...", self._options.port)
        if self._options.rest_api_port:
            self._rest = RestServer(self._manager, self._options)
            log.info("Exporting HTTP/REST API at:localhost:%s ...", self._options.rest_api_port)

    def _follow(self, config: Message) -> None:
        while not self._stopping.wait(self._options.model_config_file_poll_wait_seconds):
            try:
                read = configs.read(self._options)
                if read != config:
                    new = self._manager.reload(read)
                    config = read
                    self._manager.poll()
                    self._manager.wait_available(new, self._stopping.is_set)
            except ServingError as error:
                log.error("PollFilesystemAndReloadConfig failed to ReloadConfig: %s", error.message)

    def stop(self) -> None:
        """Wait for running requests, then stop. Also ends a `start` that still waits."""
        self._stopping.set()
        if self._grpc:
            self._grpc.stop(GRACE)
        if self._rest:
            self._rest.stop()
        self._manager.stop()


def _check(options: Options) -> None:
    if not options.port and not options.grpc_socket_path:
        raise invalid(
            "At least one of server_options.grpc_port or server_options.grpc_socket_path "
            "must be set."
        )
    if not options.model_base_path and not options.model_config_file:
        raise invalid(
            "Both server_options.model_base_path and server_options.model_config_file are empty!"
        )
    batching.check(options)
    if options.rest_api_port == options.port:
        raise invalid(f"--rest_api_port and --port are both {options.port}: choose two ports")
