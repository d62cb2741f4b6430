"""The served models: watches their directories, loads and unloads versions."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from . import config as configs
from .errors import ServingError, failed_precondition, invalid, not_found
from .flags import Options
from .messages import ModelServerConfig, ModelVersionStatus
from .model import Model
from .versions import aspired

log = logging.getLogger(__name__)

LOADING = ModelVersionStatus.LOADING
AVAILABLE = ModelVersionStatus.AVAILABLE
END = ModelVersionStatus.END


@dataclass
class Version:
    """One version of one model, and its state."""

    model_name: str
    number: int
    path: Path
    state: int = LOADING
    error: ServingError | None = None
    model: Model | None = None
    aspired: bool = True
    tries: int = 0
    #: time.monotonic() of the next attempt to load it.
    retry_at: float = 0.0

    def __str__(self) -> str:
        return f"{{name: {self.model_name} version: {self.number}}}"


@dataclass
class _Served:
    """All versions of one model since it was configured; `config` is None once it is removed."""

    config: Any
    versions: dict[int, Version] = field(default_factory=dict)

    def available(self) -> list[Version]:
        return [v for _, v in sorted(self.versions.items()) if v.state == AVAILABLE]


class Manager:
    """Loads and unloads versions until they match the configuration and the directories.

    It loads a new version before it unloads the old one, and keeps the old one if the new one
    cannot be loaded (TensorFlow Serving's AvailabilityPreservingPolicy).
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._config = ModelServerConfig()
        self._served: dict[str, _Served] = {}
        self._labels: dict[str, dict[str, int]] = {}
        self._changed = threading.Condition()
        self._reloading = threading.Lock()
        self._polling = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="file-system-poll", daemon=True)

    def start(self) -> None:
        """Poll the directories every `file_system_poll_wait_seconds` until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def reload(self, config: Any) -> set[str]:
        """Serve exactly the models of `config` (a ModelServerConfig); returns the new ones' names.

        Raises ServingError, and changes nothing, if the configuration is invalid.
        """
        with self._reloading:
            if config.WhichOneof("config") is None:
                log.info("Taking no action for empty config.")
                return set()
            configs.validate(config, self._config)
            labels = self._checked_labels(config)
            listed = {model.name: model for model in config.model_config_list.config}
            with self._changed:
                new = {n for n in listed if n not in self._served or not self._served[n].config}
                for name in {*self._served, *listed}:
                    self._served.setdefault(name, _Served(None)).config = listed.get(name)
                self._config.CopyFrom(config)
                self._labels = labels
            for name in sorted(new):
                log.info("(Re-)adding model: %s", name)
        return new

    def _checked_labels(self, config: Any) -> dict[str, dict[str, int]]:
        labels: dict[str, dict[str, int]] = {}
        for model in config.model_config_list.config:
            served = self._served.get(model.name)
            ready = {v.number for v in served.available()} if served else set()
            for label, number in model.version_labels.items():
                moved = self._labels.get(model.name, {}).get(label, number) != number
                early = self._options.allow_version_labels_for_unavailable_models and not moved
                if number not in ready and not early:
                    raise failed_precondition(
                        f"Request to assign label to version {number} of model {model.name}, "
                        "which is not currently available for inference"
                    )
                labels.setdefault(model.name, {})[label] = number
        return labels

    def wait_available(self, names: Collection[str], cancelled: Callable[[], bool]) -> None:
        """Return when each of `names` has an available version, or `cancelled()` is true.

        As the real server, it waits without limit while a directory is empty. Raises ServingError
        when no attempt to load a version is left.
        """
        with self._changed:
            while not (self._stop.is_set() or cancelled()):
                waiting = [self._served[n] for n in names if not self._served[n].available()]
                if not waiting:
                    return
                ended = [
                    version
                    for served in waiting
                    for version in served.versions.values()
                    if version.error and version.state == END
                ]
                if ended and all(served.versions for served in waiting):
                    reasons = ", ".join(f"{{{v} due to error: {v.error}}}" for v in ended)
                    raise ServingError(
                        grpc.StatusCode.UNKNOWN,
                        f"{len(ended)} model(s) did not become available: {{{reasons}}}",
                    )
                self._changed.wait(0.5)  # with a limit, since `cancelled` does not notify

    def _follow(self) -> None:
        interval = self._options.file_system_poll_wait_seconds
        if interval < 0:
            return
        self.poll()
        while not self._stop.wait(interval or 1):
            self.poll(look=interval > 0)

    def poll(self, *, look: bool = True) -> None:
        """Read the directories, unless `look` is false, and load and unload versions."""
        with self._polling:
            if look:
                try:
                    self._aspire()
                except ServingError as error:
                    log.error(
                        "FileSystemStoragePathSource encountered a filesystem access error: %s",
                        error.message,
                    )
            with self._changed:
                all_served = list(self._served.values())
            for served in all_served:
                self._advance(served)

    def _aspire(self) -> None:
        with self._changed:
            configured = {name: served.config for name, served in self._served.items()}
        # All directories are read first: as in the real server, one missing base path keeps all
        # models from changing.
        wanted = {n: aspired(config) if config else {} for n, config in configured.items()}
        with self._changed:
            for name, paths in wanted.items():
                versions = self._served[name].versions
                for number, path in paths.items():
                    known = versions.get(number)
                    if known is None or (known.state == END and not known.aspired):
                        versions[number] = Version(name, number, path)
                for number, version in versions.items():
                    version.aspired = number in paths

    def _advance(self, served: _Served) -> None:
        for version in sorted(served.versions.values(), key=lambda v: -v.number):
            if version.state == LOADING and not version.aspired:
                self._set(version, END)
            elif version.state == LOADING and time.monotonic() >= version.retry_at:
                self._load(version)
        ready = served.available()
        wanted = [v for v in served.versions.values() if v.aspired]
        if not wanted or any(v.aspired for v in ready):
            for version in ready:
                if not version.aspired:
                    log.info("Done unloading servable version %s", version)
                    self._set(version, END)

    def _load(self, version: Version) -> None:
        options = self._options
        log.info("Loading servable version %s", version)
        try:
            version.model = Model(
                version.path,
                options.num_tflite_pools * options.num_tflite_interpreters_per_pool,
                options.tensorflow_intra_op_parallelism or options.tensorflow_session_parallelism,
            )
        except ServingError as error:
            log.error("Loading servable: %s failed: %s", version, error)
            version.tries += 1
            version.retry_at = time.monotonic() + max(options.load_retry_interval_micros, 0) / 1e6
            if version.tries > options.max_num_load_retries:
                log.info(
                    "Retrying of Loading servable: %s exhausted max_num_retries: %s",
                    version,
                    options.max_num_load_retries,
                )
                self._set(version, END, error)
            return
        self._set(version, AVAILABLE)
        log.info("Successfully loaded servable version %s", version)

    def _set(self, version: Version, state: int, error: ServingError | None = None) -> None:
        with self._changed:
            version.state, version.error = state, error
            if state == END:
                version.model = None
            self._changed.notify_all()

    def find(self, spec: Any) -> tuple[Model, int]:
        """The loaded model that `spec` (a ModelSpec) names, and its version number."""
        if not spec.name:
            raise invalid("ModelSpec has no name specified.")
        choice = spec.WhichOneof("version_choice")
        number = spec.version.value if choice == "version" else None
        with self._changed:
            if choice == "version_label":
                number = self._labels.get(spec.name, {}).get(spec.version_label)
                if number is None:
                    raise invalid(f"Unrecognized servable version label: {spec.version_label}")
            served = self._served.get(spec.name)
            for version in reversed(served.available() if served else []):
                if version.model and number in (None, version.number):
                    return version.model, version.number
        request = f"Latest({spec.name})" if number is None else f"Specific({spec.name}, {number})"
        raise not_found(f"Servable not found for request: {request}")

    def states(self, spec: Any) -> list[tuple[int, int, ServingError | None]]:
        """Number, state and error of each version that `spec` names, newest first."""
        with self._changed:
            served = self._served.get(spec.name)
            known = dict(served.versions) if served else {}
        if spec.WhichOneof("version_choice") == "version":
            number = spec.version.value
            if number not in known:
                raise not_found(f"Could not find version {number} of model {spec.name}")
            known = {number: known[number]}
        if not known:
            raise not_found(f"Could not find any versions of model {spec.name}")
        return [(n, v.state, v.error) for n, v in sorted(known.items(), reverse=True)]
