"""Parses a stack file: all of it, or the parts without mistakes for the checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from pydantic import ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from components import registry
from components.config.cluster_options import ClusterOptions
from components.config.images_options import ImagesOptions
from components.config.mistakes import Location, key_path
from components.config.model_options import ModelOptions, SourceOptions
from components.config.options import Options
from components.config.parsed import Parsed
from components.config.provider_keys import Settings
from components.config.registered_kind import RegisteredKind
from components.config.stack_config import StackConfig

O = TypeVar("O", bound=Options)
#: Top-level maps whose entries are independent of each other.
MAPS_OF_NAMES = ("addons", "models", "volumes")


_Cluster = Annotated[ClusterOptions | None, RegisteredKind(registry.CLUSTERS)]


class _Parts(StackConfig):
    """A stack file without the values that have mistakes."""

    model_config = ConfigDict(defer_build=True)  # a valid stack file does not need it

    cluster: _Cluster = None  # type: ignore[assignment]


class _AnyModel(ModelOptions):
    """The options of every runtime, for a model whose own runtime refuses it."""

    model_config = ConfigDict(defer_build=True)

    runtime: str = ""
    source: Annotated[SourceOptions, RegisteredKind(registry.SOURCES)] = SourceOptions(kind="")


@dataclass(frozen=True, kw_only=True)
class StackFile:
    """The values under `slipway:` by their keys, and the settings of providers by package.

    Parsing fills `keys` with the keys that the options of each map have, by the map's id.
    """

    raw: dict[str, Any] = field(repr=False)
    settings: Mapping[str, Settings] = field(default_factory=dict, repr=False)
    keys: dict[int, tuple[str, ...]] = field(default_factory=dict, repr=False)

    def context(self) -> dict[str, Any]:
        """The values that validators use from outside of their own map."""
        secrets = self.raw.get("secrets")
        return {
            "keys": self.keys,
            "secrets": secrets if isinstance(secrets, dict) else {},
            "settings": self.settings,
        }


def parse(file: StackFile) -> tuple[StackConfig | None, list[ErrorDetails]]:
    """The configuration, or pydantic's errors in it."""
    try:
        return StackConfig.model_validate(file.raw, context=file.context()), []
    except ValidationError as error:
        return None, error.errors(include_url=False)


def parts(file: StackFile, config: StackConfig | None, errors: Iterable[ErrorDetails]) -> Parsed:
    """The values for the checks: `config`, or if there are `errors` the parts without any."""
    if config is not None:
        cluster = dict(config.cluster)
        return _parsed(file, config, config.models, config.images, cluster, frozenset())
    left_out = _LeftOut(file, [each["loc"] for each in errors])
    view, models, images = left_out.view(), left_out.models(), left_out.images()
    paths = frozenset(map(key_path, left_out.locations))
    return _parsed(file, view, models, images, left_out.cluster_values(), paths)


def _parsed(
    file: StackFile,
    view: StackConfig,
    models: Mapping[str, ModelOptions],
    images: ImagesOptions,
    cluster_values: Mapping[str, Any],
    left_out: frozenset[str],
) -> Parsed:
    cluster = file.raw.get("cluster")
    kind = cluster.get("kind") if isinstance(cluster, dict) else None
    return Parsed(
        cluster=view.cluster,
        cluster_kind=kind if kind in registry.CLUSTERS.kinds() else None,
        cluster_values=cluster_values,
        gateway=view.gateway,
        namespace=None if "slipway:namespace" in left_out else view.namespace,
        models=models,
        volumes=view.volumes,
        addons=view.addons,
        metrics=view.metrics,
        chosen_addons=view.chosen_addons,
        images=images,
        limits=None if "slipway:limits" in left_out else view.limits,
        settings=file.settings,
        left_out=left_out,
        raw=file.raw,
        keys=file.keys,
    )


