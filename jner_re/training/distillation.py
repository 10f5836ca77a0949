"""Distillation: what a trained model, such as an ensemble, teaches another one (Hinton et al., 2015).

The student is trained (`fit.train`) on the mixture of the annotation and the teacher's soft targets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from jner_re.features.cache import feature_cache
from jner_re.features.dataset import Arrays, gold_arrays, known_entities, part_of, training_batch
from jner_re.features.soft_targets import SoftTargets
from jner_re.features.specs import gold_specs
from jner_re.layers.pair_mask import PairMask
from jner_re.models import ensemble
from jner_re.models.decided_sentences import DecidedSentences, structure
from jner_re.models.model_dir import TrainedModel
from jner_re.schema import LabelSet, Sentence

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
    if teacher.inputs.reading is None and any(sentence.breaks for sentence in sentences):
        raise ValueError("documents, expected single sentences for a model with a window of 1")
    corpus = teacher.inputs.corpus(sentences, feature_cache())
    label_set = teacher.vocabulary.label_set
    examples = [
        gold_arrays(part_of(example, sentences[example.sentence]), label_set) for example in corpus.examples
    ]
    run = tf.function(
        _distributions(teacher), input_signature=[{**corpus.specs, **gold_specs()}], autograph=False
    )
    targets = [_empty(sentence, label_set) for sentence in sentences]
    order = sorted(range(len(examples)), key=lambda i: corpus.examples[i].end - corpus.examples[i].start)
    for at in range(0, len(order), _BATCH_SIZE):
        batch = order[at : at + _BATCH_SIZE]
        inputs, _ = training_batch(corpus, examples, batch)
        outputs = {name: value.numpy() for name, value in run(inputs).items()}
        done = 0  # sentences of the batch
        for row, i in enumerate(batch):
            example = corpus.examples[i]
            sentence, target = sentences[example.sentence], targets[example.sentence]
            inside = known_entities(example, sentence)
            count = len(inside)
            target["relations"][np.ix_(inside, inside)] += outputs["relations"][row, :count, :count]
            bounds = (0, *sentence.breaks, len(sentence.tokens))
            first, last = (example.passage.first, example.passage.last) if example.passage else (0, 1)
            for number in range(first, last):
                begin, end = bounds[number], bounds[number + 1]
                target["tag_probabilities"][begin:end] = outputs["tag_probabilities"][done, : end - begin]
                target["transition_counts"][number] = outputs["transition_counts"][done]
                done += 1
    return dict(zip(sentences, targets, strict=True))


def _distributions(teacher: TrainedModel) -> Callable[[dict[str, tf.Tensor]], dict[str, tf.Tensor]]:
    """From features and gold annotation to soft targets of a batch, padded; of tags, those of sentences."""
    taggers = [ensemble.tagger(member, i) for i, member in enumerate(teacher.members)]
    scorers = [ensemble.scorer(member, i) for i, member in enumerate(teacher.members)]
    distance = teacher.config.relation_distance
    crf, mask = ensemble.averaged_crf(teacher.members), PairMask(None, distance)

    def run(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        features = {name: value for name, value in inputs.items() if name not in gold_specs()}
        tag_ids, spans, lengths = inputs["tag_ids"], inputs["spans"], inputs["lengths"]
        outputs = [tagger(features, training=False) for tagger in taggers]
        tag_logits = tf.add_n([output["tag_logits"] for output in outputs]) / len(outputs)
        places = structure(features)
        if places:
            tag_logits, lengths = DecidedSentences()(tag_logits, **places)
        pairs = {"tag_ids": tag_ids, "spans": spans}
        if distance:
            pairs["sentence_ids"] = features["sentence_ids"]
        relations = [
            tf.sigmoid(
                mask(scorer({**pairs, "states": output["re_states"]}, training=False), spans, **places)
            )
            for scorer, output in zip(scorers, outputs, strict=True)
        ]
        return {
            "tag_probabilities": crf.marginals(tag_logits, lengths),
            "transition_counts": crf.transition_counts(tag_logits, lengths),
            "relations": tf.add_n(relations) / len(relations),
        }

    return run


def _empty(sentence: Sentence, label_set: LabelSet) -> Arrays:
    """A target of zeros."""
    tags, entities = len(label_set.tags), len(sentence.entities)
    return {
        "tag_probabilities": np.zeros([len(sentence.tokens), tags], np.float32),
        "transition_counts": np.zeros([len(sentence.breaks) + 1, tags, tags], np.float32),
        "relations": np.zeros([entities, entities, len(label_set.relation_types)], np.float32),
    }
