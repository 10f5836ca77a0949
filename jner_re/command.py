"""The console command `jner-re`: lists and runs the programs of experiments/ and export/.

Installed, those folders are jner_re.experiments and jner_re.export (see setup.py); where the checkout itself
is on the path, experiments and export. A program is a module with an `if __name__ == "__main__"`; its name is
the module's, with dashes. To list the programs, their sources are parsed, not imported, which takes seconds.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import importlib.util
import pathlib
import re
import sys
import types
from collections.abc import Sequence
from typing import NoReturn

from jner_re import standard_streams

_FOLDERS = ("experiments", "export")


@dataclasses.dataclass(frozen=True)
class Program:
    """A program's dotted module name, file and syntax tree."""

    module: str
    path: pathlib.Path
    tree: ast.Module

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        return self.path.stem.replace("_", "-")

    @property
    def description(self) -> str:
        """The first line of its docstring."""
        return (ast.get_docstring(self.tree) or "").partition("\n")[0]

    @property
    def takes_presets(self) -> bool:
        """Whether it has the flags that presets set."""
        imports = (node for node in ast.walk(self.tree) if isinstance(node, ast.ImportFrom))
        return any(alias.name == "config_flags" for node in imports for alias in node.names)


def programs() -> dict[str, Program]:
    """All programs by name, in the order in which they are listed."""
    found = {}
    for folder in _FOLDERS:
        package = _package(folder)
        for path in _files(package, "*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
            if any(isinstance(node, ast.If) and "__main__" in ast.unparse(node.test) for node in tree.body):
                program = Program(f"{package}.{path.stem}", path, tree)
                found[program.name] = program
    return found


def presets() -> dict[str, pathlib.Path]:
    """The files of flags by name."""
    return {path.stem: path for path in _files(_package("experiments"), "presets/*.flags")}


def main() -> None:
    """Runs the program that the first argument names; without one, lists them."""
    standard_streams.open_closed()
    if sys.argv[1:2] in ([], ["--help"], ["-h"]):
        sys.stdout.write(_usage())
        return
    given, *arguments = sys.argv[1:]
    name, known = given.replace("_", "-"), programs()  # as its module is called, too
    if name not in known:
        _refuse(f"no program {given!r}, expected one of {', '.join(known)}")
    program = known[name]
    run(program, with_flag_files(arguments) if program.takes_presets else arguments)


def with_flag_files(arguments: Sequence[str]) -> list[str]:
    """The arguments with --flagfile=FILE in the place of every --preset=NAME or --preset NAME."""
    expanded: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--":
            return [*expanded, argument, *remaining]
        flag, separator, value = argument.partition("=")
        if flag in ("--preset", "-preset"):
            value = value if separator else next(remaining, "")
            known = presets()
            if value not in known:
                _refuse(f"no preset {value!r}, expected one of {', '.join(known)}")
            argument = f"--flagfile={known[value]}"
        expanded.append(argument)
    return expanded


def run(program: Program, arguments: Sequence[str]) -> None:
    """Does what `python -m` does, with `jner-re NAME` as the command in usage texts."""
    spec = importlib.util.find_spec(program.module)
    assert spec is not None, program.module
    main_module = types.ModuleType("__main__")
    # The spec is where multiprocessing looks for the program, the package is where relative imports start.
    main_module.__spec__, main_module.__package__ = spec, spec.parent
    main_module.__file__, main_module.__loader__ = spec.origin, spec.loader
    sys.modules["__main__"] = main_module
    sys.argv = [f"jner-re {program.name}", *arguments]
    code = compile(_with_command(program.tree), str(program.path), "exec", dont_inherit=True)
    exec(code, vars(main_module))


def _package(folder: str) -> str:
    """The dotted name of a folder of programs."""
    installed = f"jner_re.{folder}"
    return installed if importlib.util.find_spec(installed) else folder


def _files(package: str, pattern: str) -> list[pathlib.Path]:
    return sorted(pathlib.Path(importlib.import_module(package).__path__[0]).glob(pattern))


def _usage() -> str:
    known = programs()
    width = max(map(len, known))
    lines = [f"  {name:{width}}  {program.description}" for name, program in known.items()]
    takers = ", ".join(name for name, program in known.items() if program.takes_presets)
    return "\n".join(
        [
            "usage: jner-re PROGRAM [--flags]",
            "",
            *lines,
            "",
            "jner-re PROGRAM --help shows the flags of a program.",
            f"--preset=NAME ({takers}) sets the flags of a preset: {', '.join(presets())}.\n",
        ]
    )


def _with_command(tree: ast.Module) -> ast.Module:
    """The module with its docstring's examples, which are for a checkout, as they are for the command."""
    match tree.body:
        case [ast.Expr(value=ast.Constant(value=str(text)) as docstring), *_]:
            text = re.sub(
                r"python -m (?:experiments|export)\.(\w+)",
                lambda found: f"jner-re {found[1].replace('_', '-')}",
                text,
            )
            docstring.value = re.sub(r"--flagfile=experiments/presets/(\w+)\.flags", r"--preset=\1", text)
    return tree


def _refuse(message: str) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)
