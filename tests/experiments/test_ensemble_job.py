"""An ensemble's run: dev is seen by the models that did not train on it, test by the final ones."""

from __future__ import annotations

import pathlib

import pytest
import untrained

from experiments.jobs.ensemble_job import EnsembleJob
from experiments.jobs.training_job import ON_BOTH, Data, Trained, TrainingJob
from jner_re.config import TrainConfig
from jner_re.corpora import sample_corpus
from jner_re.evaluation import evaluate
from jner_re.models import model_dir


def blind(folder: pathlib.Path) -> pathlib.Path:
    """A model directory whose model finds nothing."""
    model = model_dir.load(untrained.write(folder)).model
    kernel, bias = model.get_layer("ner_scores").weights
    kernel.assign(kernel * 0)
    bias.assign([1000.0, 0.0, 0.0, 0.0, 0.0])
    model_dir.save_weights(model, folder / model_dir.WEIGHTS)
    return folder


def test_dev_is_seen_by_the_choosing_models_and_test_by_the_final_ones(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    final, choosing = untrained.write(tmp_path / "final"), blind(tmp_path / "choosing")
    trained = Trained(final, choosing, 7, 0.35, "dev", {})
    monkeypatch.setattr(TrainingJob, "train", lambda self, runs_dir: trained)
    dev, test = sample_corpus.read_sample("dev")[:8], sample_corpus.read_sample("test")[:8]
    data = Data("sample", (), tuple(dev), tuple(test))
    members = tuple(
        TrainingJob(f"seed-{seed}", "single model", ON_BOTH, data, untrained.WEIGHTED, TrainConfig(seed=seed))
        for seed in (3, 4)
    )
    job = EnsembleJob(members)
    record = job.run(tmp_path / "runs", threads=1)
    assert record.name == "ensemble-3-4"
    assert record.identity() == job.identity()
    assert (record.setting, record.members) == ("ensemble of 2", ("seed-3", "seed-4"))
    assert record.threshold == untrained.WEIGHTED.threshold
    assert record.threshold_source == "as configured: no relation was right on dev"
    assert record.dev is not None and record.dev["ner"]["strict"]["micro"]["fp"] == 0
    single = model_dir.load(final)
    expected, _ = evaluate(single, test, record.threshold, "test")
    assert record.test == expected and expected["ner"]["strict"]["micro"]["fp"] > 0
    ensemble = tmp_path / "runs" / "ensemble-3-4" / "final"
    assert model_dir.load(ensemble).threshold == record.threshold
    crf = sum(weight.shape.num_elements() for weight in single.model.get_layer("crf").weights)
    assert record.parameters == 2 * model_dir.trainable_parameters(single.model) - crf
