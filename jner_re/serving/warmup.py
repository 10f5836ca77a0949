"""Requests that TensorFlow Serving answers before a version takes traffic: the first ones are slow."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from jner_re import files
from jner_re.errors import InputError
from jner_re.extraction.in_process import SavedModel
from jner_re.extraction.rows import padded

FILE = "assets.extra/tf_serving_warmup_requests"  # where TensorFlow Serving looks for them


def write(
    version: pathlib.Path, model_name: str, texts: Sequence[str], sentences: Sequence[Sequence[str]]
) -> None:
    """Writes four requests: one text and all of them, one sentence and all of them.

    Args:
      version: folder of a SavedModel.
      model_name: under which it is served.
      texts: as many as a full batch has.
      sentences: tokenized, likewise.

    Raises:
      InputError: the file can't be written.
    """
    path = version / FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tf.io.TFRecordWriter(str(path)) as writer:
            for count in (1, len(texts)):
                writer.write(_request(model_name, "serving_default", "text", tf.constant(texts[:count])))
            for count in (1, len(sentences)):
                tokens = tf.constant(padded(sentences[:count]))
                writer.write(_request(model_name, "tokens", "tokens", tokens))
    except OSError as error:
        raise InputError(f"{path}: can't be written: {error.strerror or error}") from None
    except tf.errors.OpError as error:
        raise InputError(f"{path}: can't be written: {files.short_message(error.message)}") from None


def replay(version: pathlib.Path, model: SavedModel) -> None:
    """Asks what `write` wrote, if it is there, as TensorFlow Serving does before a version takes traffic."""
    path = version / FILE
    if not path.exists():
        return
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
        for name, value in request.inputs.items():
            ask = model.sentences if name == "tokens" else model.texts
            ask(tf.make_ndarray(value).tolist(), None)


def _request(model_name: str, signature: str, name: str, value: tf.Tensor) -> bytes:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model_name
    request.model_spec.signature_name = signature
    request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return prediction_log_pb2.PredictionLog(
        predict_log=prediction_log_pb2.PredictLog(request=request)
    ).SerializeToString()
