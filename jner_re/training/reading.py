"""What a training reads, made before anything is written to its model directory."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from jner_re.config import ModelConfig
from jner_re.constraints import Constraints
from jner_re.corpora.checksum import corpus_checksum
from jner_re.errors import InputError
from jner_re.features import soft_targets as soft
from jner_re.features.cache import feature_cache
from jner_re.features.chars import characters
from jner_re.features.dataset import Arrays, FeaturizedCorpus
from jner_re.features.inputs import Frozen, Inputs, make_inputs
from jner_re.models.model_vocabulary import ModelVocabulary, argument_types
from jner_re.schema import LabelSet, Sentence


@dataclasses.dataclass(frozen=True)
class Read:
    """What a training reads; `reported` are the types that are scored, also those that only dev has."""

    vocabulary: ModelVocabulary
    inputs: Inputs
    corpus: FeaturizedCorpus
    dev: FeaturizedCorpus | None
    reported: LabelSet
    targets: list[Arrays] | None
    corpus_name: str
    constraints: Constraints


def read(
    config: ModelConfig,
    sentences: Sequence[Sentence],
    dev: Sequence[Sentence],
    label_set: LabelSet,
    frozen: Frozen,
    soft_targets: soft.SoftTargets | None,
    corpus_name: str,
    constraints: Constraints,
) -> Read:
    """Makes the features of both corpora, before anything is written to the model directory."""
    reported = label_set.extended_with(dev, "dev")
    if frozen.names != (config.encoder, config.glove):
        raise InputError(
            f"encoder and word vectors are {frozen.names}, expected {(config.encoder, config.glove)}"
        )
    targets = None if soft_targets is None else soft.of_sentences(soft_targets, sentences)
    vocabulary = ModelVocabulary(
        label_set.entity_types,
        label_set.relation_types,
        characters(sentences),
        argument_types(sentences),
        frozen.fingerprints,
        {
            "train": corpus_checksum(sentences),
            "dev": corpus_checksum(dev),
            **({} if targets is None else {"soft_targets": soft.checksum(targets)}),
        },
        frozen.origins(),
    )
    inputs = make_inputs(config, frozen, vocabulary.characters)
    corpus = inputs.corpus(sentences, feature_cache())
    dev_corpus = inputs.corpus(dev, feature_cache()) if dev else None
    return Read(vocabulary, inputs, corpus, dev_corpus, reported, targets, corpus_name, constraints)
