"""A model directory: what is missing, damaged or of another model is one clear error."""

from __future__ import annotations

import json
import pathlib
import shutil
from collections.abc import Callable

import h5py
import numpy as np
import pytest
import untrained

from jner_re.errors import InputError
from jner_re.models import model_dir, model_files, weights


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return untrained.write(tmp_path_factory.mktemp("model"))


@pytest.fixture
def folder(good: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy to be damaged."""
    return shutil.copytree(good, tmp_path / "model")


def test_weights_come_back_as_they_were(good: pathlib.Path, tmp_path: pathlib.Path) -> None:
    model = model_dir.load(good).model
    weights.save(model, tmp_path / "again.weights.h5")
    again = model_dir.load(good).model
    for weight in again.weights:
        weight.assign(weight * 0)
    weights.load(again, tmp_path / "again.weights.h5")
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def middle_zeroed(content: bytes) -> bytes:
    at = len(content) // 2
    while content[at : at + 40].count(0) > 4:  # find values, not the padding of the format
        at += 40
    return content[:at] + bytes(40) + content[at + 40 :]


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("config.json", lambda content: content[:40], r"config\.json: line"),
        ("config.json", lambda _: b"[]", r"config\.json: expected an object with the keys model and train"),
        ("config.json", lambda content: content.replace(b'"rnn_size": 7', b'"rnn_size": "7"'), "rnn_size is"),
        (
            "config.json",
            lambda content: content.replace(b'"rnn_size": 7', b'"rnn_size": 2147483648'),
            "rnn_size is 2",
        ),
        (
            "config.json",
            lambda content: content.replace(b'"re_layers": 2', b'"re_layers": 999999'),
            "rnn_size is 7",
        ),
        (
            "config.json",
            lambda content: content.replace(b'"re_hidden_size": 5', b'"re_hidden_size": 99999999'),
            r"config\.json: re_hidden_size is 99999999, which takes more weights than .*best\.weights\.h5 ",
        ),
        ("vocabulary.json", lambda content: content[:40], r"vocabulary\.json: line"),
        ("vocabulary.json", lambda _: b"{}", r"vocabulary\.json: 'entity_types', expected the vocabulary"),
        ("vocabulary.json", lambda _: b"[1]", r"vocabulary\.json: .* expected the vocabulary"),
        ("vocabulary.json", lambda content: content.replace(b'"Loc",', b"7,"), r"vocabulary\.json: found"),
        ("vocabulary.json", lambda _: b"\xff", r"vocabulary\.json: byte 0 is not UTF-8"),
        ("threshold.json", lambda _: b'{"threshold": "high"}', r"threshold\.json: threshold is 'high'"),
        ("threshold.json", lambda _: b'{"threshold": 7.5}', r"threshold\.json: threshold is 7.5"),
        (model_files.WEIGHTS, lambda content: content[:1000], r"best\.weights\.h5: not the weights"),
        (model_files.WEIGHTS, lambda _: b"", r"best\.weights\.h5: not the weights"),
        (model_files.WEIGHTS, middle_zeroed, r"best\.weights\.h5: "),
    ],
)
def test_damaged_files(
    folder: pathlib.Path, name: str, damage: Callable[[bytes], bytes], message: str
) -> None:
    path = folder / name
    path.write_bytes(damage(path.read_bytes() if path.exists() else b""))
    with pytest.raises(InputError, match=message):
        model_dir.load(folder)


def test_one_changed_value_is_noticed(folder: pathlib.Path) -> None:
    with h5py.File(folder / model_files.WEIGHTS, "r+") as file:
        values: list[h5py.Dataset] = []
        file.visititems(lambda _, item: values.append(item) if isinstance(item, h5py.Dataset) else None)
        largest = max(values, key=lambda item: item.size)
        largest[(0,) * largest.ndim] += np.float32(1e-3)
    with pytest.raises(InputError, match=r"best\.weights\.h5: damaged: the checksum of the weights is"):
        model_dir.load(folder)


@pytest.mark.parametrize("name", ["config.json", "vocabulary.json", model_files.WEIGHTS])
def test_missing_files(folder: pathlib.Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(InputError, match=pathlib.Path(name).name):
        model_dir.load(folder)


def test_weights_of_another_model(folder: pathlib.Path) -> None:
    path = folder / "config.json"
    path.write_text(path.read_text().replace('"rnn_size": 7', '"rnn_size": 8'))
    with pytest.raises(InputError, match=r"best\.weights\.h5: not the weights of this model"):
        model_dir.load(folder)


def test_another_encoder_or_other_word_vectors(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "glove.tiny.txt").write_text("rome 1 2 3\n")
    path = folder / "config.json"
    record = json.loads(path.read_text())
    record["model"]["glove"] = str(tmp_path / "glove.tiny.txt")
    path.write_text(json.dumps(record))
    vocabulary = json.loads((folder / "vocabulary.json").read_text())
    vocabulary["fingerprints"] = {"glove": "0" * 64}
    (folder / "vocabulary.json").write_text(json.dumps(vocabulary))
    with pytest.raises(InputError, match=f"glove .* expected {'0' * 64}, with which the model was trained"):
        model_dir.load(folder)
