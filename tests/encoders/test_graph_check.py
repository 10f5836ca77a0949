"""SavedModels of strangers: what does more than compute is refused before TensorFlow runs anything of it."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

import jner_re
from jner_re.encoders import graph_check, module
from jner_re.errors import InputError

TOKENS = tf.TensorSpec([None, None], tf.string, "tokens")
LENGTHS = tf.TensorSpec([None], tf.int32, "sequence_len")
EVIL = "evil"  # a file in the test's folder


def save(folder: pathlib.Path, act: Callable[[tf.Tensor], Any], **parts: Any) -> pathlib.Path:
    """Writes an encoder that does something beside encoding."""

    def encode(tokens: tf.Tensor, sequence_len: tf.Tensor) -> dict[str, tf.Tensor]:
        act(tokens)
        return {"layers": tf.zeros([*tf.unstack(tf.shape(tokens)), 1, 1])}

    encoder = tf.Module()
    encoder.tokens = tf.function(encode, input_signature=[TOKENS, LENGTHS], autograph=False)
    encoder.parts = list(parts.values())
    tf.saved_model.save(encoder, str(folder), signatures={"tokens": encoder.tokens})
    return folder


def table(words: str | tf.saved_model.Asset) -> tf.lookup.StaticVocabularyTable:
    return tf.lookup.StaticVocabularyTable(
        tf.lookup.TextFileInitializer(
            words,
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        ),
        1,
    )


def in_function(act: Callable[[tf.Tensor], Any]) -> Callable[[tf.Tensor], Any]:
    """As a part of a loop in a function, where an op is not in the graph itself."""
    inner = tf.function(
        lambda tokens: tf.while_loop(lambda i: i < 1, lambda i: (act(tokens), i + 1)[1:], [0]),
        autograph=False,
    )
    return lambda tokens: inner(tokens)


def write_checkpoint(_: tf.Tensor) -> None:
    tf.raw_ops.SaveV2(prefix=EVIL, tensor_names=["a"], shape_and_slices=[""], tensors=[1.0])


def read_checkpoint(_: tf.Tensor) -> None:
    tf.raw_ops.RestoreV2(prefix=EVIL, tensor_names=["a"], shape_and_slices=[""], dtypes=[tf.float32])


def move_checkpoint(_: tf.Tensor) -> None:
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=[EVIL], destination_prefix=EVIL)


def read_descriptor(tokens: tf.Tensor) -> None:
    tf.raw_ops.DecodeProtoV2(
        bytes=tokens, message_type="x", field_names=["a"], output_types=[tf.string], descriptor_source=EVIL
    )


@pytest.mark.parametrize(
    ("op", "act"),
    [
        ("WriteFile", lambda tokens: tf.io.write_file(EVIL, tokens[0, 0])),
        ("ReadFile", lambda _: tf.io.read_file("/etc/passwd")),
        ("MatchingFiles", lambda _: tf.io.matching_files("/*")),
        ("EagerPyFunc", lambda _: tf.py_function(lambda: 1.0, [], tf.float32)),
        ("PyFunc", lambda _: tf.numpy_function(lambda: 1.0, [], tf.float32)),
        ("PrintV2", lambda tokens: tf.print(tokens, output_stream=f"file://{EVIL}")),
        ("Abort", lambda _: tf.raw_ops.Abort()),
        ("TextLineDataset", lambda _: tf.data.TextLineDataset("/etc/passwd").reduce("", lambda a, b: a + b)),
        (
            "DebugIdentityV2",
            lambda tokens: tf.raw_ops.DebugIdentityV2(input=tokens, debug_urls=[f"file://{EVIL}"]),
        ),
        ("SaveV2", write_checkpoint),
        ("RestoreV2", read_checkpoint),
        ("MergeV2Checkpoints", move_checkpoint),
        ("DecodeProtoV2", read_descriptor),
    ],
)
def test_graphs_that_reach_outside(
    op: str, act: Callable[[tf.Tensor], Any], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = save(tmp_path / "model", in_function(act))
    for load in (module.load, jner_re.load):
        with pytest.raises(InputError, match=rf"model: its graph has .*{op}.*, expected ops that only"):
            load(str(folder))
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_what_runs_when_a_model_is_loaded(tmp_path: pathlib.Path) -> None:
    """A TF1 SavedModel names an op that loading runs: TensorFlow runs it, we don't get so far."""
    evil, folder = tmp_path / EVIL, tmp_path / "model"
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        tokens = v1.placeholder(tf.string, [None, None])
        outputs = {"layers": tf.zeros([*tf.unstack(tf.shape(tokens)), 1, 1])}
        signature = v1.saved_model.predict_signature_def({"tokens": tokens}, outputs)
        builder = v1.saved_model.Builder(str(folder))
        runs = tf.io.write_file(str(evil), "ran")
        builder.add_meta_graph_and_variables(session, ["serve"], {"tokens": signature}, main_op=runs)
        builder.save()
    with pytest.raises(InputError, match="its graph has WriteFile"):
        module.load(str(folder))
    assert not evil.exists()
    tf.saved_model.load(str(folder))
    assert evil.read_text() == "ran"


def test_a_table_may_be_read_from_an_asset_alone(tmp_path: pathlib.Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("a\nb\n")
    with_asset = table(tf.saved_model.Asset(str(words)))
    good = save(tmp_path / "good", with_asset.lookup, table=with_asset)
    graph_check.check(good)
    encoder = module.load(str(good))
    assert (encoder.num_layers, encoder.width) == (1, 1)
    content = (good / "saved_model.pb").read_bytes()
    (good / "saved_model.pb").write_bytes(re.sub(rb"\x12.words\.txt", b"\x12\x09../ds.txt", content))
    with pytest.raises(InputError, match=r"the asset '\.\./ds\.txt', expected a file in its folder assets"):
        graph_check.check(good)


def test_a_table_of_any_file_is_refused(tmp_path: pathlib.Path) -> None:
    def act(tokens: tf.Tensor) -> None:
        created = tf.raw_ops.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64)
        tf.raw_ops.InitializeTableFromTextFileV2(
            table_handle=created, filename="/etc/passwd", key_index=-2, value_index=-1
        )

    with pytest.raises(InputError, match="its graph has InitializeTableFromTextFileV2"):
        graph_check.check(save(tmp_path / "model", act))


def test_another_file_in_the_place_of_the_graph(tmp_path: pathlib.Path) -> None:
    """TensorFlow takes saved_model.cpb before saved_model.pb."""
    folder = save(tmp_path / "model", tf.identity)
    graph_check.check(folder)
    (folder / "saved_model.cpb").write_bytes(b"")
    with pytest.raises(InputError, match=r"has saved_model\.cpb, expected a SavedModel in one"):
        module.load(str(folder))


def test_functions_whose_names_stand_for_ops(tmp_path: pathlib.Path) -> None:
    """A node's op can be the name of a function: one that is called like an allowed op hides nothing."""
    folder = save(tmp_path / "model", in_function(lambda tokens: tf.io.write_file(EVIL, "x")))
    from tensorflow.core.protobuf import saved_model_pb2

    saved_model = saved_model_pb2.SavedModel()
    saved_model.ParseFromString((folder / "saved_model.pb").read_bytes())
    library = saved_model.meta_graphs[0].graph_def.library
    (holder,) = [f for f in library.function if any(node.op == "WriteFile" for node in f.node_def)]
    holder.signature.name = "Identity"
    (folder / "saved_model.pb").write_bytes(saved_model.SerializeToString())
    with pytest.raises(InputError, match="its graph has WriteFile"):
        graph_check.check(folder)
