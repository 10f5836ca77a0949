"""The console command `jner-re`: lists and runs the programs of experiments/ and export/.

Installed, those folders are jner_re.experiments and jner_re.export (see setup.py); where the checkout itself
is on the path, experiments and export. A program's name is its module's, with dashes. To list the programs,
their sources are read, not imported, which takes seconds.
"""

from __future__ import annotations

import ast
import importlib.util
import pathlib
import runpy
import sys

from jner_re import standard_streams

_MODULES = (
    "experiments.ablate",
    "experiments.calibrate",
    "experiments.compare",
    "experiments.corpus",
    "experiments.cross_validate",
    "experiments.distill",
    "experiments.evaluate",
    "experiments.extract",
    "experiments.learning_curve",
    "experiments.predict",
    "experiments.results",
    "experiments.select",
    "experiments.train",
    "experiments.trials",
    "experiments.tune",
    "export.encoder",
    "export.label_studio",
    "export.saved_model",
    "export.serve",
    "export.upload",
)


def programs() -> dict[str, str]:
    """The programs' modules by name, in the order in which they are listed."""
    package = "jner_re." if importlib.util.find_spec("jner_re.experiments") else ""
    return {module.rpartition(".")[2].replace("_", "-"): f"{package}{module}" for module in _MODULES}


def description(module: str) -> str:
    """The first line of a module's docstring."""
    spec = importlib.util.find_spec(module)
    assert spec is not None and spec.origin is not None, module
    source = pathlib.Path(spec.origin).read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


def main() -> None:
    """Runs the program that the first argument names, as `python -m` does; without one, lists them."""
    standard_streams.open_closed()
    known = programs()
    if sys.argv[1:2] in ([], ["--help"], ["-h"]):
        sys.stdout.write(_usage(known))
        return
    name = sys.argv[1].replace("_", "-")  # as its module is called, too
    if name not in known:
        print(f"error: no program {sys.argv[1]!r}, expected one of {', '.join(known)}", file=sys.stderr)
        sys.exit(2)
    from jner_re import program_flags

    program_flags.COMMAND = f"jner-re {name}"
    del sys.argv[1]
    runpy.run_module(known[name], run_name="__main__", alter_sys=True)


def _usage(known: dict[str, str]) -> str:
    width = max(map(len, known))
    lines = [f"  {name:{width}}  {description(module)}" for name, module in known.items()]
    head = ["usage: jner-re PROGRAM [--flags]", ""]
    return "\n".join([*head, *lines, "", "jner-re PROGRAM --help shows the flags of a program.\n"])


if __name__ == "__main__":
    main()
