"""What TensorBoard shows of a run: scalars, a precision-recall curve, an image and a text.

Its sections are what stands before the "/" of a tag, in the order of the alphabet: f1 comes first.
"""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras
from tensorboard.plugins.pr_curve import summary as pr_curve_summary

from jner_re.evaluation.confusion import confusion
from jner_re.evaluation.pr_curve import pr_curve
from jner_re.layers.weighted_average import WeightedAverage
from jner_re.training.confusion_image import confusion_image
from jner_re.training.scores_callback import StrictScores
from jner_re.training.worst_sentences import worst_sentences

_THRESHOLDS = np.linspace(0, 1, 101)  # evenly spaced, as TensorBoard takes them to be
_LOSSES = {"loss": "loss/total", "ner_loss": "loss/ner", "re_loss": "loss/re"}


class TensorBoardLogs(keras.callbacks.Callback):
    """Writes the runs `train` and `dev`; a step is a number of finished epochs.

    It belongs behind what saves the checkpoint: then an epoch that is trained again, because the run was
    killed before it was saved, is not written twice.

    Args:
      folder: of the logs.
      scores: on dev, if there is a dev set; a callback that comes before this one.
    """

    def __init__(self, folder: pathlib.Path, scores: StrictScores | None) -> None:
        super().__init__()
        self._folder = folder
        self._scores = scores

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Opens the files of this process."""
        self._train = tf.summary.create_file_writer(str(self._folder / "train"))
        self._dev = tf.summary.create_file_writer(str(self._folder / "dev")) if self._scores else None

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Writes all that is known after an epoch."""
        with self._train.as_default(step=epoch + 1):
            _write_losses(logs or {}, "")
            tf.summary.scalar("training/learning_rate", self.model.optimizer.learning_rate)
            if (encoder_rate := self.model.optimizer.current_encoder_rate()) is not None:
                tf.summary.scalar("training/encoder_learning_rate", encoder_rate)
            _write_layer_average(self.model)
        self._train.flush()
        if self._scores and self._dev:
            with self._dev.as_default(step=epoch + 1):
                _write_losses(logs or {}, "val_")
                _write_scores(self._scores.report)
                _write_details(self._scores)
            self._dev.flush()

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Closes the files."""
        self._train.close()
        if self._dev:
            self._dev.close()


def _write_losses(logs: dict[str, float], prefix: str) -> None:
    for name, tag in _LOSSES.items():
        tf.summary.scalar(tag, logs[f"{prefix}{name}"])


def _write_layer_average(model: keras.Model) -> None:
    """The softmax weights of the encoder's layers, layer 0 the embeddings, and gamma, as being trained."""
    layers = [layer for layer in model.layers if isinstance(layer, WeightedAverage)]
    for number, layer in enumerate(layers, start=1):  # one for each encoder
        part = f"layer_average/encoder_{number}_" if len(layers) > 1 else "layer_average/"
        for i, weight in enumerate(tf.nn.softmax(layer.layer_scores)):
            tf.summary.scalar(f"{part}layer_{i:02}", weight)
        tf.summary.scalar(f"{part}gamma", layer.gamma)


def _write_scores(report: dict[str, Any]) -> None:
    """Strict F1, precision and recall: micro, macro, and of each type."""
    tf.summary.scalar("f1/average", report["average_f1"])
    for task in ("ner", "re"):
        scores = report[task]["strict"]
        for ratio in ("f1", "precision", "recall"):
            for mean in ("micro", "macro"):
                tf.summary.scalar(f"{ratio}/{task}_{mean}", scores[mean][ratio])
            for name, prf in scores["per_type"].items():
                tf.summary.scalar(f"{ratio}_by_type/{task}_{name}", prf[ratio])


def _write_details(scores: StrictScores) -> None:
    """The precision-recall curve of relations, the confusion matrix of entities, the worst sentences."""
    curve = pr_curve(scores.gold, scores.scored, _THRESHOLDS)
    proto = pr_curve_summary.raw_data_pb(
        "relations", curve.tp, curve.fp, curve.tn, curve.fn, curve.precision, curve.recall, len(_THRESHOLDS)
    )
    tf.summary.experimental.write_raw_pb(proto.SerializeToString())
    types = scores.label_set.entity_types
    image = confusion_image(confusion(scores.gold, scores.predicted, types), types)
    tf.summary.image("mistakes/entity_types", image[np.newaxis])
    tf.summary.text("mistakes/worst_sentences", worst_sentences(scores.gold, scores.predicted))
