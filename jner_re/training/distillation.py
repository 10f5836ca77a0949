"""Distillation: what a trained model, such as an ensemble, teaches another one (Hinton et al., 2015).

The student is trained (`fit.train`) on the mixture of the annotation and the teacher's soft targets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

from jner_re.features.cache import feature_cache
from jner_re.features.dataset import Arrays, gold_arrays, training_batch
from jner_re.features.soft_targets import SoftTargets
from jner_re.features.specs import gold_specs
from jner_re.layers.pair_mask import PairMask
from jner_re.models import ensemble
from jner_re.models.model_dir import TrainedModel
from jner_re.schema import Sentence

_BATCH_SIZE = 32


def teach(teacher: TrainedModel, sentences: Sequence[Sentence]) -> SoftTargets:
    """The soft targets of a model or an ensemble (features/soft_targets.py).

    Tag sequences have the CRF's probabilities, among well-formed sequences; an ensemble's CRF has the mean of
    its members' tag scores and transitions. Relations have the mean of the members' probabilities, for all
    pairs of gold entities with their gold tags, as in training.

    Args:
      teacher: an opened model directory.
      sentences: whose types are all the teacher's; it should not have been trained on them.
    """
    corpus = teacher.inputs.corpus(sentences, feature_cache())
    label_set = teacher.vocabulary.label_set
    gold = [gold_arrays(sentence, label_set) for sentence in sentences]
    run = tf.function(
        _distributions(teacher), input_signature=[{**corpus.specs, **gold_specs()}], autograph=False
    )
    targets = {}
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i].tokens))
    for at in range(0, len(order), _BATCH_SIZE):
        batch = order[at : at + _BATCH_SIZE]
        inputs, _ = training_batch(corpus, gold, batch)
        outputs = {name: value.numpy() for name, value in run(inputs).items()}
        for row, i in enumerate(batch):
            targets[sentences[i]] = _without_padding(outputs, row, sentences[i])
    return targets


def _distributions(teacher: TrainedModel) -> Callable[[dict[str, tf.Tensor]], dict[str, tf.Tensor]]:
    """From features and gold annotation to soft targets of a batch, padded."""
    taggers = [ensemble.tagger(member, i) for i, member in enumerate(teacher.members)]
    scorers = [ensemble.scorer(member, i) for i, member in enumerate(teacher.members)]
    crf, mask = ensemble.averaged_crf(teacher.members), PairMask()

    def run(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        features = {name: value for name, value in inputs.items() if name not in gold_specs()}
        tag_ids, spans, lengths = inputs["tag_ids"], inputs["spans"], inputs["lengths"]
        outputs = [tagger(features, training=False) for tagger in taggers]
        tag_logits = tf.add_n([output["tag_logits"] for output in outputs]) / len(outputs)
        relations = [
            tf.sigmoid(mask(scorer([output["re_states"], tag_ids, spans], training=False), spans))
            for scorer, output in zip(scorers, outputs, strict=True)
        ]
        return {
            "tag_probabilities": crf.marginals(tag_logits, lengths),
            "transition_counts": crf.transition_counts(tag_logits, lengths),
            "relations": tf.add_n(relations) / len(relations),
        }

    return run


def _without_padding(outputs: Arrays, row: int, sentence: Sentence) -> Arrays:
    """Copies of a sentence's own part."""
    length, entities = len(sentence.tokens), len(sentence.entities)
    return {
        "tag_probabilities": outputs["tag_probabilities"][row, :length].copy(),
        "transition_counts": outputs["transition_counts"][row].copy(),
        "relations": outputs["relations"][row, :entities, :entities].copy(),
    }
