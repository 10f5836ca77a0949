"""What experiments.tune searches: configs drawn from a space, or a grid of depths.

A draw depends on the seed and its number alone, so that a search that is run again finds its trials.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import math
from typing import Any

import numpy as np

from jner_re.config import ModelConfig, TrainConfig

SHARED_LAYERS, TASK_LAYERS = (1, 2, 3), (0, 1, 2, 3)  # paper, section 4
_CHOICES: dict[str, tuple[Any, ...]] = {
    "shared_layers": SHARED_LAYERS,
    "ner_layers": TASK_LAYERS,
    "re_layers": TASK_LAYERS,
    "rnn_cell": ("gru", "lstm"),
    "rnn_size": (64, 128, 256, 384),
    "ner_hidden_size": (32, 64, 128),
    "ner_activation": ("tanh", "relu"),
    "re_hidden_size": (64, 128, 256),
    "re_activation": ("tanh", "relu"),
    "label_embedding_size": (10, 25, 50),
    "rnn_dropout": (0.2, 0.35, 0.5, 0.65),
    "re_dropout": (0.2, 0.35, 0.5, 0.65),
    "batch_size": (2, 4, 8, 16, 32),
    "relation_weight": (1.0, 2.0, 5.0, 10.0),
}
_LEARNING_RATES = (2e-4, 4e-3)  # between these, uniform on a logarithmic scale


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A point of the space: what differs from the config that the flags give."""

    values: dict[str, Any]

    @property
    def name(self) -> str:
        """Of its run: it depends on the values alone."""
        content = json.dumps(self.values, sort_keys=True)
        return f"trial-{hashlib.sha256(content.encode()).hexdigest()[:10]}"

    def configs(self, model: ModelConfig, train: TrainConfig) -> tuple[ModelConfig, TrainConfig]:
        """The given configs with the candidate's values."""
        model_fields = {field.name for field in dataclasses.fields(ModelConfig)}
        of_model = {name: value for name, value in self.values.items() if name in model_fields}
        of_train = {name: value for name, value in self.values.items() if name not in model_fields}
        return dataclasses.replace(model, **of_model), dataclasses.replace(train, **of_train)


def draws(count: int, seed: int) -> list[Candidate]:
    """Candidates at random; the first ones are the same whatever the count."""
    return [_draw(seed, number) for number in range(count)]


def depth_grid() -> list[Candidate]:
    """All 48 combinations of depths."""
    names = ("shared_layers", "ner_layers", "re_layers")
    depths = itertools.product(SHARED_LAYERS, TASK_LAYERS, TASK_LAYERS)
    return [Candidate(dict(zip(names, values, strict=True))) for values in depths]


def domains() -> dict[str, tuple[Any, ...]]:
    """The values of each name, or its bounds (learning_rate)."""
    return {**_CHOICES, "learning_rate": _LEARNING_RATES}


def _draw(seed: int, number: int) -> Candidate:
    random = np.random.default_rng([seed, number])
    values = {name: choices[random.integers(len(choices))] for name, choices in _CHOICES.items()}
    low, high = map(math.log10, _LEARNING_RATES)
    learning_rate = float(f"{10 ** random.uniform(low, high):.3g}")
    return Candidate({**values, "learning_rate": learning_rate})
