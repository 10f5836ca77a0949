"""An ensemble's run: dev is seen by the models that did not train on it, test by the final ones.

Models and their evaluation are left out: tests/models/test_ensemble.py is about these.
"""

from __future__ import annotations

import pathlib
import types
from typing import Any

import pytest

from experiments.jobs.ensemble_job import EnsembleJob
from experiments.jobs.protocols import AS_GIVEN, ON_BOTH, Protocol
from experiments.jobs.training_job import Data, Trained, TrainingJob
from jner_re.config import ModelConfig, TrainConfig
from jner_re.corpora import data_dir
from jner_re.evaluation.card import card
from jner_re.models import ensemble_dir, model_dir, weights

DEV, TEST = (tuple(data_dir.read_sample(split)[:3]) for split in ("dev", "test"))
Evaluated = list[tuple[tuple[pathlib.Path, ...], Any, float]]


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> Evaluated:
    """(the ensemble's members, the sentences, the threshold) of each evaluation."""
    calls: Evaluated = []
    members: dict[pathlib.Path, tuple[pathlib.Path, ...]] = {}

    def write(folder: pathlib.Path, of: list[pathlib.Path], threshold: float, source: str) -> None:
        members[folder] = tuple(of)

    def load(folder: pathlib.Path) -> Any:
        vocabulary = types.SimpleNamespace(fingerprints={"glove": "abc"})
        return types.SimpleNamespace(members=members[folder], vocabulary=vocabulary, model=None)

    def evaluate(model: Any, sentences: Any, threshold: float, name: str) -> Any:
        calls.append((model.members, sentences, threshold))
        scored = [
            ([(e, 1.0) for e in sentence.entities], [(r, 0.42) for r in sentence.relations])
            for sentence in sentences
        ]
        return {"of": name, "threshold": threshold}, scored

    def train(job: TrainingJob, runs_dir: pathlib.Path) -> Trained:
        folder = runs_dir / job.name
        choosing = None if job.protocol == AS_GIVEN else folder / "choosing"
        return Trained(folder / "final", choosing, 7, 0.8, "its own", {})

    monkeypatch.setattr(TrainingJob, "train", train)
    monkeypatch.setattr(ensemble_dir, "write", write)
    monkeypatch.setattr(model_dir, "load", load)
    monkeypatch.setattr(weights, "count", lambda model: 11)
    monkeypatch.setattr("jner_re.evaluation.evaluate.evaluate", evaluate)
    monkeypatch.setattr(card, "write", lambda folder: None)
    return calls


def ensemble(protocol: Protocol) -> EnsembleJob:
    data, config = Data("sample", (), DEV, TEST), ModelConfig(threshold=0.6)
    return EnsembleJob(
        tuple(
            TrainingJob(f"seed-{seed}", "single model", protocol, data, config, TrainConfig(seed=seed))
            for seed in (3, 4)
        )
    )


def test_dev_is_seen_by_the_choosing_models_and_test_by_the_final_ones(
    evaluated: Evaluated, tmp_path: pathlib.Path
) -> None:
    job = ensemble(ON_BOTH)
    record = job.run(tmp_path, threads=1)
    choosing, final = (tuple(tmp_path / f"seed-{i}" / name for i in (3, 4)) for name in ("choosing", "final"))
    assert any(sentence.relations for sentence in DEV)
    assert evaluated == [(choosing, DEV, 0.6), (choosing, DEV, 0.05), (final, TEST, 0.05)]
    assert (record.threshold, record.threshold_source) == (0.05, "best strict micro F1 of relations on dev")
    assert (record.dev, record.test) == ({"of": "dev", "threshold": 0.05}, {"of": "test", "threshold": 0.05})
    assert record.identity() == job.identity()
    assert (record.name, record.setting) == ("ensemble-3-4", "ensemble of 2")
    assert record.members == ("seed-3", "seed-4")


def test_without_a_choice_on_dev_dev_is_not_looked_at(evaluated: Evaluated, tmp_path: pathlib.Path) -> None:
    record = ensemble(AS_GIVEN).run(tmp_path, threads=1)
    final = tuple(tmp_path / f"seed-{i}" / "final" for i in (3, 4))
    assert evaluated == [(final, TEST, 0.6)]
    assert (record.threshold, record.threshold_source, record.dev) == (0.6, "as configured", None)
