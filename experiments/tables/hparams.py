"""TensorBoard's HParams page of a search."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from ..jobs.records import Record
from ..jobs.search_job import best_epoch
from ..search_space import Candidate, domains

_METRICS = ("val_average_f1", "val_ner_f1", "val_re_f1")


def write(folder: pathlib.Path, trials: Sequence[tuple[Candidate, Record]]) -> None:
    """Writes each trial's hyperparameters, its scores by epoch, and its best ones; what is there stays.

    Args:
      folder: TensorBoard's --logdir.
      trials: candidates that are finished, with their records.
    """
    import tensorflow as tf
    from tensorboard.plugins.hparams import api as hp

    if not folder.exists():
        searched = {name for candidate, _ in trials for name in candidate.values}
        names = [name for name in domains() if name in searched]  # the page shows the first ones
        metrics = [hp.Metric(f"best/{name}", display_name=name.removeprefix("val_")) for name in _METRICS]
        with tf.summary.create_file_writer(str(folder)).as_default():
            hp.hparams_config([hp.HParam(name, _domain(name)) for name in names], metrics)
    for candidate, record in trials:
        if (folder / record.name).exists():
            continue
        with tf.summary.create_file_writer(str(folder / record.name)).as_default():
            hp.hparams(candidate.values, trial_id=record.name)
            for epoch, logs in enumerate(record.history):
                for name in _METRICS:
                    tf.summary.scalar(name, logs[name] or 0.0, epoch)
            best = best_epoch(record)
            for name in _METRICS:
                tf.summary.scalar(f"best/{name}", best[name] or 0.0, len(record.history) - 1)


def _domain(name: str) -> object:
    from tensorboard.plugins.hparams import api as hp

    values = domains()[name]
    return hp.RealInterval(*values) if name == "learning_rate" else hp.Discrete(list(values))
