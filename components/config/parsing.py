"""`parse` and `parts`: a stack file's values as options, all of them or those without mistakes."""

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


class _Parts(StackConfig):
    """A stack file whose values with mistakes are taken out."""

    model_config = ConfigDict(defer_build=True)  # a valid stack file does without

    cluster: Annotated[  # type: ignore[assignment]
        ClusterOptions | None, RegisteredKind(registry.CLUSTERS)
    ] = None


class _AnyModel(ModelOptions):
    """What the options of any runtime have, for a model that its own runtime refuses."""

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
        """What validators get from outside of the map that they look at."""
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
    """What checks compare: `config`, or where it has `errors` the parts without one."""
    if config is not None:
        return _parsed(file, config, config.models, config.images, frozenset())
    left_out = _LeftOut(file, [each["loc"] for each in errors])
    view, models, images = left_out.view(), left_out.models(), left_out.images()
    return _parsed(file, view, models, images, frozenset(map(key_path, left_out.locations)))


def _parsed(
    file: StackFile,
    view: StackConfig,
    models: Mapping[str, ModelOptions],
    images: ImagesOptions,
    left_out: frozenset[str],
) -> Parsed:
    cluster = file.raw.get("cluster")
    kind = cluster.get("kind") if isinstance(cluster, dict) else None
    return Parsed(
        cluster=view.cluster,
        cluster_kind=kind if kind in registry.CLUSTERS.kinds() else None,
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
    """A stack file with errors at `wrong`. `locations` are those of the values that are left out of
    its parts, which may be of a map around an error."""

    def __init__(self, file: StackFile, wrong: Sequence[Location]) -> None:
        # Maps are copied here, so their ids are of no use to the report.
        self._context = {**file.context(), "keys": {}}
        self._raw, self._wrong = file.raw, wrong
        self.locations: list[Location] = []

    def view(self) -> StackConfig:
        """The top-level values without errors, but `models` and `images`. Of maps of names it has
        the entries without any."""
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

    def models(self) -> dict[str, ModelOptions]:
        """All models, in the order of the stack file, each without its values with errors."""
        raw, found = self._raw.get("models", {}), {}
        if not isinstance(raw, dict):
            self.locations.append(("models",))
            return {}
        for name, options in raw.items():
            # What is wrong with a name leaves the options as they are.
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
        """Its values without errors."""
        raw = self._raw.get("images", {})
        found = None
        if isinstance(raw, dict):
            found = self._without(ImagesOptions, raw, self._at("images"), ("images",))
        if found is None:
            self.locations.append(("images",))
        return found or ImagesOptions()

    def _at(self, *location: str) -> list[Location]:
        """Where the errors at `location` and below are, seen from there."""
        depth = len(location)
        return [each[depth:] for each in self._wrong if each[:depth] == location]

    def _without(
        self, options: type[O], raw: dict[str, Any], wrong: Sequence[Location], at: Location
    ) -> O | None:
        """The options of the map `raw`, which is at `at`, without what is `wrong` in it; None where
        that would be the whole map. The map around a missing key is wrong."""
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
    """The part of `location` that leads to a value in `raw`. It ends at a list, whose entries
    would change their indices."""
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
