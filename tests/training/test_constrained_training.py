"""Training with declared constraints: kept with the model, respected on dev, the same if it goes on."""

from __future__ import annotations

import dataclasses
import pathlib

import pytest
import untrained

from jner_re import constraints
from jner_re.config import TrainConfig
from jner_re.corpora import data_dir
from jner_re.errors import InputError
from jner_re.evaluation.evaluate import evaluate
from jner_re.models import model_dir
from jner_re.schema import LabelSet
from jner_re.training import fit

SMALL = dataclasses.replace(
    untrained.SMALL, rnn_size=16, ner_layers=0, re_layers=0, rnn_dropout=0.0, re_dropout=0.0, threshold=0.01
)
QUICK = TrainConfig(batch_size=4, epochs=6, learning_rate=0.01, jit_compile=False)
pytestmark = pytest.mark.usefixtures("own_cache")


def test_a_training(tmp_path: pathlib.Path) -> None:
    sentences = [sentence for sentence in data_dir.read_sample("train") if sentence.relations][:24]
    train, dev = sentences, sentences[:8]  # so that something is found
    types = LabelSet.of(train).relation_types
    limits = {type: {"per_head": 1, "per_tail": 1} for type in types}
    declared = constraints.of_json({"at_most": limits}, "c.json")
    metrics = fit.train(SMALL, QUICK, train, dev, tmp_path / "model", constraints=declared)
    with pytest.raises(InputError, match=r"constraints\.json: other constraints are declared for this run"):
        fit.train(SMALL, QUICK, train, dev, tmp_path / "model")

    trained = model_dir.load(tmp_path / "model")
    assert trained.constraints == declared
    report, scored = evaluate(trained, dev, 0.01, "dev")
    assert report == metrics["dev"]
    assert any(relations for _, relations in scored)
    for _, relations in scored:
        heads, tails = ([(getattr(r, end), r.type) for r, _ in relations] for end in ("head", "tail"))
        assert len(set(heads)) == len(heads) and len(set(tails)) == len(tails)
