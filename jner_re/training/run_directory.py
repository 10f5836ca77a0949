"""A training run's directory: whose it is, how far it is, and what it takes to go on with it."""

from __future__ import annotations

import json
import pathlib

import tensorflow as tf
import tf_keras as keras

from jner_re import config as configs
from jner_re import files
from jner_re.config import ModelConfig, TrainConfig
from jner_re.errors import InputError
from jner_re.models import model_dir as model_dirs
from jner_re.models import model_files
from jner_re.models.model_dir import Vocabulary
from jner_re.training import last_checkpoint
from jner_re.training.moving_average import MovingAverage


def check_config(model_dir: pathlib.Path, config: ModelConfig, train_config: TrainConfig) -> None:
    """Raises InputError if the directory holds something else than a run of these configs."""
    path = model_dir / model_files.CONFIG
    if not path.exists():
        names = {entry.name for entry in model_dir.glob("*") if not entry.name.startswith(".")}
        unknown = names - {model_files.VOCABULARY}  # a run killed at its very start has left no more
        if unknown:
            raise InputError(
                f"{model_dir}: holds {min(unknown)} and no {model_files.CONFIG}, expected a new folder"
            )
        return
    known, known_train = configs.load(path)
    known = configs.with_absolute_paths(known)  # older versions kept them as they were given
    for ours, theirs in zip((config, train_config), (known, known_train), strict=True):
        for name, value in vars(ours).items():
            if value != getattr(theirs, name):
                raise InputError(
                    f"{path}: {name} is {getattr(theirs, name)!r}, expected {value!r}: the directory holds a "
                    "run of another config; choose another one, or remove it"
                )


def claim(
    model_dir: pathlib.Path, config: ModelConfig, train_config: TrainConfig, vocabulary: Vocabulary
) -> None:
    """Writes whose run it is; raises InputError if it is one on another corpus or with another encoder."""
    path = model_dir / model_files.VOCABULARY
    if not (model_dir / model_files.CONFIG).exists():
        vocabulary.save(path)
        configs.save(model_dir / model_files.CONFIG, config, train_config)
    elif Vocabulary.load(path) != vocabulary:
        raise InputError(
            f"{path}: is not of this run, expected a new folder: this one is of another corpus or encoder, "
            "or of other soft targets"
        )


class Progress(tf.train.experimental.PythonState):
    """How far a run is: saved in its checkpoint together with weights and optimizer.

    Attributes:
      history: the logs of each finished epoch.
      stopped: whether early stopping ended the run.
    """

    def __init__(self) -> None:
        self.history: list[dict[str, float]] = []
        self.stopped = False

    def serialize(self) -> str:
        """To JSON."""
        return json.dumps({"history": self.history, "stopped": self.stopped})

    def deserialize(self, string_value: bytes) -> None:
        """From JSON."""
        self.__dict__.update(json.loads(string_value))

    def best_epoch(self) -> int:
        """The first epoch (from 0) with the best dev score; the latest one as long as all are 0."""
        return self._first_best() if self.found_on_dev() else len(self.history) - 1

    def found_on_dev(self) -> bool:
        """Whether any epoch's dev score is more than 0."""
        return max(self._scores()) > 0

    def epochs_since_better(self) -> int:
        """How many epochs have passed since the dev score rose."""
        return len(self.history) - 1 - self._first_best()

    def _first_best(self) -> int:
        scores = self._scores()
        return scores.index(max(scores))

    def _scores(self) -> list[float]:
        return [logs["val_average_f1"] for logs in self.history]


class Checkpoints(keras.callbacks.Callback):
    """After every epoch: the best (without a dev set: the latest) weights, then all that resuming needs.

    Args:
      model_dir: where checkpoints/ is.
      training: the compiled model that is trained.
      inference: the model whose weights are saved for use.
      average: the moving average, whose weights are the ones saved for use.
      patience: epochs without a better dev score after which training stops; 0 for never.

    Attributes:
      progress: how far the run is.
    """

    def __init__(
        self,
        model_dir: pathlib.Path,
        training: keras.Model,
        inference: keras.Model,
        average: MovingAverage,
        patience: int,
    ) -> None:
        super().__init__()
        self.progress = Progress()
        self._model_dir = model_dir
        self._folder = model_dir / model_files.CHECKPOINTS
        self._inference = inference
        self._average = average
        self._patience = patience
        training.optimizer.build(training.trainable_variables)
        self._checkpoint = tf.train.Checkpoint(
            model=training, optimizer=training.optimizer, average=average.state, progress=self.progress
        )
        self._checkpoint.save_counter.assign(0)  # made here, since checkpoints of older versions have it

    def restore(self) -> None:
        """Goes back to the state after the last finished epoch, if there is one.

        Raises:
          InputError: the checkpoint is damaged.
        """
        last_checkpoint.remove_unfinished(self._folder)
        path = last_checkpoint.newest(self._folder)
        if path is None:
            return
        try:
            self._checkpoint.restore(str(files.without_pattern(path.parent) / path.name)).assert_consumed()
        except Exception as error:  # TensorFlow raises almost anything for a damaged file
            reason = " ".join(str(error).split())[:200]
            raise InputError(
                f"{path}: can't be read, so that the run can't go on: {reason}; expected what training wrote"
            ) from None

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Saves, and stops the run if it is out of patience."""
        history = self.progress.history
        history.append({name: float(value) for name, value in (logs or {}).items()})
        has_dev = "val_average_f1" in history[-1]
        if not has_dev or self.progress.best_epoch() == epoch:
            with self._average.applied():
                model_dirs.save_weights(self._inference, self._model_dir / model_files.WEIGHTS)
        if has_dev and 0 < self._patience <= self.progress.epochs_since_better():
            self.model.stop_training = True
        self.progress.stopped = bool(self.model.stop_training)  # another callback may have stopped it
        last_checkpoint.save(self._checkpoint, self._folder, epoch + 1)
