"""Training on a few sentences: it learns, and an interrupted run ends as an uninterrupted one."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import numpy as np
import pytest

from jner_re import training
from jner_re.averaging import MovingAverage
from jner_re.config import ModelConfig, TrainConfig
from jner_re.corpora import sample_corpus
from jner_re.errors import InputError
from jner_re.metrics import strict
from jner_re.models import trained
from jner_re.models.decode import without_scores

# Nothing to download: characters and casing only.
SMALL = ModelConfig(
    encoder="",
    glove="",
    rnn_size=24,
    char_rnn_size=16,
    re_layers=1,
    rnn_dropout=0.2,
    threshold=0.5,
    pair_context_size=16,
)
QUICK = TrainConfig(
    batch_size=4, epochs=4, learning_rate=3e-3, average_decay=0.9, constant_fraction=0.5, clip_norm=5.0
)


@pytest.fixture(scope="module")
def sentences() -> list[Any]:
    """Twenty sentences with relations."""
    return [sentence for sentence in sample_corpus.read_sample("train") if sentence.relations][:20]


def test_twenty_sentences_are_fitted_to_f1_of_one(sentences: list[Any], tmp_path: pathlib.Path) -> None:
    config = dataclasses.replace(SMALL, rnn_size=64, char_rnn_size=32, rnn_dropout=0.0, re_dropout=0.0)
    train_config = TrainConfig(batch_size=5, epochs=40, learning_rate=5e-3, constant_fraction=0.5)
    training.train(config, train_config, sentences, [], tmp_path / "model")
    model = trained.load(tmp_path / "model")
    report = strict.evaluate(
        sentences, without_scores(sentences, model.predict(sentences)), model.vocabulary.label_set
    )
    assert report["ner"]["strict"]["micro"]["f1"] == 1.0
    assert report["re"]["strict"]["micro"]["f1"] == 1.0


class KilledError(Exception):
    """Stands for a kill: nothing is cleaned up or saved."""


@pytest.fixture(scope="module")
def whole(
    sentences: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], pathlib.Path]:
    """An uninterrupted run: its metrics and its directory."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    return training.train(SMALL, QUICK, sentences[:16], sentences[16:], folder), folder


@pytest.mark.parametrize("batch", [3, 4], ids=["within an epoch", "at an epoch's end"])
def test_a_killed_run_resumes_to_the_same_result(
    batch: int,
    whole: tuple[dict[str, Any], pathlib.Path],
    sentences: list[Any],
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    metrics, folder = whole
    train, dev = sentences[:16], sentences[16:]
    seen = []
    update = MovingAverage.on_train_batch_end

    def die(self: MovingAverage, number: int, logs: Any = None) -> None:
        seen.append(number)
        if len(seen) == 4 + batch + 1:  # four batches an epoch
            raise KilledError
        update(self, number, logs)

    with monkeypatch.context() as patch:
        patch.setattr(MovingAverage, "on_train_batch_end", die)
        with pytest.raises(KilledError):
            training.train(SMALL, QUICK, train, dev, tmp_path / "killed")
    assert training.train(SMALL, QUICK, train, dev, tmp_path / "killed") == metrics
    first, second = (
        trained.load(place).model.training.get_weights() for place in (folder, tmp_path / "killed")
    )
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_finished_run_is_not_trained_again(
    sentences: list[Any], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = dataclasses.replace(QUICK, epochs=1)
    first = training.train(SMALL, config, sentences[:8], sentences[:4], tmp_path / "model")

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("fit was called")

    monkeypatch.setattr("tensorflow.keras.Model.fit", never)
    assert training.train(SMALL, config, sentences[:8], sentences[:4], tmp_path / "model") == first


def test_other_seeds_give_other_models(sentences: list[Any], tmp_path: pathlib.Path) -> None:
    histories = [
        training.train(
            SMALL, dataclasses.replace(QUICK, epochs=1, seed=seed), sentences[:8], [], tmp_path / str(seed)
        )["history"]
        for seed in (1, 2)
    ]
    assert histories[0] != histories[1]


def test_a_directory_of_another_config_or_corpus_is_refused(
    sentences: list[Any], tmp_path: pathlib.Path
) -> None:
    folder = tmp_path / "model"
    config = dataclasses.replace(QUICK, epochs=1)
    training.train(SMALL, config, sentences[:8], [], folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with pytest.raises(InputError, match=r"config.json: rnn_size is 24, expected 25"):
        training.train(dataclasses.replace(SMALL, rnn_size=25), config, sentences[:8], [], folder)
    with pytest.raises(InputError, match=r"config.json: epochs is 1, expected 2"):
        training.train(SMALL, dataclasses.replace(config, epochs=2), sentences[:8], [], folder)
    with pytest.raises(InputError, match="another corpus"):
        training.train(SMALL, config, sentences[8:], [], folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"notes\.txt"):
        training.train(SMALL, config, sentences[:8], [], tmp_path / "other")


def test_early_stopping_counts_epochs_without_a_better_dev_score(
    sentences: list[Any], tmp_path: pathlib.Path
) -> None:
    config = dataclasses.replace(QUICK, epochs=9, learning_rate=0.0, patience=2)  # never better than at first
    metrics = training.train(SMALL, config, sentences[:4], sentences[:2], tmp_path / "model")
    assert (metrics["epochs"], metrics["best_epoch"]) == (3, 1)
    assert training.train(SMALL, config, sentences[:4], sentences[:2], tmp_path / "model") == metrics


def test_the_calibrated_threshold_is_saved_and_is_the_best_on_dev(
    sentences: list[Any], tmp_path: pathlib.Path
) -> None:
    config = dataclasses.replace(QUICK, calibrate=True, epochs=12)
    dev = sentences[:10]
    metrics = training.train(
        dataclasses.replace(SMALL, threshold=0.9), config, sentences, dev, tmp_path / "model"
    )
    model = trained.load(tmp_path / "model")
    assert model.threshold == metrics["threshold"]

    def f1(threshold: float) -> float:
        predicted = without_scores(dev, model.predict(dev, threshold))
        return strict.evaluate(dev, predicted, model.vocabulary.label_set)["re"]["strict"]["micro"]["f1"]

    assert f1(model.threshold) == pytest.approx(metrics["dev"]["re"]["strict"]["micro"]["f1"])
    assert all(f1(model.threshold) >= f1(threshold) for threshold in (0.05, 0.25, 0.5, 0.75, 0.9))
    with pytest.raises(InputError, match="dev set"):
        training.train(SMALL, config, sentences, [], tmp_path / "none")
