"""The programs that run jobs: a mistake in their flags is one line, said before anything is begun."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys

import make_record
import pytest
from test_programs import ROOT, TINY, assert_one_line_error, run

from experiments.jobs import records


@pytest.mark.parametrize(
    ("module", "flags", "parts"),
    [
        (
            "trials",
            ["--protocol=paper", "--patience=3"],
            ["patience is 3, expected 0: each model is trained"],
        ),
        ("compare", ["--variant=small: --rnn_size=0"], ["--variant='small: --rnn_size=0': rnn_size is 0"]),
        ("ablate", [], ["ner_layers is 0, expected at least 1"]),
        ("distill", ["--folds=1"], ["--folds is 1, expected 2 or more, or 0"]),
        ("distill", ["--folds=0"], ["--folds=0 needs --protocol=paper"]),
        (
            "learning_curve",
            ["--fractions=0.5,0.2"],
            ["--fractions is 0.5,0.2, expected at least two growing"],
        ),
        ("learning_curve", ["--fractions=0.0001,1"], ["parts of 0, 358 sentences or doc"]),
        ("tune", ["--frozen_encoder_layers=1"], ["frozen_encoder_layers is 1, expected 0 without"]),
    ],
)
def test_a_mistake_is_one_line(
    module: str, flags: list[str], parts: list[str], tmp_path: pathlib.Path
) -> None:
    given = [
        *TINY,
        "--data_dir=sample",
        f"--output_dir={tmp_path / 'out'}",
        f"--runs_dir={tmp_path / 'runs'}",
    ]
    assert_one_line_error(run(f"experiments.{module}", *given, *flags), *parts)
    assert not list(tmp_path.iterdir())


def test_a_corpus_that_is_not_there(tmp_path: pathlib.Path) -> None:
    given = [*TINY, f"--output_dir={tmp_path / 'out'}", f"--runs_dir={tmp_path / 'runs'}"]
    result = run("experiments.cross_validate", *given, f"--corpus={tmp_path / 'none.json'}")
    assert_one_line_error(result, "none.json")
    assert not list(tmp_path.iterdir())


def test_what_was_changed_in_another_corpus_stays(tmp_path: pathlib.Path) -> None:
    """A folder of other runs is refused before the list of changes in it is replaced."""
    rows = [f"{i}|Drug{i} poisoning .|Drug{i} poisoning|0|16|Drug{i}|0|6" for i in range(10, 30)]
    (tmp_path / "DRUG-AE.rel").write_text("\n".join(rows) + "\n")
    records.write(out := tmp_path / "out", make_record.record("fold-1", "10 folds"))
    (changes := out / "corpus_changes.txt").write_text("of another corpus")
    flags = [*TINY, f"--output_dir={out}", f"--runs_dir={tmp_path / 'runs'}", "--corpus_format=ade"]
    result = run("experiments.cross_validate", *flags, f"--corpus={tmp_path / 'DRUG-AE.rel'}")
    assert "removed because of overlaps: 20 entities" in result.stdout
    assert_one_line_error(result, "fold-1.json: corpus.name is")
    assert changes.read_text() == "of another corpus"


def test_changes_are_listed_without_paths_of_this_machine(tmp_path: pathlib.Path) -> None:
    code = """
import pathlib, sys
from absl import flags
from experiments import cross_validate
from jner_re.corpora.corpus import Finding

for corpus, file, expected in (
    ("DIR/DRUG-AE.rel", "DIR/DRUG-AE.rel", "DRUG-AE.rel"),
    ("DIR/wlp", "DIR/wlp/a/b.ann", "wlp/a/b.ann"),
):
    corpus, file = (text.replace("DIR", sys.argv[1]) for text in (corpus, file))
    flags.FLAGS([sys.argv[0], f"--corpus={corpus}", "--output_dir=out"])
    found = cross_validate._without_folders(Finding(file, "line 1", "drug", "x", "y", "removed"))
    assert str(found) == f"{expected}: line 1: drug is x, expected y (removed)", found
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_results_of_folders_and_pages(tmp_path: pathlib.Path) -> None:
    empty = run("experiments.results", tmp_path)
    assert (empty.returncode, empty.stdout) == (0, f"{tmp_path}: no run is finished\n")
    assert_one_line_error(run("experiments.results"), "no folders, expected some with records, or --page")
    assert_one_line_error(run("experiments.results", tmp_path / "none"), "none: no such folder")
    (page := tmp_path / "page.md").write_text("nothing\n")
    assert_one_line_error(run("experiments.results", f"--page={page}"), "page.md: no table of records")


def test_a_learning_curve_goes_on_without_its_models(tmp_path: pathlib.Path) -> None:
    """Records and the lists of selected sentences are enough: in a clone there are no model directories."""
    flags = [*TINY, "--epochs=1", "--data_dir=sample", f"--output_dir={tmp_path / 'out'}", "--jobs=1"]
    flags += [f"--runs_dir={tmp_path / 'runs'}", "--fractions=0.05,0.1", "--seeds=1", "--select"]
    done = run("experiments.learning_curve", *flags)
    assert done.returncode == 0, done.stderr
    made = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir() if path.is_file()}
    runs = ("5-by-chance", "10-by-chance", "10-selected")
    assert {name for name in made if name.startswith("part-")} == {f"part-{run}-seed-1.json" for run in runs}
    assert "| 10% | 36 | 1 |" in made["learning_curve.md"].decode()
    chosen = (tmp_path / "out" / "selected" / "selected-5-10-seed-1.txt").read_text().split()
    assert len(chosen) == 36 and len(set(chosen)) == 36
    shutil.rmtree(tmp_path / "runs")
    again = run("experiments.learning_curve", *flags)
    assert again.returncode == 0, again.stderr
    assert not (tmp_path / "runs").exists()
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir() if path.is_file()} == made
