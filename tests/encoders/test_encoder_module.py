"""Loading encoders: one interface, whatever they are."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import types
from collections.abc import Iterator

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub
import tf_keras as keras
from tensorflow.core.protobuf import saved_model_pb2, trackable_object_graph_pb2

from jner_re.assets import catalogue, download
from jner_re.assets.entry import Entry
from jner_re.assets.sources import File
from jner_re.encoders import architectures, checkpoint_source, module, saved_encoder
from jner_re.errors import InputError

_FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "encoders"
_TOKENS = [["The", "mayor", "resigned"], ["Rain", "", ""]]
_LENGTHS = [3, 1]
_NAMES = {
    "_attention_input",
    "_attention_norm",
    "_attention_output",
    "_bias",
    "_blocks",
    "_contraction",
    "_expansion",
    "_kernel",
    "_norm",
    "_offset",
    "_output_norm",
    "_position_embeddings",
    "_scale",
    "_subword_embeddings",
    "_tokenizer",
    "_transformer",
    "_wordpiece",
}
_TEXT_OPS = {"FastWordpieceTokenizeWithOffsets", "NormalizeUTF8"}


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """An empty cache, in which checksums are remembered."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("JNER_RE_CACHE", str(folder))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A tiny BERT as an encoder."""
    output = tmp_path_factory.mktemp("encoders") / "tiny"
    saved_encoder.convert(_FIXTURES / "tiny_bert", output, "tiny")
    return output


@pytest.fixture(scope="module")
def encoder(folder: pathlib.Path) -> module.Encoder:
    return module.load(str(folder))


@pytest.fixture(scope="module")
def expected(encoder: module.Encoder) -> np.ndarray:
    return encoder.encode(tf.constant(_TOKENS), tf.constant(_LENGTHS)).numpy()


class TestContract:
    def test_sizes(self, encoder: module.Encoder, expected: np.ndarray) -> None:
        assert (encoder.num_layers, encoder.width) == (3, 32)
        assert expected.shape == (2, 3, 3, 32)
        assert expected.dtype == np.float32
        assert expected[0].any(axis=(1, 2)).all()
        assert not expected[1, 1:].any()

    def test_in_a_graph(self, encoder: module.Encoder, expected: np.ndarray) -> None:
        encode = tf.function(encoder.encode)
        np.testing.assert_allclose(encode(tf.constant(_TOKENS), tf.constant(_LENGTHS)), expected, atol=1e-6)

    def test_in_a_functional_model(self, encoder: module.Encoder, expected: np.ndarray) -> None:
        tokens = keras.Input([None], dtype=tf.string)
        lengths = keras.Input([], dtype=tf.int64)
        model = keras.Model([tokens, lengths], encoder.encode(tokens, lengths))
        assert model.output_shape == (None, None, 3, 32)
        assert model.trainable_variables == []
        np.testing.assert_allclose(
            model([tf.constant(_TOKENS), tf.constant(_LENGTHS, tf.int64)]), expected, atol=1e-6
        )

    def test_in_another_saved_model(
        self, encoder: module.Encoder, expected: np.ndarray, tmp_path: pathlib.Path
    ) -> None:
        class Outer(tf.Module):
            def __init__(self) -> None:
                super().__init__()
                self.encoder = encoder

            @tf.function(input_signature=[tf.TensorSpec([None, None], tf.string)])
            def encode(self, tokens: tf.Tensor) -> tf.Tensor:
                return self.encoder.encode(tokens, tf.reduce_sum(tf.cast(tokens != "", tf.int32), axis=1))

        outer = Outer()
        tf.saved_model.save(outer, str(tmp_path), signatures=outer.encode)
        loaded = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
        (layers,) = loaded(tf.constant(_TOKENS)).values()
        np.testing.assert_allclose(layers, expected, atol=1e-6)

    def test_hub_keras_layer(self, folder: pathlib.Path, expected: np.ndarray) -> None:
        layer = hub.KerasLayer(str(folder), signature="tokens", output_key="layers")
        inputs = {"tokens": tf.constant(_TOKENS), "sequence_len": tf.constant(_LENGTHS)}
        np.testing.assert_allclose(layer(inputs), expected, atol=1e-6)

    def test_core_and_text_ops_only(self, tmp_path: pathlib.Path) -> None:
        saved_encoder.convert(_FIXTURES / "tiny_mpnet", tmp_path / "uncased", "tiny")
        content = (tmp_path / "uncased" / "saved_model.pb").read_bytes()
        saved = saved_model_pb2.SavedModel.FromString(content)
        (graph,) = [meta.graph_def for meta in saved.meta_graphs]
        nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
        used = {node.op for node in nodes} - {function.signature.name for function in graph.library.function}
        assert {op for op in used if not hasattr(tf.raw_ops, op)} == _TEXT_OPS
        assert not any("PyFunc" in op for op in used)


