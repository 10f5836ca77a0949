"""ELMo, against another implementation's output and against NumPy."""

from __future__ import annotations

import copy
import json
import pathlib
from typing import Any

import elmo_files
import h5py
import hypothesis
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import strategies

from jner_re.encoders import architectures, elmo, module, saved_encoder
from jner_re.encoders.elmo import Elmo
from jner_re.errors import InputError

ODD = ["", "é" * 100, "x" * 200, "😀", "e\u0301", b"\xff\xfe\x00\x80", "\0", " "]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return elmo_files.write(tmp_path_factory.mktemp("elmo"))


@pytest.fixture(scope="module")
def encoder(folder: pathlib.Path) -> Elmo:
    return elmo.read(folder)


def padded(sentences: list[list[Any]], more: int = 0) -> tuple[tf.Tensor, tf.Tensor]:
    steps = max(map(len, sentences)) + more
    rows = [[*tokens, *[""] * (steps - len(tokens))] for tokens in sentences]
    tokens = tf.reshape(tf.constant(rows, tf.string), [len(rows), steps])
    return tokens, tf.constant([len(tokens) for tokens in sentences])


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def in_numpy(options: dict[str, Any], weights: dict[str, np.ndarray], words: list[bytes]) -> np.ndarray:
    """The layers [T, L, D] of a sentence, character by character, step by step, in float64."""
    arrays = {name: values.astype(np.float64) for name, values in weights.items()}
    begin, end, word_begin, word_end, padding = 256, 257, 258, 259, 260
    vectors = []
    for chars in ([begin], *([*word[:48]] for word in words), [end]):
        ids = [word_begin, *chars, word_end]
        embedded = arrays["char_embed"][ids + [padding] * (50 - len(ids))]
        features = []
        for i, (size, number) in enumerate(options["char_cnn"]["filters"]):
            kernel, bias = arrays[f"CNN/W_cnn_{i}"][0], arrays[f"CNN/b_cnn_{i}"]
            places = [np.einsum("ij,ijk->k", embedded[t : t + size], kernel) + bias for t in range(51 - size)]
            features += np.maximum(np.max(places, axis=0), 0).tolist()
            assert len(bias) == number
        x = np.array(features)
        for i in range(options["char_cnn"]["n_highway"]):
            carry = sigmoid(x @ arrays[f"CNN_high_{i}/W_carry"] + arrays[f"CNN_high_{i}/b_carry"])
            new = x @ arrays[f"CNN_high_{i}/W_transform"] + arrays[f"CNN_high_{i}/b_transform"]
            x = carry * np.maximum(new, 0) + (1 - carry) * x
        vectors.append(x @ arrays["CNN_proj/W_proj"] + arrays["CNN_proj/b_proj"])
    lstm = options["lstm"]
    layers = [np.array(vectors)] * 2, [], []
    for direction in (0, 1):
        inputs = vectors[:: 1 - 2 * direction]
        for layer in range(2):
            place = f"RNN_{direction}/RNN/MultiRNNCell/Cell{layer}/LSTMCell"
            cell, state, outputs = np.zeros(lstm["dim"]), np.zeros(lstm["projection_dim"]), []
            for x in inputs:
                gates = np.concatenate([x, state]) @ arrays[f"{place}/W_0"] + arrays[f"{place}/B"]
                i, c, f, o = np.split(gates, 4)
                cell = sigmoid(f + 1) * cell + sigmoid(i) * np.tanh(c)
                cell = np.clip(cell, -lstm["cell_clip"], lstm["cell_clip"])
                state = (sigmoid(o) * np.tanh(cell)) @ arrays[f"{place}/W_P_0"]
                state = np.clip(state, -lstm["proj_clip"], lstm["proj_clip"])
                outputs.append(state + x if lstm["use_skip_connections"] and layer else state)
            layers[1 + layer].append(np.array(outputs)[:: 1 - 2 * direction])
            inputs = outputs
    return np.stack([np.concatenate(both, -1)[1:-1] for both in layers], axis=1)


