"""Distillation: what teachers give, and students that learn it."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import untrained

from jner_re.config import TrainConfig
from jner_re.corpora import data_dir
from jner_re.errors import InputError
from jner_re.features import soft_targets
from jner_re.features.dataset import gold_arrays, training_batch
from jner_re.models import ensemble_dir, model_dir, model_files, weights
from jner_re.schema import LabelSet
from jner_re.training import fit
from jner_re.training.distillation import teach
from jner_re.training.moving_average import MovingAverage

SENTENCES = [sentence for sentence in data_dir.read_sample("train") if sentence.relations][:16]
LABELS = LabelSet.of(SENTENCES)
SMALL = dataclasses.replace(untrained.SMALL, rnn_dropout=0.2, ner_layers=0, re_layers=0, pair_context_size=0)
QUICK = TrainConfig(batch_size=4, epochs=2, learning_rate=3e-3, average_decay=0.9, jit_compile=False)
HARD = {sentence: soft_targets.hard(sentence, LABELS) for sentence in SENTENCES}


pytestmark = pytest.mark.usefixtures("own_cache")


def test_an_ensemble_teaches_the_mean_of_its_members(tmp_path: pathlib.Path) -> None:
    """Of equal tag scores, and of relation scores of opposite signs."""
    first = untrained.write(tmp_path / "first", SMALL)
    opened = model_dir.load(first)
    scorer = opened.model.get_layer("pair_scorer")
    for weight in scorer.trainable_weights:
        weight.assign(-0.7 * weight)
    (tmp_path / "second" / "checkpoints").mkdir(parents=True)
    for name in (model_files.CONFIG, model_files.VOCABULARY):
        (tmp_path / "second" / name).write_bytes((first / name).read_bytes())
    weights.save(opened.model, tmp_path / "second" / model_files.WEIGHTS)
    ensemble_dir.write(tmp_path / "both", [first, tmp_path / "second"], 0.5, "a test")

    sentences = [opened.vocabulary.label_set.known_part(sentence) for sentence in SENTENCES]
    one, other, both = (
        teach(model_dir.load(tmp_path / name), sentences) for name in ("first", "second", "both")
    )
    assert set(both) == set(sentences)
    for sentence in sentences:
        tags = both[sentence]["tag_probabilities"]
        assert tags.shape == (len(sentence.tokens), 5)
        np.testing.assert_allclose(tags, one[sentence]["tag_probabilities"], atol=1e-5)
        np.testing.assert_allclose(
            both[sentence]["transition_counts"], other[sentence]["transition_counts"], atol=1e-4
        )
        np.testing.assert_allclose(
            both[sentence]["relations"], (one[sentence]["relations"] + other[sentence]["relations"]) / 2,
            atol=1e-5,
        )  # fmt: skip
        if len(sentence.entities) > 1:
            assert np.abs(one[sentence]["relations"] - other[sentence]["relations"]).max() > 0.01
        assert not np.einsum("iir->ir", both[sentence]["relations"]).any()

    # As in training, with gold entities and without dropout; the first one's weights.
    (member,) = model_dir.load(first).members
    corpus = opened.inputs.corpus(sentences, tmp_path)
    gold = [gold_arrays(sentence, opened.vocabulary.label_set) for sentence in sentences]
    inputs, _ = training_batch(corpus, gold, range(len(sentences)))
    expected = tf.sigmoid(member.training(inputs, training=False)["re"]).numpy()
    for row, sentence in enumerate(sentences):
        m = len(sentence.entities)
        np.testing.assert_allclose(one[sentence]["relations"], expected[row, :m, :m], atol=1e-5)


class KilledError(Exception):
    """Stands for a kill: nothing is cleaned up or saved."""


def test_a_student_of_the_annotation_is_an_ordinary_model_also_after_a_kill(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, dev = SENTENCES[:12], SENTENCES[12:]

    def student(name: str, targets: soft_targets.SoftTargets | None = HARD) -> dict[str, Any]:
        return fit.train(SMALL, QUICK, train, dev, tmp_path / name, label_set=LABELS, soft_targets=targets)

    update, left = MovingAverage.on_train_batch_end, [3 + 1]  # three batches an epoch

    def dying_update(self: MovingAverage, number: int, logs: Any = None) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KilledError
        update(self, number, logs)

    with monkeypatch.context() as patch:
        patch.setattr(MovingAverage, "on_train_batch_end", dying_update)
        with pytest.raises(KilledError):
            student("whole")
    ordinary, whole = student("ordinary", None), student("whole")
    for one, other in zip(ordinary["history"], whole["history"], strict=True):
        for loss in ("loss", "ner_loss", "re_loss", "val_loss", "val_ner_loss", "val_re_loss"):
            assert one[loss] == pytest.approx(other[loss], rel=1e-3)

    softer = {
        sentence: {name: 0.9 * array for name, array in target.items()} for sentence, target in HARD.items()
    }
    for targets in (softer, None):
        with pytest.raises(InputError, match="the encoder or the soft targets have changed since"):
            student("whole", targets)
    with pytest.raises(InputError, match="1 of 12 sentences have no soft target"):
        student("new", {sentence: HARD[sentence] for sentence in train[1:]})
    assert not (tmp_path / "new").exists()
