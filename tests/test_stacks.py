"""What one stack of TensorFlow wrote opens on the other, with the same answers (stack_files.py wrote it)."""

from __future__ import annotations

import json
import pathlib
import tarfile
from typing import Any

import numpy as np
import pytest
import scored_answers
import stack_files
import tensorflow as tf

from jner_re.extraction.in_process import ModelDirectory, SavedModel

ARCHIVES = sorted(stack_files.FOLDER.glob("*.tar.xz"))


OTHERS = [path for path in ARCHIVES if tf.__version__ not in path.name]


@pytest.fixture(scope="module", params=OTHERS, ids=lambda path: path.name.removesuffix(".tar.xz"))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The files, in a place of their own."""
    folder = tmp_path_factory.mktemp("stack")
    with tarfile.open(request.param) as archive:
        archive.extractall(folder, filter="data")
    return folder


def expected(folder: pathlib.Path) -> dict[str, Any]:
    return json.loads((folder / "answers.json").read_text())


def assert_alike(found: Any, wanted: Any) -> None:
    """Equal, but for scores, which differ by at most 1e-4."""
    if isinstance(wanted, dict):
        assert found.keys() >= wanted.keys()  # outputs may have been added
        found, wanted = [found[name] for name in wanted], list(wanted.values())
    if isinstance(wanted, list):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            assert_alike(one, other)
    elif isinstance(wanted, float):
        np.testing.assert_allclose(found, wanted, atol=1e-4)
    else:
        assert found == wanted


def test_both_stacks_have_written() -> None:
    assert [path.name.split("-")[1][:4] for path in ARCHIVES] == ["2.15", "2.21"]


def test_a_model_directory(folder: pathlib.Path) -> None:
    wanted = expected(folder)
    assert any(row["relation_type"] for row in wanted["texts"])
    found = stack_files.answers(ModelDirectory(stack_files.placed(folder)))
    assert_alike(found, {name: wanted[name] for name in found})


def test_an_export(folder: pathlib.Path) -> None:
    wanted = expected(folder)
    found = stack_files.answers(SavedModel(folder / "exported" / "1"))
    assert_alike(found["texts"], wanted["texts"])


def test_a_feature_store(folder: pathlib.Path) -> None:
    """Its layers are read, not computed again."""
    store = folder / "layers"
    before = {path: path.stat().st_size for path in store.rglob("*") if path.is_file()}
    assert sum(before.values()) > 0
    found = scored_answers.predicted(stack_files.placed(folder), stack_files.SENTENCES, store)
    assert_alike(json.loads(json.dumps(found)), expected(folder)["stored"])
    assert {path: path.stat().st_size for path in store.rglob("*") if path.is_file()} == before
