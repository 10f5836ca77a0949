"""Several trained models as one: they read the same features, so that the encoder runs once.

Tag scores and transitions are averaged before Viterbi, which averages the scores of whole tag sequences; the
members' relation probabilities are averaged over the spans that this gives.
"""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf
import tf_keras as keras

from jner_re.config import ModelConfig
from jner_re.features.specs import InputSizes, carried_specs, feature_specs
from jner_re.layers.crf import CRF
from jner_re.layers.pair_mask import PairMask
from jner_re.models import joint
from jner_re.models.decided_sentences import structure
from jner_re.models.declared import NOTHING, AllowedPairs, Declared
from jner_re.models.decoded import decoded
from jner_re.models.joint import JointModel


@tf.autograph.experimental.do_not_convert
def build(
    config: ModelConfig,
    sizes: InputSizes,
    allowed: AllowedPairs | None,
    members: Sequence[JointModel],
    declared: Declared = NOTHING,
) -> keras.Model:
    """The ensemble of models that have their weights already.

    Args:
      config: of all members.
      sizes: of their inputs.
      allowed: as of `joint.build`.
      members: built by `joint.build`; the ensemble shares their weights but for the CRF's, which it averages.
      declared: as the constraints of `joint.build`; the members' own don't count.

    Returns:
      A model with the inputs and outputs of `JointModel.inference`.
    """
    features = joint.keras_inputs({**feature_specs(sizes), **carried_specs(sizes)})
    read = {name: features[name] for name in feature_specs(sizes)}
    outputs = [tagger(member, i)(read) for i, member in enumerate(members)]
    pair_scorers = [scorer(member, i) for i, member in enumerate(members)]
    pairs_of_types = declared.allowed(allowed if config.typed_pairs else None)
    mask = PairMask(pairs_of_types, config.relation_distance, name="typed_pair_mask")
    places = structure(features)
    distances = {"sentence_ids": features["sentence_ids"]} if config.relation_distance else {}

    def relation_logits(tag_ids: tf.Tensor, spans: tf.Tensor, types: tf.Tensor) -> list[tf.Tensor]:
        pairs = {"tag_ids": tag_ids, "spans": spans, **distances}
        return [
            mask(score({**pairs, "states": output["re_states"]}), spans, types, **places)
            for score, output in zip(pair_scorers, outputs, strict=True)
        ]

    tag_logits = tf.add_n([output["tag_logits"] for output in outputs]) / len(outputs)
    crf, weighted = averaged_crf(members), config.entity_weighted
    found = decoded(crf, tag_logits, features, relation_logits, weighted, declared.joined)
    return keras.Model(features, found, name="ensemble")


def tagger(member: JointModel, number: int) -> keras.Model:
    """From features to `tag_logits` [B, T, K] and `re_states` [B, T, D]."""
    outputs = {
        "tag_logits": member.inference.get_layer("ner_scores").output,
        "re_states": _re_states(member),
    }
    inputs = {name: x for name, x in member.inference.input.items() if name in member.training.input}
    return keras.Model(inputs, outputs, name=f"member_{number}")


def scorer(member: JointModel, number: int) -> keras.Model:
    """From `states` [B, T, D], of RE, `tag_ids` [B, T] and `spans` [B, M, 2] to the logits of all pairs.

    If these depend on their distance, `sentence_ids` [B, T] is an input, too. The output is [B, M, M, R].
    """
    layer = member.inference.get_layer("pair_scorer")
    inputs = {
        "states": keras.Input(_re_states(member).shape[1:]),
        "tag_ids": keras.Input([None], dtype=tf.int32),
        "spans": keras.Input([None, 2], dtype=tf.int32),
    }
    if layer.max_distance:
        inputs["sentence_ids"] = keras.Input([None], dtype=tf.int32)
    return keras.Model(inputs, layer(**inputs), name=f"member_{number}_pairs")


def _re_states(member: JointModel) -> tf.Tensor:
    """The states of RE's BiRNNs, [B, T, D]."""
    names = {layer.name for layer in member.inference.layers}
    name = joint.PASSAGE_STATES if joint.PASSAGE_STATES in names else "re_birnns"
    return member.inference.get_layer(name).output


def averaged_crf(members: Sequence[JointModel]) -> CRF:
    """A CRF with the mean of the members' weights."""
    crfs = [member.inference.get_layer("crf") for member in members]
    averaged = CRF(crfs[0].num_tags, crfs[0].constrained, name="crf")
    weights = zip(*(crf.get_weights() for crf in crfs), strict=True)
    averaged.set_weights([sum(values) / len(crfs) for values in weights])
    return averaged