class _LeftOut:
    """Parses the parts of a stack file that have no errors. `wrong` holds the locations of errors.

    `locations` holds those of the values that are left out: where an error is, or of the map or list
    around it.
    """

    def __init__(self, file: StackFile, wrong: Sequence[Location]) -> None:
        # Maps are copied here, so the report has no use for their ids.
        self._context = {**file.context(), "keys": {}}
        self._raw, self._wrong = file.raw, wrong
        self.locations: list[Location] = []

    def view(self) -> StackConfig:
        """The top-level values without errors, except `models` and `images`. Volumes and add-ons are
        left out one by one."""
        kept: dict[str, Any] = {}
        for key in StackConfig.model_fields.keys() & self._raw.keys() - {"models", "images"}:
            value, wrong = self._raw[key], self._at(key)
            if not wrong:
                kept[key] = value
            elif key in MAPS_OF_NAMES and all(wrong):
                kept[key] = {
                    name: value[name] for name in value if name not in {each[0] for each in wrong}
                }
                self.locations += [(key, each[0]) for each in wrong]
            else:
                self.locations.append((key,))
        return _Parts.model_validate(kept, context=self._context)

    def cluster_values(self) -> dict[str, Any]:
        """The values of `cluster` without errors, by key."""
        raw = self._raw.get("cluster")
        values = raw if isinstance(raw, dict) else {}
        return {key: value for key, value in values.items() if not self._at("cluster", key)}

    def models(self) -> dict[str, ModelOptions]:
        """All models, in the order of the stack file, each without its values with errors."""
        raw, found = self._raw.get("models", {}), {}
        if not isinstance(raw, dict):
            self.locations.append(("models",))
            return {}
        for name, options in raw.items():
            # An invalid name does not affect the options.
            wrong = [each for each in self._at("models", name) if each not in ((), ("[key]",))]
            model = self._model(name, options, wrong)
            if model is None:
                self.locations.append(("models", name))
            else:
                found[name] = model
        return found

    def _model(self, name: str, raw: Any, wrong: Sequence[Location]) -> ModelOptions | None:
        if not isinstance(raw, dict):
            return None
        runtime = raw.get("runtime")
        if runtime in registry.RUNTIMES.kinds():
            own = self._without(registry.RUNTIMES.options(runtime), raw, wrong, ("models", name))
            if own is not None:
                return own
        common = {key: raw[key] for key in raw if key in _AnyModel.model_fields}
        wrong = [each for each in wrong if each[0] in common]
        return self._without(_AnyModel, common, wrong, ("models", name))

    def images(self) -> ImagesOptions:
        """The values of `images` without errors."""
        raw = self._raw.get("images", {})
        found = None
        if isinstance(raw, dict):
            found = self._without(ImagesOptions, raw, self._at("images"), ("images",))
        if found is None:
            self.locations.append(("images",))
        return found or ImagesOptions()

    def _at(self, *location: str) -> list[Location]:
        """The locations of errors at `location` and below it, relative to it."""
        depth = len(location)
        return [each[depth:] for each in self._wrong if each[:depth] == location]

    def _without(
        self, options: type[O], raw: dict[str, Any], wrong: Sequence[Location], at: Location
    ) -> O | None:
        """The options of the map `raw` at `at`, without the values at the locations `wrong`; None if
        nothing valid is left. Without a required key, the whole map is left out."""
        left_out: list[Location] = []
        while True:
            maps = {_innermost(raw, each) for each in wrong}
            if () in maps:
                return None
            for each in maps:
                raw = _removed(raw, each)
            left_out += maps
            try:
                found = options.model_validate(raw, context=self._context)
            except ValidationError as error:
                wrong = [each["loc"] for each in error.errors(include_url=False)]
            else:
                self.locations += [(*at, *each) for each in left_out]
                return found


def _innermost(raw: Any, location: Location) -> Location:
    """The longest part of `location` that exists in `raw`. It ends at a list, because the indices
    of a list change when an entry is removed."""
    found: list[int | str] = []
    for part in location:
        if not isinstance(raw, dict) or part not in raw:
            break
        found.append(part)
        raw = raw[part]
    return tuple(found)


def _removed(raw: dict[str, Any], location: Location) -> dict[str, Any]:
    """`raw` without the value at `location`, if it has one."""
    key, *rest = location
    if key not in raw:
        return raw
    if not rest:
        return {each: value for each, value in raw.items() if each != key}
    return {**raw, str(key): _removed(raw[str(key)], tuple(rest))}
