"""The joint model as Keras functional models that share their layers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import tensorflow as tf

from jner_re.config import ModelConfig
from jner_re.features.casing import NUM_CLASSES
from jner_re.features.inputs import InputSizes
from jner_re.layers.birnn_stack import BiRNNStack
from jner_re.layers.char_encoder import CharEncoder
from jner_re.layers.crf import CRF, CRFNegativeLogLikelihood, CRFSpanPosteriors
from jner_re.layers.dropout import Dropout
from jner_re.layers.pair_context import PairContext
from jner_re.layers.pair_mask import PairMask
from jner_re.layers.relation_scorer import RelationScorer
from jner_re.layers.span_ends import SpanEnds, at_span_ends
from jner_re.layers.weighted_average import WeightedAverage
from jner_re.models.decode import spans_from_tags
from jner_re.schema import LabelSet

AllowedPairs = list[list[list[bool]]]


@dataclasses.dataclass(frozen=True)
class JointModel:
    """Two views of the same layers.

    Attributes:
      training: from features and gold annotation to `ner`, the negative log-likelihood [B], and `re`, the
        logits [B, M, M, R] of all pairs of gold entities.
      inference: from features to `tag_ids` [B, T], `spans` [B, M, 2], `entity_types` [B, M],
        `entity_scores` [B, M] and `relation_scores` [B, M, M, R], all from predicted tags.
    """

    training: tf.keras.Model
    inference: tf.keras.Model


def build(
    config: ModelConfig,
    sizes: InputSizes,
    label_set: LabelSet,
    allowed: AllowedPairs | None = None,
    jit_compile: bool = False,
) -> JointModel:
    """Builds the model of the paper's section 3, or with its extensions, as `config` says.

    Args:
      config: the architecture.
      sizes: sizes of the inputs.
      label_set: entity and relation types.
      allowed: bool [E, E, R]; the argument types seen together in training, if `config.typed_pairs`.
      jit_compile: whether XLA compiles the BiRNNs' loops when training.
    """
    num_tags, num_relations = len(label_set.tags), len(label_set.relation_types)
    inputs = _inputs(config, sizes)
    lengths = inputs["lengths"]
    gold_tag_ids = tf.keras.Input([None], dtype=tf.int32, name="tag_ids")
    gold_spans = tf.keras.Input([None, 2], dtype=tf.int32, name="spans")

    # Layers
    def birnns(depth: int, name: str) -> BiRNNStack:
        return BiRNNStack(config.rnn_size, depth, config.rnn_cell, config.rnn_dropout, jit_compile, name=name)

    shared_birnns = birnns(config.shared_layers, "shared_birnns")
    ner_birnns = birnns(config.ner_layers, "ner_birnns")
    re_birnns = birnns(config.re_layers, "re_birnns")
    ner_hidden = tf.keras.layers.Dense(config.ner_hidden_size, config.ner_activation, name="ner_hidden")
    ner_scores = tf.keras.layers.Dense(num_tags, name="ner_scores")
    crf = CRF(num_tags, name="crf")
    span_ends = SpanEnds(num_tags, config.label_embedding_size, name="span_ends")
    re_dropout = Dropout(config.re_dropout, name="re_dropout")
    scorer = RelationScorer(
        num_relations, config.re_hidden_size, config.re_activation, name="relation_scorer"
    )
    pair_mask = PairMask(allowed if config.typed_pairs else None, name="re")
    if config.pair_context_size:
        pair_context = PairContext(config.pair_context_size, config.pair_context_dropout, name="pair_context")
        context_scores = tf.keras.layers.Dense(num_relations, use_bias=False, name="context_scores")

    # Model
    tokens = _token_representations(config, sizes, inputs)
    states = shared_birnns(tokens, lengths)
    tag_logits = ner_scores(ner_hidden(ner_birnns(states, lengths)))
    re_states = re_birnns(states, lengths)

    def pair_logits(tag_ids: tf.Tensor, spans: tf.Tensor) -> tf.Tensor:
        entities = re_dropout(span_ends(re_states, tag_ids, spans))
        logits = scorer(entities)
        if config.pair_context_size:
            logits += context_scores(pair_context(re_states, spans))
        types = (at_span_ends(tag_ids, spans) - 1) // 2
        return pair_mask(logits, spans, types)

    training_outputs = {
        "ner": CRFNegativeLogLikelihood(crf, name="ner")(tag_logits, gold_tag_ids, lengths),
        "re": pair_logits(gold_tag_ids, gold_spans),
    }
    tag_ids = crf(tag_logits, lengths)
    spans, types = spans_from_tags(tag_ids)
    entity_scores = CRFSpanPosteriors(crf, name="entity_scores")(
        tag_logits, lengths, spans[:, :, 0], spans[:, :, 1], types
    )
    relation_scores = tf.sigmoid(pair_logits(tag_ids, spans))
    if config.entity_weighted:
        weights = entity_scores[:, :, tf.newaxis] * entity_scores[:, tf.newaxis]
        relation_scores *= weights[..., tf.newaxis]
    inference_outputs = {
        "tag_ids": tag_ids,
        "spans": spans,
        "entity_types": types,
        "entity_scores": entity_scores,
        "relation_scores": relation_scores,
    }
    return JointModel(
        tf.keras.Model(
            {**inputs, "tag_ids": gold_tag_ids, "spans": gold_spans}, training_outputs, name="training"
        ),
        tf.keras.Model(inputs, inference_outputs, name="inference"),
    )


def _inputs(config: ModelConfig, sizes: InputSizes) -> dict[str, tf.Tensor]:
    """The inputs that both models read."""
    inputs = {"lengths": tf.keras.Input([], dtype=tf.int32, name="lengths")}
    if sizes.encoder_layers:
        shape = [None, sizes.encoder_layers, sizes.encoder_width]
        inputs["encoder_layers"] = tf.keras.Input(shape, dtype=tf.float16, name="encoder_layers")
    if sizes.word_width:
        inputs["word_vectors"] = tf.keras.Input([None, sizes.word_width], name="word_vectors")
    if sizes.num_chars:
        inputs["char_ids"] = tf.keras.Input([None, None], dtype=tf.int32, name="char_ids")
    if config.casing:
        inputs["casing_ids"] = tf.keras.Input([None], dtype=tf.int32, name="casing_ids")
    return inputs


def _token_representations(config: ModelConfig, sizes: InputSizes, inputs: dict[str, tf.Tensor]) -> tf.Tensor:
    """v = encoder ∘ GloVe ∘ characters ∘ casing (paper, equation 1): [B, T, D]."""
    parts: list[tf.Tensor] = []
    if "encoder_layers" in inputs:
        parts.append(WeightedAverage(name="layer_average")(inputs["encoder_layers"]))
    if "word_vectors" in inputs:
        parts.append(inputs["word_vectors"])
    if "char_ids" in inputs:
        encoder = CharEncoder(
            sizes.num_chars,
            config.char_embedding_size,
            config.char_rnn_size,
            config.rnn_cell,
            name="char_encoder",
        )
        parts.append(encoder(inputs["char_ids"]))
    if "casing_ids" in inputs:
        parts.append(tf.one_hot(inputs["casing_ids"], NUM_CLASSES))
    return parts[0] if len(parts) == 1 else tf.concat(parts, axis=-1)


def allowed_pairs(label_set: LabelSet, triples: Sequence[tuple[str, str, str]]) -> AllowedPairs:
    """The table of `PairMask` from (head type, tail type, relation type) triples."""
    seen = set(triples)
    return [
        [
            [(head, tail, relation) in seen for relation in label_set.relation_types]
            for tail in label_set.entity_types
        ]
        for head in label_set.entity_types
    ]
