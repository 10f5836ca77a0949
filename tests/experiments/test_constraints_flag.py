"""--constraints, and constraints.json in a data directory: what doesn't fit the corpus ends a training."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys

import pytest
from absl.testing import flagsaver

from experiments import constraints_flag
from jner_re.constraints import FILE, NONE
from jner_re.corpora import data_dir

SPLITS = [data_dir.read_sample(split) for split in ("train", "dev")]
SWAPPED = '{"argument_types": {"Work_For": {"head": ["Org"], "tail": ["Peop"]}}}'


def test_a_training_with_head_and_tail_exchanged(tmp_path: pathlib.Path) -> None:
    data = shutil.copytree(data_dir.located("sample"), tmp_path / "data")
    (data / FILE).write_text(SWAPPED)
    flags = [f"--data_dir={data}", f"--model_dir={tmp_path / 'model'}", "--encoder=", "--glove="]
    program = [sys.executable, "-m", "experiments.train", *flags]
    root = pathlib.Path(__file__).parents[2]
    result = subprocess.run(program, cwd=root, capture_output=True, text=True, timeout=300, check=False)
    count = sum(r.type == "Work_For" for sentence in SPLITS[0] for r in sentence.relations)
    (line,) = result.stderr.splitlines()
    assert result.returncode == 1 and line.startswith(
        f"error: {data / FILE}: argument_types: 'Work_For' is head Org and tail Peop, and {count} of {count} "
        "relations for training break it, the first in sentence "
    ), line
    assert not (tmp_path / "model").exists()


def test_the_file_of_the_flag_is_read_in_its_place(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FILE).write_text(SWAPPED)
    (tmp_path / "other.json").write_text('{"at_most": {"Work_For": {"per_head": 9}}}')
    with flagsaver.as_parsed((constraints_flag._CONSTRAINTS, str(tmp_path / "other.json"))):
        assert constraints_flag.of_corpus(tmp_path, *SPLITS).at_most == {"Work_For": {"head": 9}}
    with flagsaver.as_parsed((constraints_flag._CONSTRAINTS, "")):
        assert constraints_flag.of_corpus(tmp_path, *SPLITS) == NONE
