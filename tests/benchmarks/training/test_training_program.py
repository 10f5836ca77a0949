"""The configuration that is measured, and the program's errors."""

from __future__ import annotations

import dataclasses
import pathlib

import pytest

from benchmarks.torch_process import TorchProcess
from benchmarks.training import speed
from jner_re.errors import InputError

PRESET = pathlib.Path(speed.__file__).parents[2] / "experiments" / "presets" / "conll04_fast.flags"
# Fields by which no step gets slower or faster.
_NO_MATTER = {"threshold", "batch_size", "epochs", "constant_fraction", "calibrate", "patience", "seed"}


def test_what_is_measured_is_the_preset() -> None:
    config = dataclasses.asdict(speed.MODEL) | dataclasses.asdict(speed.TRAIN)
    lines = [line for line in PRESET.read_text().splitlines() if line.startswith("--")]
    # bool("") is False
    preset = dict(
        line[2:].split("=", 1)
        if "=" in line
        else (line[2:].removeprefix("no"), "" if line[2:4] == "no" else "True")
        for line in lines
    )
    assert preset.keys() <= config.keys()
    for name in preset.keys() - _NO_MATTER:
        assert type(config[name])(preset[name]) == config[name], name
    defaults = {field.name: field.default for kind in (type(speed.MODEL), type(speed.TRAIN))
                for field in dataclasses.fields(kind)}  # fmt: skip
    for name in config.keys() - preset.keys() - _NO_MATTER:
        assert config[name] == defaults[name], name


def test_batch_sizes() -> None:
    assert speed.parsed_batch_sizes(["2", "8"]) == [2, 8]
    for wrong in ("0", "two", "-1", ""):
        with pytest.raises(InputError, match="batches is"):
            speed.parsed_batch_sizes([wrong])


def test_a_python_without_the_module_is_reported(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="expected a Python with PyTorch"):
        TorchProcess(str(tmp_path / "python"), "benchmarks.training.torch_side")
    python = tmp_path / "fails"
    python.write_text("#!/bin/sh\nexit 3\n")
    python.chmod(0o755)
    with TorchProcess(str(python), "any") as process, pytest.raises(InputError, match="ended with code 3"):
        process.ask(command="pass")


def test_a_process_answers_line_by_line(tmp_path: pathlib.Path) -> None:
    python = tmp_path / "echo"
    python.write_text('#!/bin/sh\nwhile read -r line; do echo "$line"; done\n')
    python.chmod(0o755)
    with TorchProcess(str(python), "any") as process:
        assert process.ask(command="pass", threads=2) == {"command": "pass", "threads": 2}
        assert process.ask(command="again") == {"command": "again"}
