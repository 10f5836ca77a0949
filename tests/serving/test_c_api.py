"""An exported model answers through TensorFlow Serving's loader (C API) as it answers in process."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
from typing import Any

import numpy as np

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
