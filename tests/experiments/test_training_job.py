"""What a run trains on what, and what of it comes from dev; the trainings themselves are left out."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import types
from typing import Any

import pytest

from experiments.jobs import protocol_flags
from experiments.jobs.protocols import (
    AS_GIVEN,
    FOLDS_AS_GIVEN,
    ON_BOTH,
    ON_DEV,
    SCORED_ON_DEV,
    Protocol,
    distilled,
)
from experiments.jobs.training_job import Data, Lesson, TrainingJob, run_name
from jner_re.config import ModelConfig, TrainConfig
from jner_re.constraints import Constraints
from jner_re.corpora import data_dir
from jner_re.errors import InputError
from jner_re.evaluation import evaluate
from jner_re.models import model_dir, model_files, weights
from jner_re.schema import LabelSet
from jner_re.training import fit

TRAIN, DEV, TEST = (tuple(data_dir.read_sample(split)) for split in ("train", "dev", "test"))
DECLARED = Constraints(at_most={"Kill": {"head": 1}})
DATA = Data("sample", TRAIN, DEV, TEST, DECLARED)
CHOSEN = {"best_epoch": 7, "threshold": 0.35, "threshold_source": "dev", "dev": {"average_f1": 0.5}}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """(config, train_config, sentences, dev, folder) of each training that is asked for."""
    made: list[Any] = []

    def train(*arguments: Any, label_set: Any, corpus_name: str, constraints: Any) -> dict[str, Any]:
        assert constraints == DECLARED
        assert set(label_set.relation_types) == {"Kill", "Live_In", "Located_In", "OrgBased_In", "Work_For"}
        made.append(arguments)
        return CHOSEN

    monkeypatch.setattr(fit, "train", train)
    return made


def job(protocol: Protocol) -> TrainingJob:
    train_config = TrainConfig(epochs=20, patience=4, seed=9)
    return TrainingJob("seed-9", "single model", protocol, DATA, ModelConfig(threshold=0.9), train_config)


def test_epochs_and_threshold_of_the_second_training_are_those_chosen_on_dev(
    calls: list[Any], tmp_path: pathlib.Path
) -> None:
    trained = job(ON_BOTH).train(tmp_path)
    choosing, final = calls
    assert choosing[2:4] == (DATA.train, DATA.dev)
    assert (choosing[1].epochs, choosing[1].patience, choosing[1].calibrate) == (20, 4, True)
    assert final[2:4] == ((*DATA.train, *DATA.dev), ())
    assert (final[1].epochs, final[1].patience, final[1].calibrate, final[1].seed) == (7, 0, False, 9)
    assert model_files.read_threshold(trained.final, final[0]) == 0.35
    assert choosing[4] != final[4] == trained.final
    assert (trained.epochs, trained.threshold, trained.dev) == (7, 0.35, CHOSEN["dev"])
    assert json.loads((trained.final / "threshold.json").read_text())["source"] == (
        "dev for a training on train alone"
    )


def test_a_fold_is_trained_once_with_dev_held_out(calls: list[Any], tmp_path: pathlib.Path) -> None:
    trained = job(ON_DEV).train(tmp_path)
    ((_, train_config, sentences, dev, folder),) = calls
    assert (sentences, dev, train_config.calibrate) == (DATA.train, DATA.dev, True)
    assert (trained.final, trained.epochs, trained.threshold) == (folder, 7, 0.35)


def test_a_preset_can_be_taken_as_it_is(calls: list[Any], tmp_path: pathlib.Path) -> None:
    trained = job(AS_GIVEN).train(tmp_path)
    ((config, train_config, sentences, dev, _),) = calls
    assert (sentences, dev) == ((*DATA.train, *DATA.dev), ())
    assert (config.threshold, train_config.epochs, train_config.patience) == (0.9, 20, 0)
    assert (trained.epochs, trained.threshold, trained.dev) == (20, 0.9, None)


def test_what_is_scored_on_dev_is_trained_on_train_alone_for_all_its_epochs(
    calls: list[Any], tmp_path: pathlib.Path
) -> None:
    trained = job(SCORED_ON_DEV).train(tmp_path)
    ((_, train_config, sentences, dev, folder),) = calls
    assert (sentences, dev, folder) == (DATA.train, (), trained.final)
    assert (train_config.epochs, train_config.patience, train_config.calibrate) == (20, 0, False)
    assert (trained.epochs, trained.threshold, trained.dev) == (20, 0.9, None)


@pytest.mark.parametrize("protocol", [SCORED_ON_DEV, AS_GIVEN, FOLDS_AS_GIVEN])
def test_test_is_scored_unless_dev_is_to_be(
    protocol: Protocol, calls: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    scored: list[Any] = []

    def score(model: Any, sentences: Any, threshold: float, split: str) -> tuple[dict[str, str], None]:
        scored.append((sentences, threshold))
        return {"of": split}, None

    loaded = types.SimpleNamespace(model=None, vocabulary=types.SimpleNamespace(fingerprints={}))
    monkeypatch.setattr(evaluate, "evaluate", score)
    monkeypatch.setattr(model_dir, "load", lambda folder: loaded)
    monkeypatch.setattr(weights, "count", lambda model: 5)
    record = job(protocol).run(tmp_path, threads=1)
    assert (record.dev, record.test, scored) == (
        ({"of": "dev"}, None, [(DATA.dev, 0.9)])
        if protocol == SCORED_ON_DEV
        else (None, {"of": "test"}, [(DATA.test, 0.9)])
    )


def test_what_needs_a_dev_set_can_not_train_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def chosen(flag: str, **options: Any) -> tuple[Protocol, Protocol]:
        monkeypatch.setattr(protocol_flags, "_PROTOCOL", types.SimpleNamespace(value=flag))
        config = TrainConfig(**options)
        return protocol_flags.protocol(config), protocol_flags.protocol_of_folds(config)

    assert chosen("dev", patience=3) == (ON_BOTH, ON_DEV)
    assert chosen("paper") == (AS_GIVEN, FOLDS_AS_GIVEN)
    for options, problem in (
        (
            {"patience": 3},
            "patience is 3, expected 0: each model is trained on train and dev, for the number",
        ),
        ({"calibrate": True}, "calibrate is True, expected False: each model is trained on train and dev"),
    ):
        with pytest.raises(InputError, match=problem):
            chosen("paper", **options)


def test_names_of_runs_are_names_of_files() -> None:
    assert run_name("no NER-specific", 3) == "no-ner-specific-seed-3"
    assert run_name("dropout 0.4 / 0.6 ", 1) == "dropout-0.4-0.6-seed-1"


def test_a_lesson_is_learned_and_stands_in_the_protocol(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    learned: list[Any] = []

    def train(*arguments: Any, label_set: Any, soft_targets: Any, **_: Any) -> dict[str, Any]:
        learned.append((label_set, soft_targets))
        return CHOSEN

    monkeypatch.setattr(fit, "train", train)
    labels, targets = LabelSet(("Peop",), ("Kill",)), {DATA.train[0]: {}}
    taught = distilled(ON_BOTH, 0.5, members=2, folds=5, split_seed=0)
    student = dataclasses.replace(job(ON_BOTH), label_set=labels, lesson=Lesson(targets, taught))
    student.train(tmp_path)
    assert learned == [(labels, targets)] * 2  # once for the epochs, once on dev too
    assert student.identity() == {**job(ON_BOTH).identity(), "protocol": taught}
    assert taught.key == "on-both+distilled-0.5-2-5-0"