class TestFingerprint:
    def test_equal_for_equal_content(self, encoder: module.Encoder, tmp_path: pathlib.Path) -> None:
        saved_encoder.convert(_FIXTURES / "tiny_bert", tmp_path / "again", "another name")
        assert module.load(str(tmp_path / "again")).fingerprint == encoder.fingerprint

    def test_what_attributes_are_called_stays(self, folder: pathlib.Path) -> None:
        # The names are in the file of the variables: with another one, trained models would not know it.
        reader = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
        graph = trackable_object_graph_pb2.TrackableObjectGraph.FromString(
            reader.get_tensor("_CHECKPOINTABLE_OBJECT_GRAPH")
        )
        names = {child.local_name for node in graph.nodes for child in node.children}
        assert {name for name in names if name.startswith("_")} == _NAMES

    def test_differs_with_pooling(self, encoder: module.Encoder, tmp_path: pathlib.Path) -> None:
        saved_encoder.convert(_FIXTURES / "tiny_bert", tmp_path / "first", "tiny", "first")
        assert module.load(str(tmp_path / "first")).fingerprint != encoder.fingerprint

    @pytest.mark.parametrize("change", ["weights", "epsilon", "casing"])
    def test_differs_with_the_checkpoint(
        self, encoder: module.Encoder, tmp_path: pathlib.Path, change: str
    ) -> None:
        checkpoint = tmp_path / "checkpoint"
        shutil.copytree(_FIXTURES / "tiny_bert", checkpoint)
        if change == "weights":
            content = bytearray((checkpoint / "model.safetensors").read_bytes())
            content[-1] ^= 1
            (checkpoint / "model.safetensors").write_bytes(content)
        else:
            file, key = (
                ("config", "layer_norm_eps") if change == "epsilon" else ("tokenizer_config", "do_lower_case")
            )
            path = checkpoint / f"{file}.json"
            path.write_text(
                json.dumps({**json.loads(path.read_text()), key: 0.1 if change == "epsilon" else True})
            )
        saved_encoder.convert(checkpoint, tmp_path / "output", "tiny")
        assert module.load(str(tmp_path / "output")).fingerprint != encoder.fingerprint

    def test_of_another_module(self, tmp_path: pathlib.Path) -> None:
        elmo = _Elmo()
        tf.saved_model.save(elmo, str(tmp_path / "one"), signatures={"tokens": elmo.tokens})
        shutil.copytree(tmp_path / "one", tmp_path / "copy")
        one, copy = (module.load(str(tmp_path / name)).fingerprint for name in ("one", "copy"))
        assert one == copy
        (tmp_path / "copy" / "assets" / "vocabulary.txt").write_text("a")
        assert module.load(str(tmp_path / "copy")).fingerprint != one

    def test_files_that_were_not_touched_are_not_read_again(
        self, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = module.load(str(folder)).fingerprint
        with monkeypatch.context() as patch:
            patch.setattr(download, "sha256_of", None)
            assert module.load(str(folder)).fingerprint == first

    def test_a_touched_file_is_read_again(self, folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
        copy = tmp_path / "copy"
        shutil.copytree(folder, copy)
        first = module.load(str(copy)).fingerprint
        weights = next((copy / "variables").glob("*.data-*"))
        content = bytearray(weights.read_bytes())
        content[-1] ^= 1
        weights.write_bytes(content)
        os.utime(weights, (1, 1))
        assert module.load(str(copy)).fingerprint != first

    def test_a_cache_that_cannot_be_written(self, folder: pathlib.Path, cache: pathlib.Path) -> None:
        expected = module.load(str(folder)).fingerprint
        shutil.rmtree(cache)
        cache.write_text("")
        assert module.load(str(folder)).fingerprint == expected


class TestLoading:
    """A SavedModel is loaded when it is first needed."""

    @pytest.fixture
    def loaded(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The folders that were loaded."""
        folders: list[str] = []
        load = hub.load

        def record(handle: str) -> tf.Module:
            folders.append(handle)
            return load(handle)

        monkeypatch.setattr(hub, "load", record)
        return folders

    def test_not_for_sizes_and_fingerprint(self, folder: pathlib.Path, loaded: list[str]) -> None:
        encoder = module.load(str(folder))
        assert (encoder.num_layers, encoder.width, len(encoder.fingerprint)) == (3, 32, 64)
        assert loaded == []

    def test_once(self, folder: pathlib.Path, loaded: list[str], expected: np.ndarray) -> None:
        encoder = module.load(str(folder))
        for _ in range(2):
            layers = encoder.encode(tf.constant(_TOKENS), tf.constant(_LENGTHS))
            np.testing.assert_array_equal(layers, expected)
        assert loaded == [str(folder)]

    def test_inside_a_graph(self, folder: pathlib.Path, loaded: list[str], expected: np.ndarray) -> None:
        encoder = module.load(str(folder))
        for _ in range(2):
            layers = tf.function(encoder.encode)(tf.constant(_TOKENS), tf.constant(_LENGTHS))
            np.testing.assert_allclose(layers, expected, atol=1e-6)
        assert loaded == [str(folder)]

    def test_in_a_functional_model_that_is_saved(
        self, folder: pathlib.Path, expected: np.ndarray, tmp_path: pathlib.Path
    ) -> None:
        tokens = keras.Input([None], dtype=tf.string)
        lengths = keras.Input([], dtype=tf.int64)
        model = keras.Model([tokens, lengths], module.load(str(folder)).encode(tokens, lengths))
        model.export(str(tmp_path / "model"))
        loaded = tf.saved_model.load(str(tmp_path / "model"))
        layers = loaded.serve([tf.constant(_TOKENS), tf.constant(_LENGTHS, tf.int64)])
        np.testing.assert_allclose(layers, expected, atol=1e-6)

    def test_while_another_module_is_saved(
        self, folder: pathlib.Path, expected: np.ndarray, tmp_path: pathlib.Path
    ) -> None:
        outer = tf.Module()
        outer.encoder = module.load(str(folder))
        specs = [tf.TensorSpec([None, None], tf.string), tf.TensorSpec([None], tf.int32)]
        encode = tf.function(lambda tokens, lengths: outer.encoder.encode(tokens, lengths), specs)
        tf.saved_model.save(outer, str(tmp_path), signatures=encode)
        loaded = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
        (layers,) = loaded(tokens=tf.constant(_TOKENS), lengths=tf.constant(_LENGTHS)).values()
        np.testing.assert_allclose(layers, expected, atol=1e-6)

    def test_errors_come_when_it_is_needed(self, folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
        shutil.copy(folder / saved_encoder.DESCRIPTION, tmp_path)
        (tmp_path / "saved_model.pb").write_bytes(b"nonsense")
        encoder = module.load(str(tmp_path))
        assert encoder.width == 32
        for _ in range(2):
            with pytest.raises(InputError, match="can't be loaded as a SavedModel"):
                encoder.encode(tf.constant(_TOKENS), tf.constant(_LENGTHS))
        with pytest.raises(InputError, match="can't be loaded as a SavedModel"):
            encoder.load_now()

    def test_description_of_another_shape(self, folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
        (tmp_path / "saved_model.pb").write_bytes(b"nonsense")
        (tmp_path / saved_encoder.DESCRIPTION).write_text("[]")
        with pytest.raises(InputError, match=r"encoder\.json: is list, expected a JSON object"):
            module.load(str(tmp_path))


class _Elmo(tf.Module):
    """A module with google/elmo's outputs, which don't vanish past the length."""

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.string), tf.TensorSpec([None], tf.int32)])
    def tokens(self, tokens: tf.Tensor, sequence_len: tf.Tensor) -> dict[str, tf.Tensor]:
        size = tf.cast(tf.strings.length(tokens) + 1, tf.float32)[:, :, tf.newaxis]
        lengths = tf.cast(sequence_len, tf.float32)
        return {
            "word_emb": size * tf.constant([1.0, 2.0]),
            "lstm_outputs1": size * tf.constant([3.0, 4.0, 5.0, 6.0]),
            "lstm_outputs2": size * tf.constant([7.0, 8.0, 9.0, 10.0]),
            "default": lengths[:, tf.newaxis],
        }


def test_elmo_outputs(tmp_path: pathlib.Path) -> None:
    elmo = _Elmo()
    tf.saved_model.save(elmo, str(tmp_path), signatures={"tokens": elmo.tokens})
    encoder = module.load(str(tmp_path))
    assert (encoder.num_layers, encoder.width) == (3, 4)
    actual = encoder.encode(tf.constant([["ab", ""], ["", "abcd"]]), tf.constant([1, 2])).numpy()
    unit = np.array([[1, 2, 1, 2], [3, 4, 5, 6], [7, 8, 9, 10]], np.float32)
    np.testing.assert_array_equal(actual, np.array([[3 * unit, 0 * unit], [1 * unit, 5 * unit]]))


class TestCatalogue:
    @pytest.fixture
    def fetched(self, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> Iterator[list[str]]:
        """A catalogue whose only encoder, "tiny", is the fixture; the names that were fetched."""
        names: list[str] = []
        sha256 = download.sha256_of(_FIXTURES / "tiny_bert" / "model.safetensors")
        entry = Entry("tiny", "", (File("model.safetensors", sha256),), ())

        def fetch(name: str) -> pathlib.Path:
            names.append(name)
            return _FIXTURES / "tiny_bert"

        monkeypatch.setenv("JNER_RE_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(catalogue, "ENCODERS", (entry,))
        monkeypatch.setattr(catalogue, "ENTRIES", (entry, Entry("words", "", (File("x"),), ())))
        monkeypatch.setattr(catalogue, "fetch", fetch)
        yield names

    def test_converts_once(self, fetched: list[str], encoder: module.Encoder) -> None:
        assert checkpoint_source.catalogue_names() == ("tiny",)
        for _ in range(2):
            assert module.load("tiny").fingerprint == encoder.fingerprint
        assert fetched == ["tiny"]

    def test_a_folder_of_that_name_is_another_one(
        self, fetched: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
    ) -> None:
        (tmp_path / "tiny").mkdir()
        (tmp_path / "tiny" / "saved_model.pb").write_bytes(b"nonsense")
        monkeypatch.chdir(tmp_path)
        assert module.load("tiny").folder == tmp_path / "cache" / "encoders" / "tiny"
        with pytest.raises(InputError, match="can't be loaded as a SavedModel"):
            module.load("./tiny")

    @pytest.mark.parametrize("number", ["format", "graph"])
    def test_converts_again_what_another_version_made(self, fetched: list[str], number: str) -> None:
        path = module.load("tiny").folder / saved_encoder.DESCRIPTION
        path.write_text(json.dumps({**json.loads(path.read_text()), number: 0}))
        module.load("tiny")
        assert fetched == ["tiny", "tiny"]

    def test_cache_that_cannot_be_written(
        self, fetched: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
    ) -> None:
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("JNER_RE_CACHE", str(tmp_path / "file"))
        with pytest.raises(InputError, match="file/encoders: can't be written"):
            module.load("tiny")


class TestArchitectures:
    """An architecture that has neither config.json nor subwords, in a module of its own."""

    @pytest.fixture
    def checkpoint(self, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> pathlib.Path:
        class Lengths(tf.Module):
            """A word's length in bytes, as both of two numbers of one layer."""

            def __init__(self, folder: pathlib.Path) -> None:
                super().__init__()
                self.num_layers, self.width = 1, 2
                self.lowercase = False
                self.weights_files = (folder / "weights",)
                self.settings = ("lengths", 2)
                self.vocabulary = None

            @property  # tf.saved_model.save takes no attribute of that name
            def signatures(self) -> dict[str, tf.types.experimental.GenericFunction]:
                return {"tokens": self.tokens}

            @tf.function(
                input_signature=[
                    tf.TensorSpec([None, None], tf.string, "tokens"),
                    tf.TensorSpec([None], tf.int32, "sequence_len"),
                ]
            )
            def tokens(self, tokens: tf.Tensor, sequence_len: tf.Tensor) -> dict[str, tf.Tensor]:
                mask = tf.sequence_mask(sequence_len, tf.shape(tokens)[1], tf.float32)
                sizes = tf.cast(tf.strings.length(tokens), tf.float32) * mask
                return {"layers": sizes[:, :, None, None] * tf.ones([1, 2])}

        architecture = types.SimpleNamespace(
            NAME="lengths",
            reads=lambda folder: (folder / "lengths.json").exists(),
            read=lambda folder, pooling="mean": Lengths(folder),
        )
        monkeypatch.setattr(architectures, "ARCHITECTURES", (*architectures.ARCHITECTURES, architecture))
        folder = tmp_path / "checkpoint"
        folder.mkdir()
        for name in ("lengths.json", "weights"):
            (folder / name).write_text("{}")
        return folder

    def test_takes_one_module(self, checkpoint: pathlib.Path, tmp_path: pathlib.Path) -> None:
        saved_encoder.convert(checkpoint, tmp_path / "output", "lengths")
        encoder = module.load(str(tmp_path / "output"))
        assert module.load(str(checkpoint)).fingerprint == encoder.fingerprint
        assert (encoder.num_layers, encoder.width) == (1, 2)
        layers = encoder.encode(tf.constant([["a", "bcd"], ["e", ""]]), tf.constant([2, 1]))
        assert layers.numpy().tolist() == [[[[1, 1]], [[3, 3]]], [[[1, 1]], [[0, 0]]]]

    def test_of_no_architecture(self, checkpoint: pathlib.Path, tmp_path: pathlib.Path) -> None:
        (checkpoint / "lengths.json").unlink()
        with pytest.raises(
            InputError, match=r"has no config\.json, .*of bert or mpnet or .*modernbert or elmo or lengths"
        ):
            saved_encoder.convert(checkpoint, tmp_path / "output", "lengths")


class TestErrors:
    def test_unknown_name(self) -> None:
        with pytest.raises(InputError, match="encoder is 'bart', expected minilm, mpnet"):
            module.load("bart")

    def test_no_network(self, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
        monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with pytest.raises(InputError, match="can't be fetched"):
            module.load("http://127.0.0.1:9/google/elmo/3")

    def test_broken_saved_model(self, tmp_path: pathlib.Path) -> None:
        (tmp_path / "saved_model.pb").write_bytes(b"nonsense")
        with pytest.raises(InputError, match="can't be loaded as a SavedModel"):
            module.load(str(tmp_path))

    def test_without_the_signature(self, tmp_path: pathlib.Path) -> None:
        elmo = _Elmo()
        tf.saved_model.save(elmo, str(tmp_path), signatures={"default": elmo.tokens})
        with pytest.raises(InputError, match="its signatures are default, expected 'tokens'"):
            module.load(str(tmp_path))

    def test_other_outputs(self, tmp_path: pathlib.Path) -> None:
        class Other(_Elmo):
            @tf.function(
                input_signature=[tf.TensorSpec([None, None], tf.string), tf.TensorSpec([None], tf.int32)]
            )
            def words(self, tokens: tf.Tensor, sequence_len: tf.Tensor) -> dict[str, tf.Tensor]:
                return {"vectors": tf.zeros([1]), "length": sequence_len, "tokens": tokens}

        other = Other()
        tf.saved_model.save(other, str(tmp_path), signatures={"tokens": other.words})
        with pytest.raises(
            InputError, match="outputs length, tokens, vectors, expected 'layers', or word_emb"
        ):
            module.load(str(tmp_path))


class TestConvert:
    def test_description(self, folder: pathlib.Path) -> None:
        description = json.loads((folder / "encoder.json").read_text())
        assert description["name"] == "tiny"
        assert (description["layers"], description["width"], description["pooling"]) == (3, 32, "mean")
        assert description["lowercase"] is False
        assert len(description["sha256"]) == 64

    def test_leaves_nothing_beside(self, folder: pathlib.Path) -> None:
        assert os.listdir(folder.parent) == ["tiny"]

    def test_replaces_an_encoder_but_nothing_else(self, tmp_path: pathlib.Path) -> None:
        saved_encoder.convert(_FIXTURES / "tiny_bert", tmp_path / "output", "one")
        saved_encoder.convert(_FIXTURES / "tiny_mpnet", tmp_path / "output", "two")
        assert json.loads((tmp_path / "output" / "encoder.json").read_text())["name"] == "two"
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "letter.txt").write_text("dear")
        (tmp_path / "file").write_text("dear")
        for name in ("mine", "file"):
            with pytest.raises(InputError, match=f"{name}: is in use"):
                saved_encoder.convert(_FIXTURES / "tiny_bert", tmp_path / name, "tiny")
        assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"

    def test_more_subwords_than_embeddings(self, tmp_path: pathlib.Path) -> None:
        checkpoint = tmp_path / "checkpoint"
        shutil.copytree(_FIXTURES / "tiny_bert", checkpoint)
        with (checkpoint / "vocab.txt").open("a") as file:
            file.write("onemore\n")
        with pytest.raises(InputError, match=r"vocab\.txt: has \d+ lines, expected at most vocab_size"):
            saved_encoder.convert(checkpoint, tmp_path / "output", "tiny")
        assert os.listdir(tmp_path) == ["checkpoint"]

    def test_failure_leaves_what_was_there(
        self, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        saved_encoder.convert(_FIXTURES / "tiny_bert", tmp_path / "output", "one")

        def fail(*args: object, **kwargs: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(tf.saved_model, "save", fail)
        with pytest.raises(InputError, match="output: can't be written: No space left"):
            saved_encoder.convert(_FIXTURES / "tiny_mpnet", tmp_path / "output", "two")
        assert os.listdir(tmp_path) == ["output"]
        assert module.load(str(tmp_path / "output")).num_layers == 3