@pytest.mark.parametrize("skip", [True, False])
def test_equals_numpy(tmp_path: pathlib.Path, skip: bool) -> None:
    options = copy.deepcopy(elmo_files.OPTIONS)
    options["lstm"]["use_skip_connections"] = skip
    weights = elmo_files.arrays(options)
    sentences = [["Rome", "is", "é" * 40], ["x" * 200, "\0", "😀", "a"], ["one"]]
    encoder = elmo.read(elmo_files.write(tmp_path, options, weights))
    layers = encoder.tokens(*padded(sentences))["layers"]
    for b, words in enumerate(sentences):
        expected = in_numpy(options, weights, [word.encode() for word in words])
        np.testing.assert_allclose(layers[b, : len(words)], expected, atol=2e-6)
        assert not np.any(layers[b, len(words) :])


def test_equals_the_reference(shared: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """Of list 0, whose reference carried the LSTMs' states from batch to batch (sentence i of each list)."""
    source = shared / "elmo_fixture"
    (tmp_path / "options.json").write_bytes((source / "options.json").read_bytes())
    (tmp_path / "weights.hdf5").write_bytes((source / "lm_weights.hdf5").read_bytes())
    encoder = elmo.read(tmp_path)
    lists = [[s.split() for s in part] for part in json.loads((source / "sentences.json").read_text())]
    first = encoder.tokens(*padded([part[0] for part in lists]))
    assert np.isfinite(first["layers"]).all()
    states = None
    with h5py.File(source / "lm_embeddings_0.hdf5") as references:
        for i in range(10):
            batch = [part[i] for part in lists]
            _, contexts, states = encoder.states(*padded(batch), states)
            top = contexts[-1][0, : len(batch[0])]
            expected = np.concatenate(list(references[str(i)][()]), axis=-1)
            assert np.allclose(top, expected, rtol=1e-5, atol=1e-6), i
            if i == 0:
                assert np.allclose(first["lstm_outputs2"][0, : len(batch[0])], expected, rtol=1e-5, atol=1e-6)


words = strategies.sampled_from([*ODD[1:], "Rome", "is", "old", "."]) | strategies.binary(
    min_size=1, max_size=60
)


@hypothesis.given(
    strategies.lists(strategies.lists(words, max_size=7), min_size=1, max_size=4), strategies.integers(0, 3)
)
@hypothesis.settings(max_examples=40)
def test_neighbours_order_and_padding_change_nothing(
    encoder: Elmo, sentences: list[list[Any]], more: int
) -> None:
    together = encoder.tokens(*padded(sentences, more))["layers"].numpy()
    reverse = encoder.tokens(*padded(sentences[::-1]))["layers"].numpy()[::-1]
    for b, words in enumerate(sentences):
        length = len(words)
        alone = encoder.tokens(*padded([words]))["layers"].numpy()[0]
        np.testing.assert_allclose(together[b, :length], alone, rtol=0, atol=1e-6)
        np.testing.assert_allclose(reverse[b, :length], alone, rtol=0, atol=1e-6)
        assert not together[b, length:].any() and not reverse[b, length:].any()


def test_odd_tokens_and_lengths(encoder: Elmo) -> None:
    tokens = tf.constant([ODD, ["a"] * len(ODD)])
    layers = encoder.tokens(tokens, tf.constant([len(ODD), 99]))["layers"].numpy()
    assert np.isfinite(layers).all() and layers.shape == (2, len(ODD), 3, 10)
    cut = encoder.tokens(tf.constant([["x" * 48, "x" * 200]]), tf.constant([2]))["word_emb"].numpy()
    np.testing.assert_allclose(cut[0, 0], cut[0, 1], atol=1e-6)  # 48 bytes of a word are read
    assert encoder.tokens(tf.zeros([0, 0], tf.string), tf.zeros([0], tf.int32))["layers"].shape == (
        0,
        0,
        3,
        10,
    )
    assert encoder.tokens(tf.fill([2, 0], ""), tf.zeros([2], tf.int32))["default"].shape == (2, 10)


def test_google_elmos_outputs(encoder: Elmo) -> None:
    found = encoder.tokens(*padded([["Rome", "is", "old"], ["Rome"]]))
    layers = found["layers"].numpy()
    np.testing.assert_array_equal(found["word_emb"], layers[:, :, 0, :5])
    np.testing.assert_array_equal(found["word_emb"], layers[:, :, 0, 5:])
    for name, layer in (("lstm_outputs1", 1), ("lstm_outputs2", 2)):
        np.testing.assert_array_equal(found[name], layers[:, :, layer])
    np.testing.assert_allclose(found["elmo"], layers.mean(axis=2), atol=1e-6)
    means = [layers[0].mean(axis=(0, 1)), layers[1, :1].mean(axis=(0, 1))]
    np.testing.assert_allclose(found["default"], means, atol=1e-6)
    split = encoder.default(tf.constant(["Rome is  old", "Rome ", ""]))
    np.testing.assert_allclose(split["elmo"][:2], found["elmo"], atol=1e-6)
    assert not np.any(split["default"][2])


def test_a_hub_module(folder: pathlib.Path, encoder: Elmo, tmp_path: pathlib.Path) -> None:
    import tensorflow_hub as hub

    output = tmp_path / "module"
    assert architectures.is_checkpoint(folder)
    saved_encoder.convert(folder, output, "tiny")
    sentences = padded([["Rome", "is", "old"], ["Rome"]])
    expected = encoder.tokens(*sentences)
    loaded = hub.load(str(output)).signatures["tokens"](tokens=sentences[0], sequence_len=sentences[1])
    assert loaded.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(loaded[name], values, atol=1e-6)
    layer = hub.KerasLayer(str(output), signature="default", output_key="default")
    np.testing.assert_allclose(layer(tf.constant(["Rome is old", "Rome"])), expected["default"], atol=1e-6)
    frozen = module.load(str(output))
    assert (frozen.num_layers, frozen.width) == (3, 10)
    np.testing.assert_allclose(frozen.encode(*sentences), expected["layers"], atol=1e-6)


def change(options: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    options = copy.deepcopy(options)
    *sections, name = path.split(".")
    place = options
    for section in sections:
        place = place[section]
    place[name] = value
    return options


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("lstm.dim", "many", "lstm.dim is 'many', expected a whole number of at least 1"),
        (
            "lstm.dim",
            8,
            r"W_0 is float32 \(10, 28\), expected floats of shape \(10, 32\), as the options say",
        ),
        ("lstm.peepholes", True, "lstm.peepholes is an unknown option, expected cell_clip, "),
        ("surprise", 1, "surprise is an unknown option"),
        ("lstm", [], r"lstm is \[\], expected an object"),
        ("lstm.cell_clip", -1, "lstm.cell_clip is -1, expected a positive number or null"),
        ("lstm.use_skip_connections", None, "use_skip_connections is None, expected true or false"),
        ("char_cnn.activation", "gelu", "char_cnn.activation is 'gelu', expected relu or tanh"),
        ("char_cnn.filters", [[1]], r"char_cnn.filters is \[\[1\]\], expected a list of \[width"),
        ("char_cnn.filters", [[1, 4], [2, 3]], r"weights.hdf5: CNN_high_0/W_carry is float32 \(9, 9\)"),
        ("char_cnn.n_highway", 1, "has CNN_high_1/W_carry, .* for which the options have no place"),
        ("char_cnn.n_highway", 3, "has no array CNN_high_2/W_carry, expected one of shape"),
        ("char_cnn.n_characters", 500, "char_cnn.n_characters is 500, expected 261 or 262"),
        ("char_cnn.max_characters_per_token", 20, "max_characters_per_token is 20, expected 50"),
    ],
)
def test_options_that_do_not_fit(
    folder: pathlib.Path, tmp_path: pathlib.Path, path: str, value: Any, message: str
) -> None:
    (tmp_path / "weights.hdf5").write_bytes((folder / "weights.hdf5").read_bytes())
    (tmp_path / "options.json").write_text(json.dumps(change(elmo_files.OPTIONS, path, value)))
    with pytest.raises(InputError, match=message):
        elmo.read(tmp_path)


def test_weights_that_are_damaged(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "options.json").write_bytes((folder / "options.json").read_bytes())
    with pytest.raises(InputError, match=r"weights.hdf5: no such file"):
        elmo.read(tmp_path)
    content = (folder / "weights.hdf5").read_bytes()
    for damaged in (content[: len(content) // 2], b"", b"<html>"):
        (tmp_path / "weights.hdf5").write_bytes(damaged)
        with pytest.raises(InputError, match=r"weights.hdf5: can't be read as HDF5"):
            elmo.read(tmp_path)
    whole = elmo_files.arrays(elmo_files.OPTIONS)
    elmo_files.write(tmp_path, weights={**whole, "CNN/b_cnn_0": np.zeros([4], np.int32)})
    with pytest.raises(InputError, match=r"CNN/b_cnn_0 is int32 \(4,\), expected floats of shape \(4,\)"):
        elmo.read(tmp_path)
