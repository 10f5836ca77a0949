"""Asks an exported model in this process. Needs TensorFlow and TensorFlow Text, 2.12 or later; no jner_re.

  python tests/serving/answers.py SAVED_MODEL REQUESTS.json OUT.json

Requests and answers are those of benchmarks/serving/c_api.py.
"""

from __future__ import annotations

import json
import os
import pathlib
import sys
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf
import tensorflow_text  # noqa: F401  (registers the ops that the model uses)


def rows(outputs: dict[str, tf.Tensor]) -> list[dict[str, list[Any]]]:
    """As TensorFlow Serving's REST API gives them: for every row of the request {output: padded list}."""
    columns = {
        name: [[x.decode() if isinstance(x, bytes) else x for x in row] for row in values.numpy().tolist()]
        for name, values in outputs.items()
    }
    count = len(next(iter(columns.values())))
    return [{name: values[i] for name, values in columns.items()} for i in range(count)]


def main(folder: str, requests_path: str, out_path: str) -> None:
    requests = json.loads(pathlib.Path(requests_path).read_bytes())
    signatures = tf.saved_model.load(folder).signatures
    answers: dict[str, Any] = {"version": tf.__version__}
    if "text" in requests:
        answers["text"] = rows(signatures["serving_default"](text=tf.constant(requests["text"], tf.string)))
    if "tokens" in requests:
        padded = tf.ragged.constant(requests["tokens"], dtype=tf.string, ragged_rank=1).to_tensor("")
        answers["tokens"] = rows(signatures["tokens"](tokens=padded))
    assert "jner_re" not in sys.modules, "answers are to need nothing of jner_re"
    pathlib.Path(out_path).write_text(json.dumps(answers), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
