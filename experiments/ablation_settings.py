"""The settings of the paper's ablation (section 4.2) as changes to a config, and their sizes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from jner_re.config import ModelConfig
from jner_re.errors import InputError

from .jobs.training_job import Data
from .tables.published import BASELINE, NO_NER_SPECIFIC, NO_RE_SPECIFIC, NO_TASK_SPECIFIC


def settings(config: ModelConfig) -> dict[str, ModelConfig]:
    """The four configs by name, the given one first: layers that are taken from a task become shared ones.

    All BiRNN layers but the first have the same input and output sizes, so that the size is kept.

    Raises:
      InputError: there is nothing to take away.
    """
    for name in ("ner_layers", "re_layers"):
        if not getattr(config, name):
            raise InputError(f"{name} is 0, expected at least 1: the ablation takes these layers away")

    def without(*names: str) -> ModelConfig:
        changes: dict[str, Any] = {name: 0 for name in names}
        moved = sum(getattr(config, name) for name in names)
        return dataclasses.replace(config, shared_layers=config.shared_layers + moved, **changes)

    return {
        BASELINE: config,
        NO_NER_SPECIFIC: without("ner_layers"),
        NO_RE_SPECIFIC: without("re_layers"),
        NO_TASK_SPECIFIC: without("ner_layers", "re_layers"),
    }


def trainable_parameters(configs: Sequence[ModelConfig], data: Data) -> list[int]:
    """The number of trained weights of each config's model for a corpus.

    Raises:
      InputError: the encoder or the word vectors aren't available.
    """
    from jner_re.features.chars import characters
    from jner_re.features.inputs import make_inputs, open_frozen
    from jner_re.models import model_dir, weights
    from jner_re.models.model_vocabulary import ModelVocabulary, argument_types
    from jner_re.schema import LabelSet

    sentences = [*data.train, *data.dev]
    labels = LabelSet.of(sentences)
    frozen = open_frozen(configs[0])
    vocabulary = ModelVocabulary(
        labels.entity_types,
        labels.relation_types,
        characters(sentences),
        argument_types(sentences),
        frozen.fingerprints,
        {},
    )
    inputs = make_inputs(configs[0], frozen, vocabulary.characters)
    return [weights.count(model_dir.build(config, inputs, vocabulary).inference) for config in configs]
