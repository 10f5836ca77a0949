"""Strict scores in Keras's `logs` every epoch, so that every other callback sees them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

import tensorflow as tf

from jner_re.metrics import strict
from jner_re.schema import LabelSet, Sentence


class StrictScores(tf.keras.callbacks.Callback):
    """Adds micro `val_ner_precision`, `val_ner_recall`, `val_ner_f1`, the same of `re`, and `val_average_f1`.

    Args:
      predict: gives the predicted sentences.
      gold: the sentences with their gold annotation, in the same order.
      label_set: types.
      averaged: a context in which the model has the weights to be evaluated.
    """

    def __init__(
        self,
        predict: Callable[[], Sequence[Sentence]],
        gold: Sequence[Sentence],
        label_set: LabelSet,
        averaged: Callable[[], contextlib.AbstractContextManager[None]],
    ) -> None:
        super().__init__()
        self._predict = predict
        self._gold = gold
        self._label_set = label_set
        self._averaged = averaged

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Predicts and evaluates."""
        with self._averaged():
            report = strict.evaluate(self._gold, self._predict(), self._label_set)
        if logs is None:
            return
        for task in ("ner", "re"):
            for name in ("precision", "recall", "f1"):
                logs[f"val_{task}_{name}"] = report[task]["strict"]["micro"][name]
        logs["val_average_f1"] = report["average_f1"]
