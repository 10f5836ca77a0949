"""Checkpoints of every architecture as they are found: prefixes, precisions, files, unknown values."""

from __future__ import annotations

import hashlib
import json
import pathlib
import shutil
from typing import Any

import numpy as np
import pytest
import tiny_weights
from safetensors.numpy import load_file, save_file
from tiny_architectures import MODULES, ONE_OF_EACH, fixture, layers, write

from jner_re.encoders import architectures, saved_encoder
from jner_re.errors import InputError


def _vectors(folder: pathlib.Path, name: str) -> np.ndarray:
    network = MODULES[name].read_network(folder)
    return layers(network, tiny_weights.sentences(60, [7]))[0].numpy()


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_names_without_the_prefix(name: str, tmp_path: pathlib.Path) -> None:
    """As in a checkpoint without a head; the reference's has one."""
    expected = _vectors(write(tmp_path / "head", name), name)
    prefixed = tiny_weights.weights(fixture(name)["shapes"])
    bare = {key.split(".", 1)[1]: array for key, array in prefixed.items() if key.startswith(_prefix(name))}
    assert len(bare) < len(prefixed)
    np.testing.assert_array_equal(_vectors(write(tmp_path / "bare", name, bare), name), expected)


def _prefix(name: str) -> str:
    return {"deberta_v3": "deberta.", "modernbert": "model."}.get(name, f"{name}.")


def test_bfloat16(tmp_path: pathlib.Path) -> None:
    """Half of the bits of float32; a tensor in the middle of the file is read from its place."""
    weights = tiny_weights.weights(fixture("modernbert")["shapes"])
    halves = {name: (array.view(np.uint32) >> 16).astype("<u2") for name, array in weights.items()}
    header, data = {}, b""
    for name, array in halves.items():
        header[name] = {
            "dtype": "BF16",
            "shape": array.shape,
            "data_offsets": [len(data), len(data) + array.nbytes],
        }
        data += array.tobytes()
    text = json.dumps(header).encode()
    rounded = {name: (array.astype(np.uint32) << 16).view(np.float32) for name, array in halves.items()}
    folder = write(tmp_path / "halves", "modernbert")
    (folder / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data)
    expected = _vectors(write(tmp_path / "floats", "modernbert", rounded), "modernbert")
    np.testing.assert_array_equal(_vectors(folder, "modernbert"), expected)


def _split(folder: pathlib.Path) -> pathlib.Path:
    """The weights in two files, every other one in the second."""
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    places = {name: f"model-0000{i % 2 + 1}-of-00002.safetensors" for i, name in enumerate(weights)}
    for file in set(places.values()):
        save_file({name: array for name, array in weights.items() if places[name] == file}, folder / file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
    return folder


def test_weights_in_several_files(tmp_path: pathlib.Path) -> None:
    whole = write(tmp_path / "whole", "roberta")
    parts = _split(shutil.copytree(whole, tmp_path / "parts"))
    np.testing.assert_array_equal(_vectors(parts, "roberta"), _vectors(whole, "roberta"))
    second = parts / "model-00002-of-00002.safetensors"
    second.unlink()
    with pytest.raises(InputError, match=r"model-00002-of-00002\.safetensors: is missing"):
        _vectors(parts, "roberta")
    for content in ('{"weight_map": {"a": "../b"}}', "{}", "[]", '{"weight_map": {"a": 3}}'):
        (parts / "model.safetensors.index.json").write_text(content)
        with pytest.raises(InputError, match=r"index\.json: expected a weight_map"):
            _vectors(parts, "roberta")


def test_every_file_of_weights_is_in_the_hash(tmp_path: pathlib.Path) -> None:
    (path := tmp_path / "1").write_bytes(b"one")
    (other := tmp_path / "2").write_bytes(b"two")
    assert saved_encoder.weights_hash([path]) == hashlib.sha256(b"one").hexdigest()
    hashes = {saved_encoder.weights_hash(paths) for paths in ([path], [other], [path, other], [other, path])}
    other.write_bytes(b"three")
    assert len({*hashes, saved_encoder.weights_hash([path, other])}) == 5


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("distilbert", {"activation": "silu"}, "activation is 'silu', expected gelu or gelu_new or relu"),
        ("distilbert", {"dim": 25}, r"dim is 25, expected a multiple of n_heads \(3\)"),
        ("distilbert", {"attention_dropout": 1.5}, "attention_dropout is 1.5, expected a number from 0, be"),
        ("electra", {"position_embedding_type": "relative_key"}, "is 'relative_key', expected absolute"),
        ("electra", {"embedding_size": "small"}, "embedding_size is 'small', expected a whole number from 1"),
        ("roberta", {"is_decoder": True}, "is_decoder is True, expected False"),
        ("roberta", {"pad_token_id": -1}, "pad_token_id is -1, expected a whole number from 0"),
        ("roberta", {"max_position_embeddings": 9}, "embeddings is 9, expected a whole number from 10"),
        ("deberta_v3", {"pos_att_type": "c2p|p2p"}, r"pos_att_type is 'c2p\|p2p', expected any of c2p, p2c"),
        (
            "deberta_v3",
            {"norm_rel_ebd": "batch"},
            "norm_rel_ebd is 'batch', expected any of layer_norm, none",
        ),
        ("deberta_v3", {"attention_head_size": 4}, "attention_head_size is 4, expected 8"),
        (
            "deberta_v3",
            {"position_buckets": 300},
            "position_buckets is 300, expected -1 or a number from 2, ",
        ),
        ("deberta_v2_xlarge", {"conv_groups": 2}, "conv_groups is 2, expected 1"),
        ("deberta_v2_xlarge", {"conv_kernel_size": 4}, "conv_kernel_size is 4, expected 0 or an odd number"),
        ("deberta_v2_xlarge", {"conv_act": "silu"}, "conv_act is 'silu', expected tanh or gelu"),
        ("modernbert", {"layer_types": ["full_attention"]}, "layer_types is .*, expected full_attention or "),
        ("modernbert", {"num_attention_heads": 8}, "num_attention_heads is 8, expected heads of an even"),
        ("modernbert", {"hidden_activation": "silu"}, "hidden_activation is 'silu', expected gelu"),
        (
            "modernbert",
            {"rope_parameters": {"full_attention": {"rope_type": "yarn"}}},
            "rope_parameters is .*yarn.*, expected rope_type default for full_attention",
        ),
        ("modernbert", {"rope_parameters": "yarn"}, "rope_parameters is 'yarn', expected rope_type default"),
        ("modernbert", {"rope_scaling": {"type": "ntk"}}, "rope_scaling is .*ntk.*, expected None"),
    ],
)
def test_unsupported_values(name: str, values: dict[str, Any], message: str, tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match=rf"config\.json: .*{message}") as error:
        architectures.read(write(tmp_path, name, **values))
    assert "\n" not in str(error.value)


def test_older_values_of_modernbert(tmp_path: pathlib.Path) -> None:
    """Before transformers 5: no lists, but rules."""
    assert (
        fixture("modernbert_biases")["config"]["rope_parameters"]["sliding_attention"]["rope_theta"] == 160000
    )
    expected = _vectors(write(tmp_path, "modernbert_biases"), "modernbert_biases")
    older: dict[str, Any] = {
        "layer_types": None,
        "global_attn_every_n_layers": 2,
        "rope_parameters": None,
        "local_rope_theta": 160000.0,
        "global_rope_theta": 160000.0,
    }
    actual = _vectors(write(tmp_path, "modernbert_biases", **older), "modernbert_biases")
    np.testing.assert_array_equal(actual, expected)
