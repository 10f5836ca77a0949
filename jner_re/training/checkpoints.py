"""The checkpoints of a run, from the last of which it goes on when it was interrupted.

The last checkpoint is the files last-N.index and last-N.data-… of epoch N. TensorFlow's CheckpointManager
trusts a file that names the newest checkpoint, and takes folders' names for patterns: here the names of the
files say it all, whatever the folder is called.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import tempfile

import tensorflow as tf
import tf_keras as keras

from jner_re import files
from jner_re.errors import InputError
from jner_re.models import weights
from jner_re.training.moving_average import MovingAverage

_INDEX = re.compile(r"last-(\d+)\.index")
_STATE = "checkpoint"  # what CheckpointManager of older versions has left


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
      best: the file of the weights to use; the checkpoints stand beside it.
      training: the compiled model that is trained.
      inference: the model whose weights are saved for use.
      average: the moving average, whose weights are the ones saved for use.
      patience: epochs without a better dev score after which training stops; 0 for never.

    Attributes:
      progress: how far the run is.
    """

    def __init__(
        self,
        best: pathlib.Path,
        training: keras.Model,
        inference: keras.Model,
        average: MovingAverage,
        patience: int,
    ) -> None:
        super().__init__()
        self.progress = Progress()
        self._best, self._folder = best, best.parent
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
        _remove_unfinished(self._folder)
        path = newest(self._folder)
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
                weights.save(self._inference, self._best)
        if has_dev and 0 < self._patience <= self.progress.epochs_since_better():
            self.model.stop_training = True
        self.progress.stopped = bool(self.model.stop_training)  # another callback may have stopped it
        save(self._checkpoint, self._folder, epoch + 1)


def newest(folder: pathlib.Path) -> pathlib.Path | None:
    """The newest checkpoint, without the endings of its files; None if there is none."""
    found = [_INDEX.fullmatch(path.name) for path in folder.glob("last-*")]
    numbers = [int(match[1]) for match in found if match]
    return folder / f"last-{max(numbers)}" if numbers else None


def _remove_unfinished(folder: pathlib.Path) -> None:
    """What processes that were killed have left of what they were writing."""
    for path in folder.glob(".*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)


def save(checkpoint: tf.train.Checkpoint, folder: pathlib.Path, number: int) -> None:
    """Writes one, and removes those before.

    Args:
      checkpoint: what is saved.
      folder: where.
      number: of the epoch that has ended.

    Raises:
      InputError: the folder can't be written to; then the one before is still there.
    """
    name = f"last-{number}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=f".{name}.") as beside:
            checkpoint.write(os.path.join(beside, name))
            # The index at last: where it is, the rest is there, too.
            for path in sorted(pathlib.Path(beside).iterdir(), key=lambda path: path.suffix == ".index"):
                os.replace(path, folder / path.name)
        for path in list(folder.iterdir()):
            is_older = path.name.startswith("last-") and not path.name.startswith(f"{name}.")
            if is_older or path.name == _STATE:
                path.unlink()
    except OSError as error:
        raise InputError(f"{folder}: can't be written: {error.strerror or error}") from None
    except tf.errors.OpError as error:
        raise InputError(f"{folder}: can't be written: {files.short_message(error.message)}") from None
