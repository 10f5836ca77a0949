"""The joint model as Keras functional models that share their layers."""

from __future__ import annotations

import dataclasses
from typing import Any

import tensorflow as tf
import tf_keras as keras

from jner_re.config import ModelConfig
from jner_re.constraints import NONE, Constraints
from jner_re.features.casing import NUM_CLASSES
from jner_re.features.specs import (
    InputSizes,
    carried_specs,
    feature_specs,
    gold_specs,
    numbered,
    soft_tag_specs,
)
from jner_re.layers.birnn_stack import BiRNNStack
from jner_re.layers.char_encoder import CharEncoder
from jner_re.layers.crf import CRF
from jner_re.layers.float32_layer import DTYPE
from jner_re.layers.pair_mask import PairMask
from jner_re.layers.pair_scorer import PairScorer
from jner_re.layers.weighted_average import WeightedAverage
from jner_re.models import numpy_behaviour
from jner_re.models.decided_sentences import AllSentences, BackIntoPassages, structure
from jner_re.models.declared import AllowedPairs, Declared
from jner_re.models.decoded import decoded
from jner_re.models.fine_tuned_encoder import FineTunedEncoder
from jner_re.models.relation_loss import relation_loss
from jner_re.models.tag_loss import cross_entropy, negative_log_likelihood
from jner_re.schema import LabelSet

PASSAGE_STATES = "re_states"  # of passages, the layer with RE's states; else it is "re_birnns"


class TrainingModel(keras.Model):
    """A functional model from features and gold annotation to what the loss needs.

    Its outputs are `ner`, the negative log-likelihood of each sentence's tags, or the cross-entropy with soft
    ones, [B], and `re`, the logits of all pairs of gold entities [B, M, M, R]; the target is which of these
    are relations, or how probably, [B, M, M, R].
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As every functional model: inputs and outputs."""
        super().__init__(*args, **kwargs)
        self._losses_seen = [keras.metrics.Mean(name) for name in ("loss", "ner_loss", "re_loss")]

    def compile(
        self, optimizer: keras.optimizers.Optimizer, relation_weight: float, relation_loss: str = "sum"
    ) -> None:
        """Sets the optimization.

        Args:
          optimizer: see `optimizers.make`.
          relation_weight: lambda_r.
          relation_loss: reduction of the relation loss, see `relation_loss.relation_loss`.
        """
        super().compile(optimizer)
        self.optimizer = optimizer  # which Keras wraps where the process's policy is mixed_float16
        self._relation_weight, self._relation_loss = relation_weight, relation_loss

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None
    ) -> tf.Tensor:
        """The mean over sentences of L = L_NER + lambda_r L_RE (paper, section 3.4)."""
        ner, re = y_pred["ner"], relation_loss(y, y_pred["re"], self._relation_loss)
        total = ner + self._relation_weight * re
        for metric, values in zip(self._losses_seen, (total, ner, re), strict=True):
            metric.update_state(values)
        return tf.reduce_mean(total)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> dict[str, tf.Tensor]:
        """The means, over the sentences of an epoch so far, of the loss and its two parts."""
        return {metric.name: metric.result() for metric in self._losses_seen}

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """Those that Keras resets at the start of an epoch."""
        return self._losses_seen

    # Nothing here branches on tensors in Python: AutoGraph would only take seconds.
    @tf.autograph.experimental.do_not_convert
    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """One step of `fit`."""
        return super().train_step(data)

    @tf.autograph.experimental.do_not_convert
    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        """One step of validation."""
        return super().test_step(data)


@dataclasses.dataclass(frozen=True)
class JointModel:
    """Two views of the same layers.

    Attributes:
      training: from features and gold annotation to the parts of the loss.
      inference: from features to `tag_ids` [B, T], `spans` [B, M, 2], `entity_types` [B, M],
        `entity_scores` [B, M] and `relation_scores` [B, M, M, R], all from predicted tags; of passages, which
        hold entities that the ones before have decided, also `margin_entities` [B], how many these are,
        `carried_tags` and `carried_scores`, inputs for the passages that follow.
    """

    training: TrainingModel
    inference: keras.Model


