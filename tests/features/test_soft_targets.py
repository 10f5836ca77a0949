"""Soft targets: the annotation as one, mixtures, and their file."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from jner_re.errors import InputError
from jner_re.features import soft_targets
from jner_re.schema import EntitySpan, LabelSet, RelationPair, Sentence

LABELS = LabelSet(("Loc", "Peop"), ("Kill", "Live_In"))
K, R = len(LABELS.tags), 2
SENTENCES = [
    Sentence(("Ada", "Berg", "lives", "in", "Oslo"), (EntitySpan(0, 2, "Peop"), EntitySpan(4, 5, "Loc")),
             (RelationPair(0, 1, "Live_In"),)),
    Sentence(("No", "one")),
    Sentence(("Oslo",), (EntitySpan(0, 1, "Loc"),)),
]  # fmt: skip
FACTS = {"folds": 5, "train": {"sentences": 3, "sha256": "abc"}, "learning_rate": 0.001}


def made_up(seed: int = 0) -> soft_targets.SoftTargets:
    random = np.random.default_rng(seed)
    return {
        sentence: {
            "tag_probabilities": random.random((len(sentence.tokens), K), np.float32),
            "transition_counts": random.random((1, K, K), np.float32),
            "relations": random.random((len(sentence.entities), len(sentence.entities), R), np.float32),
        }
        for sentence in SENTENCES
    }


def assert_same(one: soft_targets.SoftTargets, other: soft_targets.SoftTargets) -> None:
    assert set(one) == set(other)
    for sentence, target in one.items():
        for name in soft_targets.NAMES:
            assert other[sentence][name].dtype == np.float32
            np.testing.assert_array_equal(target[name], other[sentence][name])


def test_annotation_by_hand() -> None:
    target = soft_targets.hard(SENTENCES[0], LABELS)
    assert target["tag_probabilities"].argmax(axis=1).tolist() == [3, 4, 0, 0, 1]
    assert target["tag_probabilities"].sum() == 5
    counts = np.zeros((K, K))
    counts[3, 4] = counts[4, 0] = counts[0, 0] = counts[0, 1] = 1
    np.testing.assert_array_equal(target["transition_counts"], [counts])
    assert np.argwhere(target["relations"]).tolist() == [[0, 1, 1]]


def test_mixtures() -> None:
    targets = made_up()
    assert_same(soft_targets.mixed(targets, 1.0, LABELS), targets)
    hard = {sentence: soft_targets.hard(sentence, LABELS) for sentence in SENTENCES}
    assert_same(soft_targets.mixed(targets, 0.0, LABELS), hard)
    for sentence, target in soft_targets.mixed(targets, 0.25, LABELS).items():
        for name in soft_targets.NAMES:
            expected = 0.75 * hard[sentence][name] + 0.25 * targets[sentence][name]
            np.testing.assert_allclose(target[name], expected, rtol=1e-6)


def test_the_file_gives_back_what_was_written(tmp_path: pathlib.Path) -> None:
    path, targets = tmp_path / "soft_targets.npz", made_up()
    soft_targets.write(path, targets, SENTENCES, FACTS)
    again = soft_targets.read(path, SENTENCES, FACTS)
    assert_same(again, targets)
    checksums = [
        soft_targets.checksum(soft_targets.of_sentences(each, SENTENCES))
        for each in (targets, again, made_up(1))
    ]
    assert checksums[0] == checksums[1] != checksums[2]
    assert [each.name for each in tmp_path.iterdir()] == ["soft_targets.npz"]


def test_targets_of_something_else_are_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "soft_targets.npz"
    soft_targets.write(path, made_up(), SENTENCES, FACTS)
    with pytest.raises(InputError, match=r"soft_targets\.npz: folds is 5, expected 4: "):
        soft_targets.read(path, SENTENCES, {**FACTS, "folds": 4})
    with pytest.raises(InputError, match=r"members is None, expected 3: "):
        soft_targets.read(path, SENTENCES, {**FACTS, "members": 3})
    content = path.read_bytes()
    for damaged in (b"", content[: len(content) // 2], b"[]"):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"soft_targets\.npz: .*, expected soft targets"):
            soft_targets.read(path, SENTENCES, FACTS)


def test_every_sentence_needs_a_target(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="1 of 2 sentences have no soft target"):
        soft_targets.of_sentences(made_up(), [SENTENCES[0], Sentence(("another",))])
