"""Training with declared constraints: kept with the model, respected on dev, the same when it goes on."""

from __future__ import annotations

import pathlib

import pytest

from jner_re import constraints
from jner_re.config import ModelConfig, TrainConfig
from jner_re.corpora import data_dir
from jner_re.errors import InputError
from jner_re.evaluation.evaluate import evaluate
from jner_re.models import model_dir
from jner_re.training import fit

SMALL = ModelConfig(
    encoder="", glove="", rnn_size=8, char_rnn_size=8, ner_layers=0, re_layers=0, threshold=0.01
)
QUICK = TrainConfig(batch_size=8, epochs=1, learning_rate=0.02, jit_compile=False)
pytestmark = pytest.mark.usefixtures("own_cache")


def test_a_training(tmp_path: pathlib.Path) -> None:
    sentences = [sentence for sentence in data_dir.read_sample("train") if sentence.relations][:24]
    train, dev = sentences[:16], sentences[16:]
    declared = constraints.of_json({"at_most": {"Work_For": {"per_head": 1, "per_tail": 1}}}, "c.json")
    metrics = fit.train(SMALL, QUICK, train, dev, tmp_path / "model", constraints=declared)
    assert fit.train(SMALL, QUICK, train, dev, tmp_path / "model", constraints=declared) == metrics
    with pytest.raises(InputError, match=r"constraints\.json: other constraints are declared for this run"):
        fit.train(SMALL, QUICK, train, dev, tmp_path / "model")

    trained = model_dir.load(tmp_path / "model")
    assert trained.constraints == declared
    report, scored = evaluate(trained, dev, 0.01, "dev")
    assert report == metrics["dev"]
    works = [
        [relation for relation, _ in relations if relation.type == "Work_For"] for _, relations in scored
    ]
    assert any(works)
    for relations in works:
        assert len({r.head for r in relations}) == len({r.tail for r in relations}) == len(relations)
    free, _ = evaluate(model_dir.load(tmp_path / "model", constraints=constraints.NONE), dev, 0.01, "dev")
    assert free["re"]["strict"]["micro"]["fp"] > report["re"]["strict"]["micro"]["fp"]
