"""A trial of a search: what it reports, and how it goes on; the training itself is left out."""

from __future__ import annotations

import math
import pathlib
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
import tensorflow as tf
from make_record import record
from tensorboard.plugins.hparams import api as hp

from benchmarks.faults import ends
from experiments import search_space
from experiments.jobs.protocols import to_the_end
from experiments.jobs.search_job import METRIC, SearchJob, best_epoch
from experiments.tables import hparams_page
from jner_re.config import ModelConfig, TrainConfig
from jner_re.constraints import NONE
from jner_re.corpora import data_dir
from jner_re.models import model_files, weights
from jner_re.models.model_vocabulary import ModelVocabulary
from jner_re.training import fit

EPOCHS = [{METRIC: 0.3, "loss": 2.0}, {METRIC: 0.5, "loss": 1.0}, {METRIC: 0.4, "loss": math.nan}]


class KilledError(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def begun_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The epoch at which a training begins; it ends with the third, or when its callback raises."""
    first = [0]

    def train(*arguments: Any, callbacks: list[Any], constraints: Any) -> None:
        assert constraints == NONE
        folder = arguments[4]
        folder.mkdir(parents=True, exist_ok=True)
        ModelVocabulary((), (), "", (), {"glove": "abc"}, {}).save(folder / model_files.VOCABULARY)
        for epoch in range(first[0], 3):
            for callback in callbacks:
                callback.on_epoch_end(epoch, EPOCHS[epoch])

    monkeypatch.setattr(fit, "train", train)
    monkeypatch.setattr(weights, "count", lambda model: 11)
    return first


def test_a_killed_trial_tells_its_epochs_again_and_trains_what_is_left(
    begun_at: list[int], tmp_path: pathlib.Path
) -> None:
    told: list[tuple[int, float]] = []

    def goes_on(name: str, epoch: int, score: float) -> bool:
        told.append((epoch, score))
        if len(told) == 2:
            raise KilledError
        return True

    with pytest.raises(KilledError):
        job(goes_on).run(tmp_path, 1)
    begun_at[0] = 1  # the second epoch was told, and not saved
    record = job(goes_on).run(tmp_path, 1)
    assert told == [(1, 0.3), (2, 0.5), (1, 0.3), (2, 0.5), (3, 0.4)]
    assert record.history == (*EPOCHS[:2], {METRIC: 0.4, "loss": None})  # JSON has no NaN
    assert (len(record.run["attempts"]), record.epochs, record.parameters) == (2, 3, 11)
    assert record.identity() == job().identity()
    assert best_epoch(record) == EPOCHS[1]
    assert record.test is None and record.fingerprints == {"glove": "abc"}


def test_a_trial_that_is_stopped_is_recorded_and_not_trained_again(
    begun_at: list[int], tmp_path: pathlib.Path
) -> None:
    stopped = job(lambda name, epoch, score: epoch < 2)
    assert stopped.run(tmp_path, 1).epochs == 2
    assert stopped.run(tmp_path, 1).epochs == 2  # of the history alone
    assert job().run(tmp_path, 1).epochs == 3


def job(goes_on: Callable[[str, int, float], bool] | None = None) -> SearchJob:
    train, dev = (tuple(data_dir.read_sample(split)[:4]) for split in ("train", "dev"))
    trained = TrainConfig(epochs=3)
    return SearchJob("trial-a", to_the_end(), "sample", train, dev, ModelConfig(), trained, goes_on)


def test_tensorboards_page_is_completed_after_an_interruption(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the domains, in a trial's hyperparameters and in its scores: at the end all are there."""
    history = ({"val_average_f1": 0.5, "val_ner_f1": 0.6, "val_re_f1": 0.4},) * 2
    candidates = search_space.draws(2, 0)
    trials = [(each, record(each.name, history=history)) for each in candidates]
    hparams_page.write(tmp_path / "undisturbed", trials)
    folder = tmp_path / "hparams"
    for module, name in ((hp, "hparams_config"), (hp, "hparams"), (tf.summary, "scalar")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, Mock(side_effect=KilledError))
            with pytest.raises(KilledError):
                hparams_page.write(folder, trials)
    (folder / ".trial.abcdefgh").mkdir()  # as one that is killed leaves it
    hparams_page.write(folder, trials)
    expected = ends.content(tmp_path / "undisturbed")
    assert len(expected) == 3
    assert ends.differences(expected, ends.content(folder)) == []
    assert not list(tmp_path.rglob(".*"))
