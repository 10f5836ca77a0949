"""The joint model: what feeds relation extraction, masks, padding, size."""

from __future__ import annotations

import dataclasses
import pathlib

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from untrained import SMALL

from jner_re.config import ModelConfig
from jner_re.features.specs import InputSizes
from jner_re.layers.pair_mask import MASKED_LOGIT
from jner_re.models import declared, joint
from jner_re.models.relation_loss import relation_loss
from jner_re.schema import LabelSet

LABELS = LabelSet(("Loc", "Peop"), ("Kill", "Live_In"))
SIZES = InputSizes(encoders=((3, 6),), word_width=5, num_chars=12)
OUT, B_LOC, I_LOC, B_PEOP, I_PEOP = range(5)


def features(lengths: list[int], length: int, chars: int = 6, seed: int = 0) -> dict[str, np.ndarray]:
    """Random features; what is past a sentence's length is zero, as the dataset pads."""
    random = np.random.default_rng(seed)
    batch = {
        "lengths": np.array(lengths, np.int32),
        "encoder_layers": random.normal(size=(len(lengths), length, 3, 6)).astype(np.float16),
        "word_vectors": random.normal(size=(len(lengths), length, 5)).astype(np.float32),
        "char_ids": random.integers(1, 12, size=(len(lengths), length, chars)).astype(np.int32),
        "casing_ids": random.integers(0, 7, size=(len(lengths), length)).astype(np.int32),
    }
    for row, size in enumerate(lengths):
        for name in set(batch) - {"lengths"}:
            batch[name][row, size:] = 0
    return batch


def model(config: ModelConfig = SMALL, allowed: joint.AllowedPairs | None = None) -> joint.JointModel:
    keras.utils.set_random_seed(3)
    built = joint.build(config, SIZES, LABELS, allowed)
    random = np.random.default_rng(4)
    for weight in built.training.trainable_weights:  # no bias or gate is left at zero
        weight.assign_add(0.3 * random.normal(size=weight.shape))
    built.training.get_layer("ner_scores").bias.assign([-2.0, 1.0, 0.0, 1.0, 0.0])  # entities are predicted
    return built


def predict_always(built: joint.JointModel, tag: int) -> None:
    """Makes the CRF's best sequence that tag everywhere."""
    kernel, bias = built.training.get_layer("ner_scores").weights
    kernel.assign(tf.zeros_like(kernel))
    bias.assign(1000.0 * tf.one_hot(tag, len(LABELS.tags)))


def gold(tag_ids: list[int], spans: list[tuple[int, int]]) -> dict[str, np.ndarray]:
    return {"tag_ids": np.array([tag_ids], np.int32), "spans": np.array([spans], np.int32)}


def test_training_scores_the_gold_spans_whatever_is_predicted() -> None:
    built = model()
    inputs = {**features([4], 4), **gold([B_PEOP, I_PEOP, OUT, B_LOC], [(0, 2), (3, 4)])}
    before = built.training(inputs)["re"].numpy()
    assert before.shape == (1, 2, 2, 2)
    assert (before[0, [0, 1], [1, 0]] > MASKED_LOGIT).all()
    for tag in (OUT, B_LOC):
        predict_always(built, tag)
        np.testing.assert_array_equal(built.training(inputs)["re"], before)


def test_training_embeds_the_gold_labels() -> None:
    built, given = model(), features([4], 4)
    spans = [(0, 2), (3, 4)]
    as_person = built.training({**given, **gold([B_PEOP, I_PEOP, OUT, B_LOC], spans)})["re"].numpy()
    as_place = built.training({**given, **gold([B_LOC, I_LOC, OUT, B_LOC], spans)})["re"].numpy()
    assert np.abs(as_person - as_place)[0, 0, 1].max() > 1e-3


