"""Limits that keep the code readable: module and function length, docstrings, annotations."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
MODULE_LINES = 260  # lines that are not blank
FUNCTION_LINES = 45
MODULES = [
    path
    for folder in ("axons_kernel", "hub_config", "spawners")
    for path in sorted((REPOSITORY / folder).rglob("*.py"))
]
LIBRARY = [path for path in MODULES if path.is_relative_to(REPOSITORY / "axons_kernel")]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def relative(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_length(path: Path) -> None:
    source = path.read_text()
    lines = sum(bool(line.strip()) for line in source.splitlines())
    assert lines <= MODULE_LINES, f"{relative(path)} has {lines} lines: split it by what it is about"
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, Function)]
    long = {f.name: n for f in functions if (n := (f.end_lineno or 0) - f.lineno + 1) > FUNCTION_LINES}
    assert not long, f"{relative(path)}: functions over {FUNCTION_LINES} lines: {long}"


def public(path: Path) -> Iterator[tuple[str, Function | ast.ClassDef]]:
    """Public functions, classes and methods of a module with their names."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, Function) and (not inner.name.startswith("_") or inner.name == "__init__"):
                    yield f"{node.name}.{inner.name}", inner


@pytest.mark.parametrize("path", LIBRARY, ids=relative)
def test_docstrings(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), f"{relative(path)} has no docstring"
    bare = [name for name, node in public(path) if not name.endswith(".__init__") and not ast.get_docstring(node)]
    assert not bare, f"{relative(path)}: no docstring: {bare}"


@pytest.mark.parametrize("path", LIBRARY, ids=relative)
def test_annotations(path: Path) -> None:
    bare = []
    for name, node in public(path):
        if isinstance(node, ast.ClassDef):
            continue
        a = node.args
        given = [*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, (a.vararg, a.kwarg))]
        bare += [f"{name}({arg.arg})" for arg in given if arg.annotation is None and arg.arg not in ("self", "cls")]
        if node.returns is None and not name.endswith(".__init__"):
            bare.append(f"{name} -> ?")
    assert not bare, f"{relative(path)}: not annotated: {bare}"
