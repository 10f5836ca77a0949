"""A SavedModel opened as TensorFlow Serving opens it: one graph in a session of its own."""

from __future__ import annotations

import importlib.util
import pathlib
from collections.abc import Collection
from typing import Any

import numpy as np
import tensorflow as tf

from jner_re import files
from jner_re.extraction import precision as precisions

_ONLY_REWRITES = -1  # OptimizerOptions.L0: nothing but what rewrite_options say
_INITIALIZATION = "__saved_model_init_op"  # the key of a signature and of its output


class ServingSession:
    """The signatures of a SavedModel.

    `tf.saved_model.load` makes a Python function of every function in it, which takes most of a program's
    start; a session reads the graph as it is. Functions are inlined into it. It is optimized, which takes
    seconds before the first answer, unless the process's TensorFlow does without
    (`program.skip_graph_optimization`).

    Attributes:
      outputs: of each signature, the names of its outputs.
    """

    def __init__(self, folder: pathlib.Path, precision: str) -> None:
        """Loads it.

        Args:
          folder: with a saved_model.pb.
          precision: one that `precision.check` allows.

        Raises:
          Exception: almost any, for a damaged or another one.
        """
        from tensorflow.core.protobuf import saved_model_pb2

        saved = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
        if len(saved.meta_graphs) != 1:
            raise ValueError(f"it has {len(saved.meta_graphs)} graphs, expected one")
        meta_graph = saved.meta_graphs[0]
        graph = tf.Graph()
        with graph.as_default():
            tf.graph_util.import_graph_def(meta_graph.graph_def, name="")
        graph.finalize()
        self._session = tf.compat.v1.Session(graph=graph, config=_config(precision))
        saver, variables = meta_graph.saver_def, files.without_pattern(folder) / "variables" / "variables"
        starts, files_read = [saver.restore_op_name], {saver.filename_tensor_name: str(variables)}
        self._signatures = dict(meta_graph.signature_def)
        initialization = self._signatures.pop(_INITIALIZATION, None)
        if initialization is not None:  # of tables, from assets and constants; every run more takes a second
            starts.append(initialization.outputs[_INITIALIZATION].name)
            for asset in meta_graph.asset_file_def:
                files_read[asset.tensor_info.name] = str(folder / "assets" / asset.filename)
        self._session.run(starts, files_read)
        self.outputs: dict[str, Collection[str]] = {
            name: sorted(signature.outputs) for name, signature in self._signatures.items()
        }

    def __call__(self, signature: str, inputs: dict[str, Any]) -> dict[str, np.ndarray]:
        """The outputs of a signature for its inputs, by name; from any thread.

        Raises:
          tf.errors.OpError: as the graph does.
        """
        definition = self._signatures[signature]
        fetches = {name: definition.outputs[name].name for name in self.outputs[signature]}
        feeds = {definition.inputs[name].name: value for name, value in inputs.items()}
        return self._session.run(fetches, feeds)


def register_text_ops() -> None:
    """As importing `tensorflow_text` does, but without what that imports: TensorFlow Hub, Keras, pandas."""
    package = importlib.util.find_spec("tensorflow_text")
    assert package is not None and package.origin is not None
    for library in sorted(pathlib.Path(package.origin).parent.glob("python/ops/_*.so")):
        tf.load_op_library(str(library))


def _config(precision: str) -> tf.compat.v1.ConfigProto:
    """With threads, devices and graph optimization of the process's TensorFlow."""
    from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig
    from tensorflow.python.eager import context  # what it was told has no public form

    context.ensure_initialized()  # by which a forked process knows that TensorFlow ran
    config = tf.compat.v1.ConfigProto()
    config.CopyFrom(context.context().config)
    # A second iteration takes a third of an exported model's loading and changes nothing of what is run.
    config.graph_options.rewrite_options.meta_optimizer_iterations = RewriterConfig.ONE
    options = config.graph_options.optimizer_options
    options.opt_level, options.do_function_inlining = _ONLY_REWRITES, True
    precisions.set_in(config, precision)
    return config
