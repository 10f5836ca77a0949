"""TensorFlow Serving has every op of an exported model."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
from collections.abc import Callable

import pytest
import tensorflow as tf
import tensorflow_text as tf_text
from tensorflow.core.protobuf import saved_model_pb2

# What TensorFlow Serving 2.15.1 to 2.19.1 links of TensorFlow Text: the ops of release 2.12.1. The names are
# those that each library of that wheel, tensorflow_text/python/{ops,metrics}/*.so, registers (read with
# tf.load_op_library; in 2.15.0 these libraries register the same). The wheel of 2.15.0 has two more,
# _trimmer_ops.so and _utf8_binarize_op.so, which TensorFlow Serving doesn't link.
TEXT_OPS = {
    "_boise_offset_converter": {"TFText>BoiseTagsToOffsets", "TFText>OffsetsToBoiseTags"},
    "_byte_splitter": {"TFText>ByteSplitByOffsets", "TFText>ByteSplitWithOffsets"},
    "_constrained_sequence_op": {"ConstrainedSequence"},
    "_fast_bert_normalizer": {"FastBertNormalize"},
    "_fast_sentencepiece_tokenizer": {
        "TFText>FastSentencepieceDetokenize",
        "TFText>FastSentencepieceTokenize",
    },
    "_fast_wordpiece_tokenizer": {"FastWordpieceTokenizeWithOffsets", "TFText>FastWordpieceDetokenize"},
    "_mst_ops": {"MaxSpanningTree"},
    "_ngrams_op": {"TFText>NgramsStringJoin"},
    "_normalize_ops": {"CaseFoldUTF8", "FindSourceOffsets", "NormalizeUTF8", "NormalizeUTF8WithOffsetsMap"},
    "_phrase_tokenizer": {"PhraseTokenize", "TFText>PhraseDetokenize"},
    "_regex_split_ops": {"RegexSplitWithOffsets"},
    "_sentence_breaking_ops": {"SentenceFragments"},
    "_sentencepiece_tokenizer": {
        "SentencepieceDetokenizeOp",
        "SentencepieceIdToStringOp",
        "SentencepieceOp",
        "SentencepieceStringToIdOp",
        "SentencepieceTokenizeOp",
        "SentencepieceTokenizeWithOffsetsOp",
        "SentencepieceVocabSizeOp",
    },
    "_split_merge_from_logits_tokenizer": {"TokenizerFromLogits"},
    "_split_merge_tokenizer": {"SplitMergeTokenizeWithOffsets"},
    "_state_based_sentence_breaker_op": {"SentenceFragmentsV2"},
    "_text_similarity_metric_ops": {"RougeL"},
    "_unicode_script_tokenizer": {"UnicodeScriptTokenizeWithOffsets"},
    "_whitespace_tokenizer": {"WhitespaceTokenizeWithOffsets"},
    "_whitespace_tokenizer_v2": {"TFText>WhitespaceTokenizeWithOffsetsV2"},
    "_wordpiece_tokenizer": {"WordpieceTokenizeWithOffsets"},
}


@pytest.fixture(scope="module")
def served_ops() -> set[str]:
    script = pathlib.Path(__file__).with_name("core_ops.py")
    found = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert found.returncode == 0, found.stderr
    core = set(json.loads(found.stdout))
    assert {"MatMul", "StringSplitV2", "StatefulPartitionedCall", "VarHandleOp"} < core
    return core.union(*TEXT_OPS.values())


def places_by_op(version: pathlib.Path) -> dict[str, set[str]]:
    """The ops of a SavedModel, each with the functions that use it ("the graph" outside of functions)."""
    model = saved_model_pb2.SavedModel.FromString((version / "saved_model.pb").read_bytes())
    places: dict[str, set[str]] = {}
    for meta_graph in model.meta_graphs:
        graph = meta_graph.graph_def
        functions = {function.signature.name: function.node_def for function in graph.library.function}
        for place, nodes in {"the graph": graph.node, **functions}.items():
            for node in nodes:
                if node.op not in functions:  # else it is a call
                    places.setdefault(node.op, set()).add(place)
    return places


def refused(version: pathlib.Path, served_ops: set[str]) -> dict[str, set[str]]:
    return {op: places for op, places in places_by_op(version).items() if op not in served_ops}


def test_tensorflow_serving_has_every_op(exported: pathlib.Path, served_ops: set[str]) -> None:
    assert {"StatefulPartitionedCall", "MatMul", "While"} & set(places_by_op(exported)), "nothing was read"
    assert refused(exported, served_ops) == {}, "TensorFlow Serving lacks these ops, used in these functions"


def trimmed(text: tf.Tensor) -> tf.Tensor:
    words = tf.strings.split(text)
    return tf_text.RoundRobinTrimmer(2).trim([words])[0].to_tensor("")


def binarized(text: tf.Tensor) -> tf.Tensor:
    return tf_text.utf8_binarize(text)


def numpy_function(text: tf.Tensor) -> tf.Tensor:
    return tf.numpy_function(lambda x: x, [text], tf.string, stateful=False)


def py_function(text: tf.Tensor) -> tf.Tensor:
    return tf.py_function(lambda x: x, [text], tf.string)


@pytest.mark.parametrize(
    ("function", "op"),
    [
        (trimmed, "TFText>RoundRobinTrim"),
        (binarized, "TFText>Utf8Binarize"),
        (numpy_function, "PyFuncStateless"),
        (py_function, "EagerPyFunc"),
    ],
)
def test_ops_that_tensorflow_serving_lacks_are_found(
    function: Callable[[tf.Tensor], tf.Tensor], op: str, served_ops: set[str], tmp_path: pathlib.Path
) -> None:
    module = tf.Module()
    module.function = tf.function(
        function, input_signature=[tf.TensorSpec([None], tf.string)], autograph=False
    )
    tf.saved_model.save(module, str(tmp_path), signatures={"serving_default": module.function})
    assert list(refused(tmp_path, served_ops)) == [op]
