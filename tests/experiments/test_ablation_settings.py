"""The ablation's settings: named changes, and as many parameters as the paper says."""

from __future__ import annotations

import dataclasses

import pytest

from experiments import ablation_settings
from jner_re.config import ModelConfig
from jner_re.errors import InputError
from jner_re.features.specs import InputSizes
from jner_re.models import joint, weights
from jner_re.schema import LabelSet

PAPER = ModelConfig()  # as CoNLL04 in Table 1: 1 shared, 1 NER-specific, 2 RE-specific
LABELS = LabelSet(("Loc", "Org", "Other", "Peop"), ("Kill", "Live_In"))
SIZES = InputSizes(encoders=((3, 12),), word_width=5, num_chars=20)


def depths(config: ModelConfig) -> tuple[int, int, int]:
    return config.shared_layers, config.ner_layers, config.re_layers


def test_layers_are_moved_and_nothing_else_is_changed() -> None:
    settings = ablation_settings.settings(PAPER)
    assert {name: depths(config) for name, config in settings.items()} == {
        "baseline": (1, 1, 2),
        "no NER-specific BiRNNs": (2, 0, 2),
        "no RE-specific BiRNNs": (3, 1, 0),
        "no task-specific BiRNNs": (4, 0, 0),
    }
    for config in settings.values():
        assert dataclasses.replace(config, shared_layers=1, ner_layers=1, re_layers=2) == PAPER


def test_the_four_have_equally_many_parameters() -> None:
    small = dataclasses.replace(PAPER, rnn_size=32, char_rnn_size=0, pair_context_size=0)
    counts = [
        weights.count(joint.build(config, SIZES, LABELS).inference)
        for config in ablation_settings.settings(small).values()
    ]
    assert len(set(counts)) == 1
    without = dataclasses.replace(small, ner_layers=0, re_layers=0)
    layer = 2 * (3 * (64 + 32 + 1) * 32 + 32)  # a BiGRU on 64 inputs; the candidate state has two biases
    assert counts[0] - weights.count(joint.build(without, SIZES, LABELS).inference) == 3 * layer


def test_nothing_to_take_away() -> None:
    with pytest.raises(InputError, match="ner_layers is 0, expected at least 1"):
        ablation_settings.settings(dataclasses.replace(PAPER, ner_layers=0))
