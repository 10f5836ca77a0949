"""Strict scores in Keras's `logs` every epoch, so that every other callback sees them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import tf_keras as keras

from jner_re.evaluation import strict
from jner_re.schema import LabelSet, Scored, Sentence


class StrictScores(keras.callbacks.Callback):
    """Predicts once an epoch, adds the strict scores to `logs`, and keeps what was predicted.

    For both tasks, here `ner`: micro `val_ner_precision`, `val_ner_recall` and `val_ner_f1`, macro
    `val_ner_macro_precision` …, of each type `val_ner_Peop_precision` …; and `val_average_f1` of both.

    Args:
      predict: gives what is found in each sentence, relations of any score.
      decide: gives the predicted sentences that follow from it.
      gold: the sentences with their gold annotation, in the same order.
      label_set: types.
      averaged: a context in which the model has the weights to be evaluated.

    Attributes:
      gold: as given.
      label_set: as given.
      scored: what `predict` gave last.
      predicted: what `decide` made of it.
      report: what `strict.evaluate` says of that.
    """

    def __init__(
        self,
        predict: Callable[[], Sequence[Scored]],
        decide: Callable[[Sequence[Scored]], Sequence[Sentence]],
        gold: Sequence[Sentence],
        label_set: LabelSet,
        averaged: Callable[[], contextlib.AbstractContextManager[None]],
    ) -> None:
        super().__init__()
        self._predict = predict
        self._decide = decide
        self.gold = gold
        self.label_set = label_set
        self._averaged = averaged
        self.scored: Sequence[Scored] = ()
        self.predicted: Sequence[Sentence] = ()
        self.report: dict[str, Any] = {}

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Predicts and evaluates."""
        with self._averaged():
            self.scored = self._predict()
        self.predicted = self._decide(self.scored)
        self.report = strict.evaluate(self.gold, self.predicted, self.label_set)
        if logs is not None:
            logs.update(_named(self.report))


def _named(report: dict[str, Any]) -> dict[str, float]:
    """The strict scores by their names in `logs`; a type named "macro" gives way to the mean."""
    values: dict[str, float] = {}
    for task in ("ner", "re"):
        scores = report[task]["strict"]
        parts = {f"{name}_": prf for name, prf in scores["per_type"].items()}
        for part, prf in {**parts, "macro_": scores["macro"], "": scores["micro"]}.items():
            values |= {f"val_{task}_{part}{ratio}": prf[ratio] for ratio in ("precision", "recall", "f1")}
    return {**values, "val_average_f1": report["average_f1"]}