@pytest.mark.parametrize(("tag", "count", "kind"), [(OUT, 0, None), (B_LOC, 4, 0), (B_PEOP, 4, 1)])
def test_inference_scores_the_predicted_spans(tag: int, count: int, kind: int | None) -> None:
    built = model()
    predict_always(built, tag)
    outputs = built.inference(features([4], 4))
    assert outputs["spans"].numpy().tolist() == [[[t, t + 1] for t in range(count)]]
    assert outputs["entity_types"].numpy().tolist() == [[kind] * count]
    assert outputs["relation_scores"].shape == (1, count, count, 2)
    # The same as the training view, when what was predicted is given as gold.
    spans = [(t, t + 1) for t in range(count)]
    if count:
        logits = built.training({**features([4], 4), **gold([tag] * 4, spans)})["re"]
        np.testing.assert_allclose(outputs["relation_scores"], tf.sigmoid(logits), atol=1e-6)


def test_no_entity_is_paired_with_itself() -> None:
    inputs = {**features([4], 4), **gold([B_PEOP, OUT, B_LOC, B_LOC], [(0, 1), (2, 3), (3, 4)])}
    logits = model().training(inputs)["re"].numpy()[0]
    assert (logits[range(3), range(3)] == MASKED_LOGIT).all()
    assert (logits[~np.eye(3, dtype=bool)] > MASKED_LOGIT).all()


def test_typed_pairs_leave_only_argument_types_seen_in_training() -> None:
    allowed = declared.allowed_pairs(LABELS, [("Peop", "Loc", "Live_In"), ("Peop", "Peop", "Kill")])
    given = features([6, 3], 6)
    typed, free = (
        {name: value.numpy() for name, value in model(config, allowed).inference(given).items()}
        for config in (dataclasses.replace(SMALL, typed_pairs=True), SMALL)
    )
    np.testing.assert_array_equal(typed["entity_types"], free["entity_types"])
    types = free["entity_types"]
    seen = {(1, 0, 1), (1, 1, 0)}  # types of head and tail, relation
    open_cells = {
        (types[b, i], types[b, j], r) for b, i, j, r in np.argwhere(typed["relation_scores"] > 1e-8)
    }
    assert open_cells == seen
    for b, i, j, r in np.argwhere(free["relation_scores"] > 1e-8):
        expected = free["relation_scores"][b, i, j, r] if (types[b, i], types[b, j], r) in seen else 0.0
        assert typed["relation_scores"][b, i, j, r] == expected


def test_training_learns_all_types_for_all_pairs() -> None:
    """Typed pairs are for inference alone."""
    allowed = declared.allowed_pairs(LABELS, [("Peop", "Loc", "Live_In")])
    inputs = {**features([4], 4), **gold([B_PEOP, OUT, B_LOC, B_PEOP], [(0, 1), (2, 3), (3, 4)])}
    for config in (SMALL, dataclasses.replace(SMALL, typed_pairs=True)):
        logits = model(config, allowed).training(inputs)["re"].numpy()[0]
        assert (logits > MASKED_LOGIT).sum() == 12


def test_entity_weighted_multiplies_by_both_posteriors() -> None:
    given = features([6, 3], 6)
    plain = model().inference(given)
    weighted = model(dataclasses.replace(SMALL, entity_weighted=True)).inference(given)
    posteriors = plain["entity_scores"].numpy()
    assert posteriors.size and (posteriors <= 1.0001).all()
    expected = plain["relation_scores"].numpy() * posteriors[:, :, None, None] * posteriors[:, None, :, None]
    np.testing.assert_allclose(weighted["relation_scores"], expected, rtol=1e-4, atol=1e-7)


def test_padding_and_neighbours_change_nothing() -> None:
    built = model()
    long = features([9, 5, 1], 12, chars=10)
    long["char_ids"][:, :, 6:] = 0
    together = {name: value.numpy() for name, value in built.inference(long).items()}
    for row, length in enumerate([9, 5, 1]):
        alone = {name: values[row : row + 1, :length] for name, values in long.items() if name != "lengths"}
        alone["char_ids"] = alone["char_ids"][:, :, :6]
        alone["lengths"] = np.array([length], np.int32)
        outputs = built.inference(alone)
        count = outputs["spans"].shape[1]
        assert count
        np.testing.assert_array_equal(together["tag_ids"][row, :length], outputs["tag_ids"][0])
        assert (together["tag_ids"][row, length:] == OUT).all()
        np.testing.assert_array_equal(together["spans"][row, :count], outputs["spans"][0])
        assert (together["entity_types"][row, count:] == -1).all()
        np.testing.assert_allclose(
            together["relation_scores"][row, :count, :count], outputs["relation_scores"][0], atol=1e-5
        )
        assert together["relation_scores"][row, count:].max(initial=0) < 1e-8


