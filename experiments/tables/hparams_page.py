"""The HParams page of TensorBoard: what was searched, and what each trial has reached."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterator, Sequence

from jner_re import files

from .. import search_space
from ..jobs import records
from ..jobs.search_job import METRIC, best_epoch
from ..search_space import Candidate

_METRICS = (METRIC, "val_ner_f1", "val_re_f1")


def write(folder: pathlib.Path, trials: Sequence[tuple[Candidate, records.Record]]) -> None:
    """Writes each trial's hyperparameters, its scores by epoch, and its best ones; what is there stays.

    Args:
      folder: TensorBoard's --logdir.
      trials: candidates that are finished, with their records.
    """
    import tensorflow as tf
    from tensorboard.plugins.hparams import api as hp

    files.remove_unfinished(folder.parent)
    files.remove_unfinished(folder)
    if not folder.exists():
        searched = {name for candidate, _ in trials for name in candidate.values}
        names = [name for name in search_space.domains() if name in searched]  # the page shows the first ones
        metrics = [hp.Metric(f"best/{name}", display_name=name.removeprefix("val_")) for name in _METRICS]
        with files.atomic_write(folder) as new, _writer(new):
            hp.hparams_config([hp.HParam(name, _domain(name)) for name in names], metrics)
    for candidate, record in trials:
        if (folder / record.name).exists():
            continue
        with files.atomic_write(folder / record.name) as new, _writer(new):
            hp.hparams(candidate.values, trial_id=record.name)
            for epoch, logs in enumerate(record.history):
                for name in _METRICS:
                    tf.summary.scalar(name, logs[name] or 0.0, epoch)
            best = best_epoch(record)
            for name in _METRICS:
                tf.summary.scalar(f"best/{name}", best[name] or 0.0, len(record.history) - 1)


@contextlib.contextmanager
def _writer(folder: pathlib.Path) -> Iterator[None]:
    """Summaries in the block go to the folder, and are there after it."""
    import tensorflow as tf

    writer = tf.summary.create_file_writer(str(folder))
    with contextlib.closing(writer), writer.as_default():
        yield


def _domain(name: str) -> object:
    from tensorboard.plugins.hparams import api as hp

    values = search_space.domains()[name]
    return hp.RealInterval(*values) if name == "learning_rate" else hp.Discrete(list(values))
