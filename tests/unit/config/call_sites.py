"""Where the program makes mistakes known, with which fixes, and which of these a stack file got."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from components.config import options
from components.config.mistakes import Mistake

ROOT = Path(options.__file__).parents[2]
#: The argument that is the fix, by the name of what is called.
_FIX = {"mistake": 1, "likely": 2, "Mistake": None}
#: What `likely` says where it knows better.
_LIKELY = "did you mean `.*`\\?"


class Text(NamedTuple):
    """One text of a fix, as a regular expression, and the call that it stands in."""

    file: str
    line: int
    end: int
    pattern: str


def texts() -> list[Text]:
    """All texts of fixes in `components`."""
    found = []
    for path in sorted((ROOT / "components").rglob("*.py")):
        tree = ast.parse(path.read_text())
        for scope, call in _calls(tree):
            fix = _argument(call)
            if fix is None:
                continue
            patterns = set(_patterns(fix, scope, tree))
            if _name(call) == "likely":
                patterns.add(_LIKELY)
            for pattern in patterns:
                where = str(path.relative_to(ROOT))
                found.append(Text(where, call.lineno, call.end_lineno or 0, pattern))
    return found


def _calls(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.Call]]:
    """Each call and the function that it is in."""

    def walk(node: ast.AST, scope: ast.AST) -> Iterator[tuple[ast.AST, ast.Call]]:
        for child in ast.iter_child_nodes(node):
            inner = child if isinstance(child, ast.FunctionDef) else scope
            within = getattr(inner, "name", "")
            if isinstance(child, ast.Call) and _name(child) in _FIX and within != "likely":
                yield scope, child
            yield from walk(child, inner)

    yield from walk(tree, tree)


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _argument(call: ast.Call) -> ast.expr | None:
    named = next((each.value for each in call.keywords if each.arg == "fix"), None)
    index = _FIX[_name(call)]
    if isinstance(call.args[0] if call.args else None, ast.Starred):  # `mistake(*TEXTS)`
        return call.args[0]
    return named if index is None else call.args[index]


def _patterns(node: ast.expr, scope: ast.AST, tree: ast.Module) -> Iterator[str]:
    """What the expression can be; `.*` where that is not seen here."""
    if isinstance(node, ast.Constant):
        if node.value is not None:
            yield re.escape(str(node.value))
    elif isinstance(node, ast.JoinedStr):
        parts = [
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".*"
            for part in node.values
        ]
        yield "".join(parts)
    elif isinstance(node, ast.IfExp):
        yield from _patterns(node.body, scope, tree)
        yield from _patterns(node.orelse, scope, tree)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _patterns(value, scope, tree)
    elif isinstance(node, ast.BinOp):
        for left in _patterns(node.left, scope, tree):
            for right in _patterns(node.right, scope, tree):
                yield left + right
    elif isinstance(node, ast.Name):
        values = [*_assigned(node.id, scope)] or [*_assigned(node.id, tree, deep=False)]
        for value in values:
            yield from _patterns(value, scope, tree)
        if not values:
            yield ".*"
    else:
        yield ".*"


def _assigned(name: str, scope: ast.AST, deep: bool = True) -> Iterator[ast.expr]:
    """The expressions that are assigned to `name`."""
    for node in ast.walk(scope) if deep else ast.iter_child_nodes(scope):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id == name:
                yield node.value
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = zip(target.elts, node.value.elts, strict=True)
                yield from (value for each, value in pairs if getattr(each, "id", "") == name)


class Made(NamedTuple):
    """A fix that was made, and where."""

    file: str
    line: int
    fix: str


@contextmanager
def recorded() -> Iterator[list[Made]]:
    """Each fix that is made meanwhile."""
    made: list[Made] = []
    codes = {options.mistake.__code__, Mistake.__init__.__code__}

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event != "call" or frame.f_code not in codes:
            return
        caller = frame.f_back
        while caller is not None and caller.f_code is options.likely.__code__:
            caller = caller.f_back
        if caller is None or not caller.f_code.co_filename.startswith(str(ROOT)):
            return
        file = str(Path(caller.f_code.co_filename).relative_to(ROOT))
        made.append(Made(file, caller.f_lineno, str(frame.f_locals["fix"])))

    before: Callable[..., Any] | None = sys.getprofile()
    sys.setprofile(note)
    try:
        yield made
    finally:
        sys.setprofile(before)


def untold(told: set[Made]) -> list[Text]:
    """The texts that none of `told` is of."""
    return [
        text
        for text in texts()
        if not any(
            each.file == text.file
            and text.line <= each.line <= text.end
            and re.fullmatch(text.pattern, each.fix, re.DOTALL)
            for each in told
        )
    ]