@tf.autograph.experimental.do_not_convert
def build(
    config: ModelConfig,
    sizes: InputSizes,
    label_set: LabelSet,
    allowed: AllowedPairs | None = None,
    jit_compile: bool = False,
    soft: bool = False,
    encoder: FineTunedEncoder | None = None,
    constraints: Constraints = NONE,
) -> JointModel:
    """Builds the model of the paper's section 3, or with its extensions, as `config` says.

    Args:
      config: the architecture.
      sizes: sizes of the inputs.
      label_set: entity and relation types.
      allowed: bool [E, E, R]; the argument types seen together in training, if `config.typed_pairs`.
      jit_compile: whether XLA compiles the loops of GRUs when training.
      soft: whether the tags to be learned are distributions (features/soft_targets.py), which the training
        model then reads beside the gold annotation.
      encoder: reads subwords, if `sizes.subwords`.
      constraints: what inference respects besides, of types of `label_set`; but for its numbers of relations
        (best_relations.py), which concern whole documents.

    Raises:
      InputError: TensorFlow's NumPy behaviour is on.
    """
    numpy_behaviour.refuse()
    if sizes.subwords != (encoder is not None):
        raise ValueError(
            f"sizes.subwords is {sizes.subwords}, expected an encoder with subwords, and only then"
        )
    num_tags, num_relations = len(label_set.tags), len(label_set.relation_types)
    rnn = (config.rnn_cell, config.rnn_dropout, jit_compile)

    # Inputs
    features = keras_inputs(feature_specs(sizes))
    gold = keras_inputs({**gold_specs(), **(soft_tag_specs(num_tags) if soft else {})})

    # Layers
    shared_birnns = BiRNNStack(config.rnn_size, config.shared_layers, *rnn, name="shared_birnns")
    ner_birnns = BiRNNStack(config.rnn_size, config.ner_layers, *rnn, name="ner_birnns")
    re_birnns = BiRNNStack(config.rnn_size, config.re_layers, *rnn, name="re_birnns")
    ner_hidden = keras.layers.Dense(
        config.ner_hidden_size, config.ner_activation, dtype=DTYPE, name="ner_hidden"
    )
    ner_scores = keras.layers.Dense(num_tags, dtype=DTYPE, name="ner_scores")
    crf = CRF(num_tags, config.constrained_decoding, config.constrained_crf, name="crf")
    pair_scorer = PairScorer(
        num_tags,
        num_relations,
        config.label_embedding_size,
        config.re_hidden_size,
        config.re_activation,
        config.re_dropout,
        config.pair_context_size,
        config.pair_context_dropout,
        config.relation_distance,
        name="pair_scorer",
    )
    # Only inference leaves types out: to learn what no pair of these types can be helps (docs/results.md).
    pair_mask = PairMask(None, config.relation_distance, name="re")
    declared = Declared(label_set, constraints)
    pairs = declared.allowed(allowed if config.typed_pairs else None)
    typed_pair_mask = PairMask(pairs, config.relation_distance, name="typed_pair_mask")

    # Model
    tokens = _token_representations(config, sizes, features, encoder, jit_compile)
    by_sentence = _Reader(features, across=False)
    ner_reader = _Reader(features, across=config.window_states == "both")
    re_reader = _Reader(features, across=config.window_states != "none")
    states = by_sentence(shared_birnns, tokens)
    tag_logits = ner_scores(ner_hidden(ner_reader(ner_birnns, states)))
    re_states = re_reader(re_birnns, states)
    if sizes.passages:
        re_states = keras.layers.Activation("linear", dtype=DTYPE, name=PASSAGE_STATES)(re_states)

    sentence_ids = features.get("sentence_ids")
    gold_logits = pair_scorer(re_states, gold["tag_ids"], gold["spans"], sentence_ids=sentence_ids)
    if soft:
        tag_loss = cross_entropy(crf, tag_logits, gold, features)
    else:
        tag_loss = negative_log_likelihood(crf, tag_logits, gold["tag_ids"], features)
    gold_relations = pair_mask(gold_logits, gold["spans"], **structure(features))
    training_outputs = {"ner": tag_loss, "re": gold_relations}

    def relation_logits(tag_ids: tf.Tensor, spans: tf.Tensor, types: tf.Tensor) -> list[tf.Tensor]:
        logits = pair_scorer(re_states, tag_ids, spans, sentence_ids=sentence_ids)
        return [typed_pair_mask(logits, spans, types, **structure(features))]

    all_features = {**features, **keras_inputs(carried_specs(sizes))}
    inference_outputs = decoded(
        crf,
        tag_logits,
        all_features,
        relation_logits,
        config.entity_weighted,
        declared.joined,
    )
    return JointModel(
        TrainingModel({**features, **gold}, training_outputs, name="training"),
        keras.Model(all_features, inference_outputs, name="inference"),
    )


def keras_inputs(specs: dict[str, tf.TensorSpec]) -> dict[str, tf.Tensor]:
    """Inputs of a functional model."""
    return {name: keras.Input(spec.shape[1:], dtype=spec.dtype, name=name) for name, spec in specs.items()}


class _Reader:
    """Gives a BiRNN stack what it reads: passages, or their sentences, each of which it begins anew.

    Args:
      features: of the model.
      across: whether it goes on over the ends of sentences.
    """

    def __init__(self, features: dict[str, tf.Tensor], across: bool) -> None:
        self._lengths = features["lengths"]
        self._sentence_ids = None if across else features.get("sentence_ids")

    def __call__(self, layer: keras.layers.Layer, values: tf.Tensor) -> tf.Tensor:
        """[B, T, D] -> the states [B, T, D]."""
        if self._sentence_ids is None:
            return layer(values, self._lengths)
        sentences, lengths = AllSentences()(values, self._sentence_ids)
        return BackIntoPassages()(layer(sentences, lengths), lengths, self._sentence_ids)


def _token_representations(
    config: ModelConfig,
    sizes: InputSizes,
    features: dict[str, tf.Tensor],
    encoder: FineTunedEncoder | None,
    jit_compile: bool,
) -> tf.Tensor:
    """v = encoder ∘ GloVe ∘ characters ∘ casing (paper, equation 1): [B, T, D].

    Of several encoders, each has a layer average of its own.
    """
    layers = [features[numbered("encoder_layers", i)] for i in range(len(sizes.encoders))]
    if encoder is not None:
        layers = [encoder(features["subword_ids"], features["lengths"])]
    parts: list[tf.Tensor] = [
        WeightedAverage(name=numbered("layer_average", i))(each) for i, each in enumerate(layers)
    ]
    if "word_vectors" in features:
        parts.append(features["word_vectors"])
    if "char_ids" in features:
        char_encoder = CharEncoder(
            sizes.num_chars,
            config.char_embedding_size,
            config.char_rnn_size,
            config.rnn_cell,
            jit_compile,
            name="char_encoder",
        )
        parts.append(char_encoder(features["char_ids"]))
    if "casing_ids" in features:
        parts.append(tf.one_hot(features["casing_ids"], NUM_CLASSES))
    return parts[0] if len(parts) == 1 else tf.concat(parts, axis=-1)
