"""The inputs and outputs of a cloud's resources and functions, read from the files of its Python SDK.

To import an SDK takes seconds and hundreds of MB. The SDKs are generated and uniform, so only the
source text of the classes that a stack uses is parsed. The SDK itself never runs.
"""

from __future__ import annotations

import ast
import functools
import gc
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SCALARS: Final = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
_WRAPPERS: Final = ("Input", "Output", "InputType", "Awaitable")
_OUTPUTS: Final = "outputs"


class UnknownToken(LookupError):
    """The SDK has no such resource or function."""


@dataclass(frozen=True)
class Type:
    """`kind` is string, integer, number, boolean, any, list, map, object or union. `inner` has the
    item type of a list or a map, or the members of a union. `module` and `name` are the class of an
    object."""

    kind: str
    inner: tuple[Type, ...] = ()
    module: str = ""
    name: str = ""


@dataclass(frozen=True)
class Property:
    """The type of a property."""

    type: Type
    required: bool


Properties = Mapping[str, Property]


@dataclass(frozen=True)
class Resource:
    """A resource type. `required` outputs are never missing."""

    token: str
    inputs: Properties
    outputs: Properties


@dataclass(frozen=True)
class Function:
    """A function that programs can invoke."""

    token: str
    inputs: Properties
    outputs: Properties


_ANY: Final = Type("any")


class Sdk:
    """The SDK of the cloud `name` in the site-packages directory `packages`."""

    def __init__(self, packages: Path, name: str) -> None:
        self.name = name
        self._root = packages / f"pulumi_{name}"
        if not self._root.is_dir():
            raise FileNotFoundError(f"{packages} has no pulumi_{name}: install it there")
        self._texts: dict[Path, str] = {}
        self._classes: dict[tuple[str, str], Properties] = {}

    @property
    def version(self) -> str:
        """The version of the plugin that the SDK requests from the engine."""
        return str(json.loads((self._root / "pulumi-plugin.json").read_text())["version"])

    @functools.cached_property
    def _registered(self) -> dict[str, tuple[str, str]]:
        """Type token → (package below the root, class)."""
        text = self._text(self._root / "__init__.py")
        modules = re.search(r'resource_modules="""\n(.*?)\n"""', text, re.DOTALL)
        if modules is None:
            raise ValueError(f"{self._root}/__init__.py registers no resources")
        return {
            token: (entry["fqn"].partition(".")[2], name)
            for entry in json.loads(modules[1])
            for token, name in entry["classes"].items()
        }

    @functools.cache  # noqa: B019 (an Sdk lives as long as its process)
    def resource(self, token: str) -> Resource:
        """Raises UnknownToken."""
        if token == f"pulumi:providers:{self.name}":
            return Resource(token, self._arguments("provider", "ProviderArgs"), {})
        if token not in self._registered:
            raise UnknownToken(f"{self.name} has no resource type {token!r}")
        package, name = self._registered[token]
        module = self._module_of(package, token, rf"^class {name}\(pulumi\.CustomResource\)")
        text = self._text(self._path(module))
        arguments = re.search(r"__props__ = (\w+)\.__new__\(\1\)", _block(text, name))
        if arguments is None:
            raise UnknownToken(f"{token}: its class {name} names no class of arguments")
        return Resource(token, self._arguments(module, arguments[1]), self._getters(module, name))

    @functools.cache  # noqa: B019
    def function(self, token: str) -> Function:
        """Raises UnknownToken."""
        package = token.split(":")[1].partition("/")[0]
        try:
            module = self._module_of(
                "" if package == "index" else package, token, rf"invoke\('{re.escape(token)}'"
            )
        except (UnknownToken, FileNotFoundError):
            raise UnknownToken(f"{self.name} has no function {token!r}") from None
        text = self._text(self._path(module))
        invoke = re.search(rf"invoke\('{re.escape(token)}'.*?typ=(\w+)\)", text, re.DOTALL)
        if invoke is None:
            raise UnknownToken(f"{token}: what it returns has no class")
        start = text.rfind("\ndef ", 0, invoke.start())
        source = _syntax(text[start : invoke.end()].split('    """', 1)[0] + "    pass")
        definition = source.body[0]
        assert isinstance(definition, ast.FunctionDef)
        wire = dict(
            re.findall(r"__args__\['(\w+)'\] = (\w+)", text[start : invoke.end()])
        )  # on the wire → in Python
        parameters = {
            name: (annotation, required) for name, annotation, required in _parameters(definition)
        }
        inputs = {
            name: Property(self._type(parameters[python][0], module), parameters[python][1])
            for name, python in wire.items()
        }
        return Function(token, inputs, self._getters(module, invoke[1]))

    def fields(self, kind: Type) -> Properties:
        """The properties of an object type."""
        if kind.module.rpartition("/")[2] == _OUTPUTS:
            return self._getters(kind.module, kind.name)
        return self._arguments(kind.module, kind.name)

    def _arguments(self, module: str, name: str) -> Properties:
        """The properties of a class of inputs. Those without a default in the constructor are
        required."""
        if (module, name) not in self._classes:
            definition = _parsed(self._text(self._path(module)), name)
            (constructor,) = (
                each
                for each in definition.body
                if isinstance(each, ast.FunctionDef) and each.name == "__init__"
            )
            required = {each for each, _, needed in _parameters(constructor) if needed}
            self._classes[module, name] = {
                wire: Property(self._type(annotation, module), body.name in required)
                for wire, annotation, body in _read(definition)
            }
        return self._classes[module, name]

    def _getters(self, module: str, name: str) -> Properties:
        """The properties of a class of outputs."""
        if (module, name) not in self._classes:
            definition = _parsed(self._text(self._path(module)), name)
            self._classes[module, name] = {
                wire: Property(self._type(annotation, module), not _optional(annotation))
                for wire, annotation, _ in _read(definition)
            }
        return self._classes[module, name]

    def _type(self, node: ast.expr, module: str) -> Type:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self._named(node.value, module)
        if isinstance(node, ast.Subscript):
            head = _last(node.value)
            inside = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if head in (*_WRAPPERS, "Optional"):
                return self._type(inside[0], module)
            if head in ("Sequence", "List"):
                return Type("list", (self._type(inside[0], module),))
            if head in ("Mapping", "Dict"):
                return Type("map", (self._type(inside[1], module),))
            if head == "Union":
                members = tuple(dict.fromkeys(self._type(each, module) for each in inside))
                return _ANY if _ANY in members else Type("union", members)
            return _ANY
        return Type(_SCALARS[_last(node)]) if _last(node) in _SCALARS else _ANY

    def _named(self, name: str, module: str) -> Type:
        """The type that a name stands for: `XArgs`, `outputs.X`, `_kms.XArgs`, `_kms.outputs.X`. For an
        enumeration it is `any`."""
        package = module.rpartition("/")[0]
        *path, name = name.split(".")
        if path and path[0].startswith("_") and path[0] != "_enums":
            package, path = path[0].removeprefix("_"), path[1:]
        prefix = f"{package}/" if package else ""
        if path == [_OUTPUTS] or (not path and module == f"{prefix}{_OUTPUTS}"):
            return Type("object", (), f"{prefix}{_OUTPUTS}", name)
        if not path and name.endswith("Args"):
            return Type("object", (), f"{prefix}_inputs", name)
        if not path and re.search(
            rf"^class {name}\b", self._text(self._path(module)), re.MULTILINE
        ):
            return Type("object", (), module, name)
        return _ANY

    def _module_of(self, package: str, token: str, pattern: str) -> str:
        """The file in `package` that contains `pattern`. The file named like the token is tried first."""
        directory = self._root / package.replace(".", "/")
        if not directory.is_dir():
            raise UnknownToken(f"{self.name} has no module {package!r}")
        named = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", token.split(":")[2])
        first = directory / f"{named.lower()}.py"
        for path in (first, *sorted(directory.glob("*.py"))):
            if path.exists() and re.search(pattern, self._text(path), re.MULTILINE):
                return str(path.relative_to(self._root).with_suffix(""))
        raise UnknownToken(f"{self.name}: no file of {package!r} has {token!r}")

    def _path(self, module: str) -> Path:
        return self._root / f"{module}.py"

    def _text(self, path: Path) -> str:
        if path not in self._texts:
            self._texts[path] = path.read_text()
        return self._texts[path]