def test_an_empty_batch_and_an_empty_sentence_give_nothing() -> None:
    built = model()
    assert built.inference(features([0], 3))["spans"].shape == (1, 0, 2)
    assert built.inference(features([], 0))["spans"].shape == (0, 0, 2)


@pytest.mark.parametrize(
    "config", [SMALL, dataclasses.replace(SMALL, ner_layers=0, re_layers=0, rnn_cell="lstm")]
)
def test_one_training_step_changes_every_weight(config: ModelConfig) -> None:
    built = model(config)
    before = [weight.numpy() for weight in built.training.trainable_weights]
    tag_ids = [[B_PEOP, OUT, B_LOC, OUT, B_LOC], [B_LOC, OUT, OUT, B_PEOP, 0]]
    inputs = {**features([5, 4], 5), "tag_ids": np.array(tag_ids, np.int32)}
    inputs["spans"] = np.array([[(0, 1), (2, 3), (4, 5)], [(0, 1), (3, 4), (0, 0)]], np.int32)
    relations = np.random.default_rng(0).integers(0, 2, (2, 3, 3, 2))
    built.training.compile(keras.optimizers.Adam(), 5.0)
    built.training.train_step((inputs, relations))
    unchanged = [
        weight.name
        for weight, old in zip(built.training.trainable_weights, before, strict=True)
        if np.array_equal(weight.numpy(), old)
    ]
    assert not unchanged


def test_the_loss_is_the_mean_over_sentences_of_both_tasks_weighted() -> None:
    built = model(dataclasses.replace(SMALL, rnn_dropout=0.0, re_dropout=0.0, pair_context_dropout=0.0))
    tag_ids = [[B_PEOP, OUT, B_LOC, OUT], [B_LOC, OUT, B_PEOP, 0], [OUT, B_LOC, B_LOC, I_LOC]]
    inputs = {**features([4, 3, 4], 4), "tag_ids": np.array(tag_ids, np.int32)}
    inputs["spans"] = np.array([[(0, 1), (2, 3)], [(0, 1), (2, 3)], [(1, 2), (2, 4)]], np.int32)
    relations = np.random.default_rng(0).integers(0, 2, (3, 2, 2, 2)).astype(np.uint8)
    relations[:, [0, 1], [0, 1]] = 0
    outputs = built.training(inputs)
    ner, re = outputs["ner"].numpy(), relation_loss(relations, outputs["re"]).numpy()
    built.training.compile(keras.optimizers.SGD(0.0), 3.0)
    expected = {"loss": (ner + 3 * re).mean(), "ner_loss": ner.mean(), "re_loss": re.mean()}
    for step in (built.training.test_step, built.training.train_step):
        built.training.reset_metrics()
        for rows in (slice(0, 2), slice(2, 3)):  # batches of two sentences and of one
            found = step(({name: values[rows] for name, values in inputs.items()}, relations[rows]))
        assert {name: float(value) for name, value in found.items()} == pytest.approx(expected, rel=1e-5)


PRESETS = pathlib.Path(__file__).parents[2] / "experiments" / "presets"


def preset(name: str) -> ModelConfig:
    """The model config of a flag file, read without absl."""
    values = {}
    fields = {field.name: type(field.default) for field in dataclasses.fields(ModelConfig)}
    for line in (PRESETS / name).read_text().splitlines():
        if line.startswith("--") and "=" in line:
            key, value = line[2:].split("=", 1)
            if key in fields:
                values[key] = fields[key](value)
    return ModelConfig(**values)


def test_the_papers_model_has_about_six_million_trainable_parameters() -> None:
    sizes = InputSizes(encoders=((3, 1024),), word_width=50, num_chars=90)
    labels = LabelSet(("Loc", "Org", "Other", "Peop"), tuple("abcde"))
    built = joint.build(preset("conll04_paper.flags"), sizes, labels)
    count = sum(int(np.prod(weight.shape)) for weight in built.training.trainable_weights)
    assert 5_600_000 <= count <= 6_300_000
    assert not built.training.get_layer("pair_scorer").context_size
