"""Modules in TensorFlow 1's TF-Hub format, such as google/elmo."""

from __future__ import annotations

import pathlib
from typing import Any

import tensorflow as tf

_v1 = tf.compat.v1


def is_module(folder: pathlib.Path) -> bool:
    """Whether the folder is such a module."""
    return (folder / "tfhub_module.pb").is_file()


class Module(tf.Module):
    """A module with its variables frozen.

    `hub.load` keeps TensorFlow 1's variables, with which a graph runs but can't be saved again: exported, it
    would come without their values.

    Attributes:
      signatures: concrete functions by name.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        super().__init__()
        with tf.Graph().as_default() as graph, _v1.Session() as session:
            signatures = dict(_v1.saved_model.load(session, [], str(folder)).signature_def)
            outputs = [info.name for signature in signatures.values() for info in signature.outputs.values()]
            nodes = sorted({name.split(":")[0] for name in outputs})
            frozen = _v1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), nodes)
        imported = _v1.wrap_function(lambda: _v1.import_graph_def(frozen, name=""), [])
        self.signatures = {name: _function(imported, signature) for name, signature in signatures.items()}


def _function(imported: Any, signature: Any) -> tf.types.experimental.ConcreteFunction:
    """The part of the graph from the signature's inputs to its outputs."""
    find = imported.graph.as_graph_element
    inputs = {name: find(info.name) for name, info in sorted(signature.inputs.items())}
    outputs = {name: find(info.name) for name, info in signature.outputs.items()}
    pruned = imported.prune(list(inputs.values()), outputs)
    specs = {name: tf.TensorSpec(tensor.shape, tensor.dtype, name) for name, tensor in inputs.items()}
    named = tf.function(lambda **values: pruned(*(values[name] for name in inputs)))
    return named.get_concrete_function(**specs)
