"""How much arithmetic a training step needs: the floating-point operations of its matrix products."""

from __future__ import annotations

import numpy as np

from jner_re.config import ModelConfig
from jner_re.features.casing import NUM_CLASSES
from jner_re.features.specs import InputSizes
from jner_re.schema import LabelSet

_GATES = {"gru": 3, "lstm": 4}


def training_operations(
    config: ModelConfig, sizes: InputSizes, label_set: LabelSet, batch: dict[str, np.ndarray]
) -> int:
    """Three times the forward pass: A B has the gradients dC B^T and A^T dC, products of its size."""
    return 3 * forward_operations(config, sizes, label_set, batch)


def forward_operations(
    config: ModelConfig, sizes: InputSizes, label_set: LabelSet, batch: dict[str, np.ndarray]
) -> int:
    """Multiplications and additions in the products of one forward pass.

    Only what the annotation asks for is counted: padding is waste, whoever computes it. Sums and products of
    single elements (gates, CRF, dropout, pair context) are not counted.

    Args:
      config: the architecture.
      sizes: sizes of the inputs.
      label_set: entity and relation types.
      batch: inputs as `features.dataset.training_batch` gives them.
    """
    tokens = int(batch["lengths"].sum())
    counts = (batch["spans"][:, :, 1] > batch["spans"][:, :, 0]).sum(axis=1)  # entities of each sentence
    characters = int((batch["char_ids"] > 0).sum()) if sizes.num_chars else 0
    multiplications = (
        tokens * token_multiplications(config, sizes, len(label_set.tags))
        + characters
        * birnn_multiplications(config.rnn_cell, config.char_embedding_size, config.char_rnn_size)
        + int(counts.sum()) * entity_multiplications(config, len(label_set.relation_types))
        + int((counts**2).sum()) * pair_multiplications(config, len(label_set.relation_types))
    )
    return 2 * multiplications


def birnn_multiplications(cell: str, width: int, units: int) -> int:
    """One step of both directions: x W and h U."""
    return 2 * _GATES[cell] * units * (width + units)


def token_multiplications(config: ModelConfig, sizes: InputSizes, num_tags: int) -> int:
    """The layer average, the BiRNNs over tokens, tag scores and the pair context's projection."""
    states = 2 * config.rnn_size
    layers = config.shared_layers + config.ner_layers + config.re_layers
    return (
        sum(layers * width for layers, width in sizes.encoders)
        + birnn_multiplications(config.rnn_cell, token_width(config, sizes), config.rnn_size)
        + (layers - 1) * birnn_multiplications(config.rnn_cell, states, config.rnn_size)
        + states * config.ner_hidden_size
        + config.ner_hidden_size * num_tags
        + states * config.pair_context_size
    )


def token_width(config: ModelConfig, sizes: InputSizes) -> int:
    """D of v = encoder ∘ GloVe ∘ characters ∘ casing."""
    casing = NUM_CLASSES if config.casing else 0
    encoders = sum(width for _, width in sizes.encoders)
    return encoders + sizes.word_width + 2 * config.char_rnn_size + casing


def entity_multiplications(config: ModelConfig, num_relations: int) -> int:
    """FFNN(r1), and the rows of FFNN(r2) for a head and for a tail."""
    width = 2 * config.rnn_size + config.label_embedding_size
    return config.re_hidden_size * (width + 2 * num_relations)


def pair_multiplications(config: ModelConfig, num_relations: int) -> int:
    """DistMult, the cosine, and the rows of FFNN(r2) for DistMult and for the pair context."""
    width = 2 * config.rnn_size + config.label_embedding_size
    scores = width + num_relations + config.pair_context_size
    return config.re_hidden_size + num_relations * scores
