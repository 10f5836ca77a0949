"""The wheel as others install it, and the console command in it."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest

from jner_re import command
from jner_re.corpora import data_dir

_ROOT = pathlib.Path(__file__).resolve().parents[1]
_FOLDERS = ("jner_re", "experiments", "export")
_FILES = ("setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")
_COMMAND = "import sys; from jner_re.command import main; sys.exit(main())"  # what pip's script does


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built offline from a copy: a build leaves files beside setup.py."""
    copy, output = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheel")
    for name in _FOLDERS:
        shutil.copytree(_ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in _FILES:
        shutil.copy(_ROOT / name, copy)
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index",
         "--wheel-dir", output, copy],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (path,) = output.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def installed(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("installed")
    wheel.extractall(folder)
    return folder


def run(
    installed: pathlib.Path, *arguments: object, code: str = _COMMAND
) -> subprocess.CompletedProcess[str]:
    """The console command, with nothing of the checkout in reach."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=installed.parent,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def in_checkout(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=120)


def test_only_jner_re_at_the_top(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"jner_re"}
    assert len(tops) == 2
    (entry_points,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "jner-re = jner_re.command:main" in wheel.read(entry_points).decode()


def test_every_module_of_the_checkout(wheel: zipfile.ZipFile) -> None:
    expected = {path.relative_to(_ROOT).as_posix() for path in (_ROOT / "jner_re").rglob("*.py")}
    for folder in ("experiments", "export"):
        paths = (_ROOT / folder).rglob("*.py")
        expected |= {f"jner_re/{path.relative_to(_ROOT).as_posix()}" for path in paths}
    assert {"jner_re/layers/crf.py", "jner_re/experiments/train.py", "jner_re/export/encoder.py"} <= expected
    assert {name for name in wheel.namelist() if name.endswith(".py")} == expected


def test_files_that_are_no_modules(wheel: zipfile.ZipFile) -> None:
    presets = {f"jner_re/{path.relative_to(_ROOT)}" for path in (_ROOT / "experiments/presets").glob("*")}
    sample = {f"jner_re/corpora/sample/{path.name}" for path in data_dir.located(data_dir.SAMPLE).iterdir()}
    pages = {
        path.relative_to(_ROOT).as_posix()
        for ending in ("css", "html", "js", "svg")
        for path in (_ROOT / "jner_re").rglob(f"*.{ending}")
    }
    pages |= {path.relative_to(_ROOT).as_posix() for path in (_ROOT / "jner_re/serving/templates").glob("*")}
    assert len(presets) >= 5 and len(sample) >= 4 and len(pages) >= 16
    expected = {"jner_re/py.typed", "jner_re/experiments/demo.txt", *presets, *sample, *pages}
    assert expected <= set(wheel.namelist())


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_lists_the_programs(arguments: list[str], installed: pathlib.Path) -> None:
    result = run(installed, *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "train Trains a model." in lines
    assert "encoder Writes a frozen token encoder as a TF-Hub module (SavedModel)." in lines
    assert not any(line.startswith(("config", "__init__")) for line in lines)


def test_every_program_is_listed() -> None:
    paths = [path for folder in ("experiments", "export") for path in (_ROOT / folder).glob("*.py")]
    names = [path.stem.replace("_", "-") for path in paths if "__main__" in path.read_text()]
    assert sorted(names) == sorted(command.programs())


def test_listing_imports_little(installed: pathlib.Path) -> None:
    code = (
        "import sys; sys.argv = ['jner-re']; import jner_re.command as command; command.main();"
        "assert command.__file__.startswith(sys.path[1]), command.__file__;"
        "sys.exit(', '.join({'tensorflow', 'pandas', 'numpy', 'absl'} & set(sys.modules)) or 0)"
    )
    result = run(installed, code=code)
    assert (result.returncode, result.stderr) == (0, "")


def test_an_unknown_program(installed: pathlib.Path) -> None:
    result = run(installed, "trian", "--epochs=3")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: no program 'trian', expected one of ablate, calibrate, compare, ")
    assert result.stderr.count("\n") == 1


def test_runs_a_program_as_python_m_does(installed: pathlib.Path) -> None:
    sample = data_dir.located(data_dir.SAMPLE) / "test.json"
    for flags in (["--action=stats", f"--input={sample}"], ["--action=stats", "--input=no.json"]):
        result, expected = run(installed, "corpus", *flags), in_checkout("experiments.corpus", *flags)
        assert result.returncode == expected.returncode
        assert (result.stdout, result.stderr) == (expected.stdout, expected.stderr)
    assert expected.returncode == 1 and expected.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("module", "name", "example"),
    [
        ("experiments.train", "train", "jner-re train --preset=conll04 --data_dir=DIR"),
        ("export.encoder", "encoder", "jner-re encoder --name=minilm"),
    ],
)
def test_help_is_for_the_command(module: str, name: str, example: str, installed: pathlib.Path) -> None:
    result = run(installed, name, "--help")
    assert result.returncode == in_checkout(module, "--help").returncode == 0
    assert "\nRequired:\n" in result.stdout and example in result.stdout
    assert "python -m" not in result.stdout and "experiments/" not in result.stdout


def test_a_program_by_its_modules_name(installed: pathlib.Path) -> None:
    result = run(installed, "cross_validate")
    assert result.returncode == 1 and "--corpus" in result.stderr


@pytest.mark.parametrize("flags", [["--preset=conll04_paper"], ["--preset", "conll04_paper"]])
def test_preset(flags: list[str], installed: pathlib.Path) -> None:
    """It stands for its flags, at its place: those after it win."""
    flags = [*flags, "--data_dir=sample", "--model_dir=model"]
    code = (
        "import jner_re.command as command, sys; from absl import app, flags;"
        "app.run = lambda main, **_: flags.FLAGS(sys.argv) and print(F.encoder, F.epochs);"
        "F = flags.FLAGS;"
        "command.main()"
    )
    result = run(installed, "train", *flags, "--epochs=7", code=code)
    assert (result.stdout, result.stderr) == ("elmo-5.5b 7\n", "")


def test_presets_are_refused_where_they_mean_nothing(installed: pathlib.Path) -> None:
    for arguments, expected in (
        (
            ["train", "--preset=conll"],
            "error: flag --preset=conll: value should be one of <ade|",
        ),
        (["corpus", "--preset=conll04"], "error: Unknown command line flag 'preset'"),
    ):
        result = run(installed, *arguments)
        assert result.returncode == 1
        assert result.stderr.startswith(expected) and result.stderr.count("\n") == 1


def test_a_mistake_is_one_line(installed: pathlib.Path, tmp_path: pathlib.Path) -> None:
    result = run(
        installed, "train", "--data_dir=sample", "--glove=nothing", f"--model_dir={tmp_path / 'model'}"
    )
    assert result.returncode == 1
    assert result.stderr.startswith("error: nothing: ") and result.stderr.count("\n") == 1