def _block(text: str, name: str) -> str:
    """The lines of the class `name`. Raises LookupError."""
    block = re.search(rf"^class {name}\b.*?(?=^[^\s#)\]}}]|\Z)", text, re.DOTALL | re.MULTILINE)
    if block is None:
        raise LookupError(f"there is no class {name}")
    return block[0]


def _syntax(text: str) -> ast.Module:
    """Parses `text` without garbage collection, during which Python 3.11 miscounts the depth of the
    tree: https://github.com/python/cpython/issues/106905."""
    collects = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(text)
    finally:
        if collects:
            gc.enable()


def _parsed(text: str, name: str) -> ast.ClassDef:
    (definition,) = _syntax(_block(text, name)).body
    assert isinstance(definition, ast.ClassDef)
    return definition


def _read(definition: ast.ClassDef) -> list[tuple[str, ast.expr, ast.FunctionDef]]:
    """The properties of a class: name on the wire, annotation, and the getter."""
    properties = []
    for each in definition.body:
        if not isinstance(each, ast.FunctionDef) or each.returns is None:
            continue
        for decorator in each.decorator_list:
            call = decorator.func if isinstance(decorator, ast.Call) else decorator
            if isinstance(call, ast.Attribute) and call.attr == "getter":
                wire = each.name
                if isinstance(decorator, ast.Call) and decorator.keywords:
                    wire = str(ast.literal_eval(decorator.keywords[0].value))
                properties.append((wire, each.returns, each))
    return properties


def _parameters(definition: ast.FunctionDef) -> list[tuple[str, ast.expr, bool]]:
    """The annotated parameters of a function: name, annotation, and whether it is required."""
    arguments = definition.args
    defaults = [None] * (len(arguments.args) - len(arguments.defaults)) + [*arguments.defaults]
    pairs = [
        *zip(arguments.args, defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return [(each.arg, each.annotation, value is None) for each, value in pairs if each.annotation]


def _optional(node: ast.expr) -> bool:
    """Whether an output can be missing."""
    if not isinstance(node, ast.Subscript):
        return False
    return _last(node.value) == "Optional" or (
        _last(node.value) in _WRAPPERS and _optional(node.slice)
    )


def _last(node: ast.expr) -> str:
    """The last part of a dotted name: `str` of `_builtins.str`."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
