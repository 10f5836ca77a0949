"""An exported model answers through TensorFlow Serving's loader (C API) as it answers in process."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys
from typing import Any

import numpy as np

from benchmarks.faults.c_api import largest_difference
from jner_re.extraction.in_process import SavedModel
from jner_re.text.long_sentences import MAX_TOKENS

TEXTS = [
    "Ann Lee, born in Rome, lives in Oslo. Bob  Carr met Ann in Lima.",
    "",
    " \r\n\t",
    "😀 Früher: Ulm.\r\nUlm\0Rome",
]
SENTENCES = [["Bob", "Carr", "met", "Ann", "in", "Lima", "."], [], ["Früher", "😀"]]


def ask(
    version: pathlib.Path, requests: dict[str, Any], folder: pathlib.Path
) -> subprocess.CompletedProcess[str]:
    """Writes what is answered to answers.json in `folder`."""
    (folder / "requests.json").write_text(json.dumps(requests))
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.serving.c_api",
            version,
            folder / "requests.json",
            folder / "answers.json",
        ],
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_answers_as_in_process(exported: pathlib.Path, loaded: SavedModel, tmp_path: pathlib.Path) -> None:
    asked = ask(exported, {"text": TEXTS, "tokens": SENTENCES}, tmp_path)
    assert asked.returncode == 0, asked.stderr
    answers = json.loads((tmp_path / "answers.json").read_bytes())
    expected = {"text": loaded.texts(TEXTS, None), "tokens": loaded.sentences(SENTENCES, None)}
    for name, rows in expected.items():
        assert len(answers[name]) == len(rows)
        for i, (row, other) in enumerate(zip(answers[name], rows, strict=True)):
            assert row.keys() == other.keys()
            for column, values in row.items():
                place = f"{column} of {name} {i}"
                count = len(other[column])
                assert all(value in ("", -1) for value in values[count:]), place  # padding
                values = values[:count]
                if column.endswith("_score"):
                    np.testing.assert_allclose(values, other[column], rtol=0, atol=1e-5, err_msg=place)
                else:
                    assert values == other[column], place
        assert any(kind for row in rows for kind in row["relation_type"]), f"no relation in {name} to compare"


def test_what_is_too_long_is_an_error_that_names_its_place(
    exported: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    asked = ask(exported, {"tokens": [["Rome"], ["word"] * (MAX_TOKENS + 1)]}, tmp_path)
    assert asked.returncode == 1
    assert "sentence 1: 2001 tokens, expected at most 2000" in asked.stderr


def test_what_is_no_saved_model_is_an_error(tmp_path: pathlib.Path) -> None:
    asked = ask(tmp_path / "nothing", {}, tmp_path)
    assert asked.returncode == 1
    assert "error: TF_LoadSessionFromSavedModel: " in asked.stderr and "Traceback" not in asked.stderr


def test_four_threads_get_the_answers_of_one(exported: pathlib.Path) -> None:
    """Mixed sizes, broken UTF-8, empty and refused requests in one session; minutes of it: `make faults`."""
    options = [f"--export={exported}", "--minutes=0.03", "--requests=4"]
    asked = subprocess.run(
        [sys.executable, "-m", "benchmarks.faults.c_api", *options],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert asked.returncode == 0, asked.stdout + asked.stderr
    counts = dict(re.findall(r"(answered|refused): (\d+) times", asked.stdout))
    assert counts.keys() == {"answered", "refused"} and min(map(int, counts.values())) > 0


def test_what_the_threads_answers_are_compared_by() -> None:
    row = {"token": [["Ann"]], "entity_score": [[0.5, -1.0]]}
    assert largest_difference(row, {**row, "entity_score": [[0.5, -0.75]]}) == 0.25
    assert largest_difference("error", "error of another op") == 0
    for other in (
        "error",
        {"token": [["Ann"]]},
        {**row, "token": [["Bob"]]},
        {**row, "entity_score": [[0.5]]},
        {**row, "entity_score": [[0.5, float("nan")]]},
    ):
        assert largest_difference(row, other) == largest_difference(other, row) == float("inf")
