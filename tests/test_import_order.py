"""The folders of the design, in the order in which they may import each other (DESIGN, section 1)."""

from __future__ import annotations

import ast
import functools
import pathlib
from collections.abc import Iterator

import pytest

_ROOT = pathlib.Path(__file__).resolve().parents[1]
_PACKAGES = ("jner_re", "experiments", "export", "benchmarks")
# A part imports only itself and those before it. A new folder or module needs its place here.
_ORDER = (
    "jner_re.errors",
    "jner_re.extras",
    "jner_re.json_text",
    "jner_re.files",
    "jner_re.templates",
    "jner_re.schema",
    "jner_re.constraints",
    "jner_re.drawing",
    "jner_re.document",
    "jner_re.assets",
    "jner_re.config",
    "jner_re.config_paths",
    "jner_re.program_flags",
    "jner_re.standard_streams",
    "jner_re.program",
    "jner_re.command",
    "jner_re.text",
    "jner_re.corpora",
    "jner_re.word_vectors",
    "jner_re.encoders",
    "jner_re.features",
    "jner_re.layers",
    "jner_re.models",
    "jner_re.evaluation",
    "jner_re.training",
    "jner_re.extraction",
    "jner_re.serving",
    "experiments",
    "export",
    "benchmarks",
)


@functools.cache
def modules() -> dict[str, pathlib.Path]:
    """All modules of the project by their dotted names."""
    found = {}
    for package in _PACKAGES:
        for path in sorted((_ROOT / package).rglob("*.py")):
            parts = path.relative_to(_ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name: str) -> Iterator[tuple[int, str]]:
    """(line, module) of everything a module imports, also inside its functions."""
    path = modules()[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                yield node.lineno, whole if whole in modules() else base


def own_imports(name: str) -> list[tuple[int, str]]:
    """Those of the project's own modules."""
    return [(line, other) for line, other in imports(name) if other.split(".")[0] in _PACKAGES]


def part(name: str) -> str | None:
    """The entry of the order to which a module belongs."""
    return next((entry for entry in _ORDER if f"{name}.".startswith(f"{entry}.")), None)


def test_every_module_has_a_place() -> None:
    assert "jner_re.layers.crf" in modules()
    assert [name for name in modules() if part(name) is None and name != "jner_re"] == []


@pytest.mark.parametrize("name", modules())
def test_only_from_parts_before(name: str) -> None:
    place = _ORDER.index(part(name) or "jner_re.serving")  # jner_re itself offers what the parts give
    for line, other in own_imports(name):
        other_part = part(other)
        assert other_part is not None, f"{modules()[name]}:{line} imports {other}, which is no module"
        assert _ORDER.index(other_part) <= place, (
            f"{modules()[name]}:{line} imports {other}, which comes later"
        )


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = {name: {other for _, other in own_imports(name)} for name in modules()}
    while leaves := [name for name, others in graph.items() if not others & graph.keys()]:
        for leaf in leaves:
            del graph[leaf]
    assert sorted(graph) == []


@pytest.mark.parametrize("name", [name for name in modules() if part(name) == "jner_re.layers"])
def test_layers_know_nothing_of_the_rest(name: str) -> None:
    """Layers take numbers and tensors, never a config or a corpus."""
    assert [other for _, other in own_imports(name) if part(other) != "jner_re.layers"] == []


def test_one_module_imports_tensorflow_addons() -> None:
    users = {
        name
        for name in modules()
        if any(other.split(".")[0] == "tensorflow_addons" for _, other in imports(name))
    }
    assert users == {"jner_re.layers.crf"}


@pytest.mark.parametrize(
    "name",
    [
        "errors",
        "files",
        "schema",
        "config",
        "program",
        "command",
        "corpora",
        "drawing",
        "document",
        "assets",
        "word_vectors",
    ],
)
def test_what_starts_fast_does_not_import_tensorflow_at_once(name: str) -> None:
    for module, path in modules().items():
        if part(module) == f"jner_re.{name}":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names = [alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names]
            names += [node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom)]
            assert not [
                found for found in names if found.split(".")[0] in ("tensorflow", "keras", "tf_keras")
            ], module
