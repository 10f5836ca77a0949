from __future__ import annotations

import json
import pathlib
import shutil
from collections.abc import Callable

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from jner_re.encoders import architectures, bert, mpnet
from jner_re.encoders.checkpoint import Checkpoint
from jner_re.errors import InputError

_FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "encoders"
_Weights = dict[str, np.ndarray]


def _changed(
    folder: pathlib.Path,
    model: str = "tiny_bert",
    weights: Callable[[_Weights], _Weights] = lambda weights: weights,
    **config: object,
) -> pathlib.Path:
    """A copy of a tiny checkpoint with other weights and other values in its config."""
    source = _FIXTURES / model
    save_file(weights(load_file(source / "model.safetensors")), folder / "model.safetensors")
    original = json.loads((source / "config.json").read_text())
    changed = {name: value for name, value in {**original, **config}.items() if value is not None}
    (folder / "config.json").write_text(json.dumps(changed))
    return folder


def _arrays(checkpoint: Checkpoint) -> list[np.ndarray]:
    arrays = [checkpoint.subword_embeddings, checkpoint.position_embeddings, *checkpoint.embedding_norm]
    for block in checkpoint.blocks:
        arrays += [array for pair in vars(block).values() for array in pair]
    return arrays


def _assert_equal(one: Checkpoint, other: Checkpoint) -> None:
    for a, b in zip(_arrays(one), _arrays(other), strict=True):
        np.testing.assert_array_equal(a, b)


def test_shapes() -> None:
    checkpoint = mpnet.read_checkpoint(_FIXTURES / "tiny_mpnet")
    assert checkpoint.position_embeddings.shape == (40, 32)
    assert checkpoint.distance_bias.shape == (79, 4)
    assert len(checkpoint.blocks) == 2
    assert checkpoint.blocks[0].attention_input[0].shape == (32, 96)
    assert checkpoint.blocks[0].expansion[0].shape == (32, 64)
    assert bert.read_checkpoint(_FIXTURES / "tiny_bert").distance_bias is None


@pytest.mark.parametrize("model", ["bert", "mpnet"])
def test_names_with_and_without_prefix(tmp_path: pathlib.Path, model: str) -> None:
    def bare(weights: _Weights) -> _Weights:
        return {name.removeprefix(f"{model}."): value for name, value in weights.items()}

    def prefixed(weights: _Weights) -> _Weights:
        return {f"{model}.{name}": value for name, value in bare(weights).items()}

    read_checkpoint = {"bert": bert, "mpnet": mpnet}[model].read_checkpoint
    expected = read_checkpoint(_FIXTURES / f"tiny_{model}")
    for change in (bare, prefixed):
        _assert_equal(read_checkpoint(_changed(tmp_path, f"tiny_{model}", change)), expected)


def test_old_names_of_normalisations(tmp_path: pathlib.Path) -> None:
    def old(weights: _Weights) -> _Weights:
        return {
            name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
                "LayerNorm.bias", "LayerNorm.beta"
            ): value
            for name, value in weights.items()
        }

    _assert_equal(
        bert.read_checkpoint(_changed(tmp_path, weights=old)), bert.read_checkpoint(_FIXTURES / "tiny_bert")
    )


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float16, 1e-2), (np.float64, 0.0)])
def test_other_precisions(tmp_path: pathlib.Path, dtype: type, tolerance: float) -> None:
    folder = _changed(tmp_path, weights=lambda weights: {k: v.astype(dtype) for k, v in weights.items()})
    expected = bert.read_checkpoint(_FIXTURES / "tiny_bert")
    for actual, right in zip(_arrays(bert.read_checkpoint(folder)), _arrays(expected), strict=True):
        assert actual.dtype == np.float32
        np.testing.assert_allclose(actual, right, atol=tolerance)


def test_missing_weight(tmp_path: pathlib.Path) -> None:
    name = "encoder.layer.1.attention.self.key.bias"
    folder = _changed(tmp_path, weights=lambda weights: {k: v for k, v in weights.items() if k != name})
    with pytest.raises(InputError, match=rf"model\.safetensors: weight '{name}' is missing"):
        bert.read_checkpoint(folder)


def test_weight_of_another_shape(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match=r"'encoder.layer.0.\S*' has shape \[64, 32\], expected \[48, 32\]"):
        bert.read_checkpoint(_changed(tmp_path, intermediate_size=48))


def test_weight_of_another_type(tmp_path: pathlib.Path) -> None:
    name = "embeddings.LayerNorm.bias"
    folder = _changed(tmp_path, weights=lambda weights: {**weights, name: weights[name].astype(np.int32)})
    with pytest.raises(InputError, match=rf"weight '{name}' is I32, expected F32, F16, BF16 or F64"):
        bert.read_checkpoint(folder)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (
            "model_type",
            "t5",
            "bert or mpnet or distilbert or electra or roberta or camembert or xlm-roberta or ",
        ),
        ("model_type", None, "deberta-v2 or modernbert or elmo"),
        ("hidden_act", "silu", "gelu or gelu_new or relu"),
        ("position_embedding_type", "relative_key", "absolute"),
        ("hidden_size", "wide", "a whole number from 1"),
        ("num_attention_heads", 0, "a whole number from 1"),
        ("num_attention_heads", 5, "5"),
        ("max_position_embeddings", 3, "a whole number from 8"),
    ],
)
def test_unsupported_config(tmp_path: pathlib.Path, field: str, value: object, expected: str) -> None:
    with pytest.raises(InputError) as error:
        architectures.read(_changed(tmp_path, **{field: value}))
    assert "config.json: " in str(error.value)
    assert expected in str(error.value)
    assert "\n" not in str(error.value)


def test_unsupported_config_of_mpnet(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match=r"config\.json: relative_attention_num_buckets is 16, expected 32"):
        architectures.read(_changed(tmp_path, "tiny_mpnet", relative_attention_num_buckets=16))


def test_missing_files(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match=r"config\.json: can't be read"):
        bert.read_checkpoint(tmp_path)
    with pytest.raises(InputError, match=r"has no config\.json, expected a checkpoint of bert or "):
        architectures.read(tmp_path)
    (_changed(tmp_path) / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"model\.safetensors: is missing"):
        bert.read_checkpoint(tmp_path)


@pytest.mark.parametrize("word", ["\0", "a\0b"])
def test_subwords_that_no_tokenizer_takes(tmp_path: pathlib.Path, word: str) -> None:
    folder = shutil.copytree(_FIXTURES / "tiny_bert", tmp_path / "checkpoint")
    lines = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    lines[-1] = word
    (folder / "vocab.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")
    with pytest.raises(InputError, match=r"checkpoint: a file of its tokenizer is damaged: "):
        architectures.read(folder)


def test_weights_that_are_not_safetensors(tmp_path: pathlib.Path) -> None:
    (_changed(tmp_path) / "model.safetensors").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(InputError, match=r"model\.safetensors: can't be read as safetensors"):
        bert.read_checkpoint(tmp_path)


def test_distance_bucket() -> None:
    """Where MPNetEncoder.relative_position_bucket of transformers 5.23.0 changes, for distances to 600."""
    distances = np.arange(-600, 601)
    changes = [-90, -63, -45, -31, -22, -15, -11, -7, -6, -5, -4, -3, -2, -1, 0]
    changes += [1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91]
    expected = [*range(15, -1, -1), *range(17, 32)]
    buckets = mpnet.distance_bucket(distances)
    places = np.flatnonzero(np.diff(buckets)) + 1
    assert distances[places].tolist() == changes
    assert buckets[np.concatenate([[0], places])].tolist() == expected
